"""Abstention: answers given where there is none, and answers declined where there is one.

False answer: 1 if an unanswerable question was answered, else 0; None for answerable ones.
False refusal: 1 if an answerable question was declined, else 0; None for unanswerable ones.
Both are faults: lower is better. Source: the HasAns/NoAns split of SQuAD 2.0 (Rajpurkar, 2018).
"""

from __future__ import annotations

from evals.measures.case import Case
from rag.types import Answer


def false_answer(case: Case, answer: Answer) -> float | None:
    """1.0 when an unanswerable question was answered."""
    return None if case.question.answerable else float(not answer.abstained)


def false_refusal(case: Case, answer: Answer) -> float | None:
    """1.0 when an answerable question was declined."""
    return float(answer.abstained) if case.question.answerable else None
