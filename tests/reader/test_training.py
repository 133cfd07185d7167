"""The parts of the training code that need no torch: measures, windows, edits and splits."""

from __future__ import annotations

import random

import pytest
from tokenizers import Tokenizer

from rag.reader.shipped import TOKENIZER_PATH
from training.bm25 import Bm25
from training.edits import edit_question, make_lexicon
from training.metrics import Judged, auroc, best_threshold, exact_match, summarise, token_f1
from training.splits import load_splits
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
