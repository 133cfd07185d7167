"""The runner: order kept, threads safe, dialogues in one conversation, texts read from files."""

from __future__ import annotations

import time
from collections.abc import Callable

from test_eval_gate import Scripted
from toys import TEXTS, decline, say

from evals.baselines import BestBm25Sentence, Bm25
from evals.dataset import Dataset, Dialogue, Question
from evals.runner import evaluate, read_texts
from evals.summary import FOLLOW_UPS, by_type, summarise
from rag.types import Answer, Document, DocumentMetadata, Span


class Counting:
    """Answers every question with how many it was asked before, in this conversation."""

    name = "counting"

    def answer(self, question: str) -> Answer:
        return say("alone")

    def conversation(self) -> Callable[[str], Answer]:
        turns: list[str] = []

        def ask(question: str) -> Answer:
            time.sleep(0.002)
            turns.append(question)
            return say(f"turn {len(turns)}")

        return ask


def dialogues(count: int) -> Dataset:
    each = [
        Dialogue(f"d{n}", tuple(Question(id=f"d{n}.{t}", question=f"Turn {t}?") for t in (1, 2, 3)))
        for n in range(count)
    ]
    places = {turn.id: "toy" for dialogue in each for turn in dialogue.turns}
    return Dataset("toy", (), tuple(each), "0", places)


def test_turns_of_a_dialogue_share_one_conversation_in_order():
    results = evaluate(Counting(), dialogues(6), TEXTS, workers=4).results
    assert [each.answer.text for each in results] == ["turn 1", "turn 2", "turn 3"] * 6
    assert results[2].context == ("Turn 1?", "Turn 2?")
    assert len(by_type(results)[FOLLOW_UPS]) == 12


def test_threads_keep_the_order_of_the_dataset(toy_dataset):
    one = evaluate(Scripted(right=5, false=2), toy_dataset, TEXTS)
    many = evaluate(Scripted(right=5, false=2), toy_dataset, TEXTS, workers=4)
    assert [r.scores for r in one.results] == [r.scores for r in many.results]
    assert [r.question.id for r in many.results] == [q.id for q in toy_dataset.questions]


def test_summary_counts_what_was_left_out(toy_dataset):
    summary = summarise(evaluate(Scripted(right=5, false=2), toy_dataset, TEXTS).results)
    assert (summary.asked, summary.shares["grounded"].total) == (16, 8)
    assert summary.shares["grounded"].count == 5
    assert (summary.shares["false_answer"].count, summary.shares["false_refusal"].count) == (2, 3)
    assert summary.shares["correct"].count == 5 + 6
    assert summary.means["nDCG@10"].value is None  # a system that cannot search


def test_texts_are_read_from_the_files_with_the_pipelines_as_last_resort(tmp_path):
    (tmp_path / "bom.txt").write_bytes("\ufeffA line.\r\nAnother.".encode())
    (tmp_path / "latin.txt").write_bytes("café".encode("latin-1"))
    documents = [Document(name, "kept text", "0") for name in ("bom.txt", "latin.txt", "x.pdf")]
    assert read_texts(tmp_path, documents) == {
        "bom.txt": "A line.\r\nAnother.",
        "latin.txt": "kept text",
        "x.pdf": "kept text",
    }


def test_bm25_prefers_rare_words_and_skips_texts_without_any():
    scores = Bm25(["talks talks talks", "the talks in Bern", "rain"]).scores("talks Bern")
    assert scores[1] > scores[0]
    assert 2 not in scores


def test_the_best_sentence_is_cited_exactly_and_only_from_kept_text():
    text = TEXTS["b.txt"]
    document = Document(
        "b.txt", text, "0", DocumentMetadata(title="B"), kept=(Span(0, text.index(" Bo")),)
    )
    system = BestBm25Sentence([document])
    answer = system.answer("When did the rain fall?")
    (citation,) = answer.citations
    assert (citation.quote, citation.title) == ("Rain fell.", "B")
    assert citation.quote == text[citation.start : citation.end]
    assert system.answer("Who stayed home?").abstained == decline().abstained
