"""The gate on recorded outcomes: an equal system never trips it, a crippled one does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from toys import TEXTS, cite, decline, say

from evals.dataset import Dataset
from evals.gate import judge, make_baseline, read_baseline, write_baseline
from evals.results import Evaluation
from evals.runner import evaluate
from rag.errors import DatasetError
from rag.types import Answer

RIGHT = say("Ada led. [1]", cite("a.txt", "Ada led the talks in Bern."), confidence=0.9)


class Scripted:
    """A system that answers by question number: the first `right` rightly, the first `false`
    unanswerable ones wrongly."""

    name = "scripted"

    def __init__(self, *, right: int = 8, false: int = 0) -> None:
        self._right, self._false = right, false

    def answer(self, question: str) -> Answer:
        kind, number = question.rstrip("?").split()
        is_answered = int(number) <= (self._right if kind == "Question" else self._false)
        return RIGHT if is_answered else decline()

    def conversation(self) -> Callable[[str], Answer]:
        return self.answer


class Shifted(Scripted):
    """Offsets shifted by one character, quotes left as they were."""

    def answer(self, question: str) -> Answer:
        answer = super().answer(question)
        moved = tuple(replace(c, start=c.start + 1, end=c.end + 1) for c in answer.citations)
        return replace(answer, citations=moved)


class Broken(Scripted):
    """Fails on one question."""

    def answer(self, question: str) -> Answer:
        if question == "Nothing 3?":
            raise RuntimeError("lost its index")
        return super().answer(question)


def run(system: Scripted, dataset: Dataset) -> Evaluation:
    return evaluate(system, dataset, TEXTS, fingerprint="f1")


@pytest.fixture
def baseline(toy_dataset: Dataset, tmp_path):
    path = tmp_path / "baseline.json"
    write_baseline(make_baseline(run(Scripted(), toy_dataset), toy_dataset), path)
    return read_baseline(path)


def test_an_equal_system_never_trips_the_gate(toy_dataset, baseline):
    verdict = judge(run(Scripted(), toy_dataset), baseline)
    assert verdict.is_open
    assert (verdict.flips, verdict.compared, verdict.left_out) == ((), 16, 0)
    assert verdict.grounded.p_value == verdict.declining.p_value == 1


def test_a_drop_within_chance_stays_open_and_lists_its_flips(toy_dataset, baseline):
    verdict = judge(run(Scripted(right=3), toy_dataset), baseline)  # 5 lost: p = 0.0625
    assert verdict.is_open
    assert [flip.id for flip in verdict.flips] == ["q4", "q5", "q6", "q7", "q8"]
    assert all(flip.is_loss and flip.measure == "grounded" for flip in verdict.flips)


def test_a_significant_drop_closes_the_gate(toy_dataset, baseline):
    verdict = judge(run(Scripted(right=2), toy_dataset), baseline)  # 6 lost: p = 0.03125
    assert not verdict.is_open
    assert "grounded accuracy fell: 6 questions lost" in verdict.reasons[0]


def test_a_significant_rise_in_false_answers_closes_the_gate(toy_dataset, baseline):
    assert judge(run(Scripted(false=5), toy_dataset), baseline).is_open
    verdict = judge(run(Scripted(false=6), toy_dataset), baseline)
    assert [reason[:17] for reason in verdict.reasons] == ["false answers ros"]


def test_a_gain_lists_its_flips_and_stays_open(toy_dataset):
    before = make_baseline(run(Scripted(right=0), toy_dataset), toy_dataset)
    verdict = judge(run(Scripted(), toy_dataset), before)
    assert verdict.is_open
    assert [flip.is_loss for flip in verdict.flips] == [False] * 8


def test_one_inexact_quote_closes_the_gate(toy_dataset, baseline):
    verdict = judge(run(Shifted(right=1), toy_dataset), baseline)
    assert any("inexact quotes in 1 answers: q1" in reason for reason in verdict.reasons)


def test_one_failure_closes_the_gate_and_is_no_wise_abstention(toy_dataset, baseline):
    evaluation = run(Broken(), toy_dataset)
    failed = next(each for each in evaluation.results if each.error)
    assert (failed.question.id, failed.error) == ("u3", "RuntimeError: lost its index")
    assert failed.scores["correct"] == 0
    assert judge(evaluation, baseline).reasons == ("the system failed on 1 questions: u3",)


def test_changed_new_and_gone_questions_are_left_out_and_counted(toy_dataset, baseline):
    del baseline["questions"]["q1"]
    baseline["questions"]["q2"]["digest"] = "another"
    baseline["questions"]["gone"] = {"digest": "x", "grounded": 1.0, "false_answer": None}
    verdict = judge(run(Scripted(right=0), toy_dataset), baseline)
    assert (verdict.compared, verdict.left_out, verdict.grounded.lost) == (14, 3, 6)


def test_a_baseline_of_another_dataset_is_refused(toy_dataset, baseline):
    baseline["questions"] = {"x": {"digest": "y"}}
    with pytest.raises(DatasetError, match="shares no question"):
        judge(run(Scripted(), toy_dataset), baseline)


@pytest.mark.parametrize("text", [None, "{", "[]", '{"questions": 3}'])
def test_a_missing_or_spoilt_baseline_names_the_remedy(tmp_path, text):
    path = tmp_path / "baseline.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(DatasetError, match="rag eval accept"):
        read_baseline(path)


def test_a_baseline_keeps_one_question_to_a_line(toy_dataset, tmp_path):
    path = tmp_path / "baseline.json"
    write_baseline(make_baseline(run(Scripted(), toy_dataset), toy_dataset), path)
    lines = [line for line in path.read_text().splitlines() if "digest" in line]
    assert len(lines) == 16
