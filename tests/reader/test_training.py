"""The parts of the training code that need no torch: measures, windows, edits and splits."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from tokenizers import Tokenizer

from rag.reader.shipped import TOKENIZER_PATH
from training.bm25 import Bm25
from training.edits import edit_question, make_lexicon
from training.metrics import Judged, auroc, best_threshold, exact_match, summarise, token_f1
from training.neighbours import find_neighbours, near_copies
from training.sources import NEAR_MISSES_FILE, Pair, read_near_misses
from training.splits import NEAR_MISSES_DEV_STEP, NEAR_MISSES_SPLIT, load_splits
from training.windows import Paragraph, token_span, tokenize_paragraphs, window_around, window_text

TEXT = "Ada met Charles Babbage in London. They built an engine in 1837. It was never finished."


@pytest.fixture(scope="module")
def paragraph() -> Paragraph:
    tokenizer = Tokenizer.from_file(str(TOKENIZER_PATH))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenize_paragraphs(tokenizer, [TEXT])[0]


def test_exact_match_ignores_case_articles_and_punctuation() -> None:
    assert exact_match("The Eiffel Tower.", ["eiffel tower"]) == 1.0
    assert exact_match("Eiffel", ["eiffel tower"]) == 0.0


def test_token_f1_takes_the_best_gold() -> None:
    # one of two predicted words right, one of one gold word found: 2 * 1 / (2 + 1)
    assert token_f1("in 1889", ["March of 1889", "1889"]) == pytest.approx(2 / 3)


def test_without_golds_only_silence_is_right() -> None:
    assert token_f1("", []) == 1.0
    assert token_f1("Paris", []) == 0.0


def test_auroc_counts_ties_half() -> None:
    # pairs: 2 > 1, 2 > 2 (tie), 3 > 1, 3 > 2 -> 3.5 of 4
    assert auroc([2.0, 3.0], [1.0, 2.0]) == pytest.approx(3.5 / 4)


def test_best_threshold_keeps_right_answers_and_drops_false_ones() -> None:
    judged = [
        Judged("yes", 3.0, ("yes",)),
        Judged("made up", 1.0, ()),
        Judged("yes", 2.0, ("yes",)),
    ]
    assert best_threshold(judged) == 2.0
    assert summarise(judged, 2.0)["whole_f1"] == 100.0


def test_window_around_holds_the_span_in_whole_sentences(paragraph: Paragraph) -> None:
    span = token_span(paragraph, TEXT.index("1837"), TEXT.index("1837") + 4)
    assert span is not None
    window = window_around(paragraph, span, random.Random(0), target_tokens=1)
    assert window_text(paragraph, window) == "They built an engine in 1837."


def test_token_span_covers_exactly_the_characters(paragraph: Paragraph) -> None:
    start = TEXT.index("Charles Babbage")
    span = token_span(paragraph, start, start + len("Charles Babbage"))
    assert span is not None
    assert window_text(paragraph, span) == "Charles Babbage"


def test_edit_question_changes_the_question() -> None:
    lexicon = make_lexicon([TEXT, "He saw Grace Hopper near the harbour."])
    question = "In which year did Ada meet Charles Babbage in 1837?"
    edited = {edit_question(question, TEXT, lexicon, random.Random(seed)) for seed in range(20)}
    changed = edited - {None}
    assert changed
    assert question not in changed


def test_edit_question_gives_none_when_nothing_applies() -> None:
    lexicon = make_lexicon([])
    assert edit_question("Why?", TEXT, lexicon, random.Random(0)) is None


def test_bm25_ranks_the_matching_text_first() -> None:
    index = Bm25(["a red apple", "green pears and plums", "the sea", "a hill", "grey stones"])
    assert index.best("which plums are green", 3) == [1]


def test_splits_keep_squad2_articles_apart() -> None:
    squad2 = load_splits()["squad2"]
    titles = [title for part in ("train", "calibration", "test") for title in squad2[part]]
    assert [len(squad2[part]) for part in ("train", "calibration", "test")] == [6, 2, 4]
    assert len(set(titles)) == 12


def _pair(doc_id: str, question: str, context: str, answer: str) -> Pair:
    start = context.index(answer)
    spans = ((start, start + len(answer)),)
    return Pair(doc_id, "new_wiki", "Fruit", doc_id, question, context, (answer,), spans)


def test_neighbours_are_other_paragraphs_without_the_answer() -> None:
    tokenizer = Tokenizer.from_file(str(TOKENIZER_PATH))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    pairs = [
        _pair("a", "When was the cider press sold?", "The cider press was sold in 1901.", "1901"),
        _pair("b", "Who got it?", "The cider press was sold to Ann in 1903.", "Ann"),
        _pair("c", "Who bought it?", "A cider press was sold again in 1901, to Ben.", "Ben"),
        *(_pair(f"d{n}", "What is it?", f"Pear {n} is green.", "green") for n in range(8)),
    ]
    texts = [pair.context for pair in pairs]
    ids = [pair.doc_id for pair in pairs]
    paragraphs = dict(zip(ids, tokenize_paragraphs(tokenizer, texts), strict=True))
    units, found = find_neighbours(pairs, paragraphs)
    # c holds 1901 as well; the rest share no rare word with the question
    assert [units[number].doc_id for number in found[0]] == ["b"]


def test_near_copies_share_most_words() -> None:
    assert near_copies("Ann sold the press in 1901.", "In 1901 Ann sold the old press.")
    assert not near_copies("Ann sold the press in 1901.", "Plums and pears are green.")


def test_near_misses_fit_the_paragraphs_they_name(tmp_path: Path) -> None:
    (tmp_path / "load.py").write_text(
        """def squadshifts(name):
    meta = {"title": "Engines", "starts": [0], "spans": ["Ada"]}
    yield {"id": "1", "doc_id": ["w-0"], "question": "Who?", "answers": ["Ada"],
           "context": "Ada met Charles Babbage.", "meta": meta}
""",
        encoding="utf-8",
    )
    rows = [
        {
            "doc_id": "w-0",
            "question": "Whom did she meet?",
            "answer": "Charles Babbage",
            "near": "",
        },
        {"doc_id": "w-0", "question": "Who met Ada's mother?", "answer": "", "near": "Charles"},
    ]
    file = tmp_path / "near.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    met, mother = read_near_misses(tmp_path, file)
    assert (met.spans, met.near) == (((8, 23),), ())
    assert (mother.answers, mother.spans, mother.near) == ((), (), ((8, 15),))


def test_the_near_misses_of_the_dev_slice_are_every_eighth_paragraph() -> None:
    rows = [json.loads(line) for line in NEAR_MISSES_FILE.read_text(encoding="utf-8").splitlines()]
    asked = sorted({row["doc_id"] for row in rows[:NEAR_MISSES_SPLIT]})
    later = {row["doc_id"] for row in rows[NEAR_MISSES_SPLIT:]}
    assert load_splits()["dev_doc_ids"]["near_misses"] == asked[::NEAR_MISSES_DEV_STEP]
    assert not later.intersection(asked[::NEAR_MISSES_DEV_STEP])
    assert not any(row["answer"] and row["near"] for row in rows)
