"""Correct response: the right thing done, whether that is to answer or to decline.

Unanswerable question: 1 if declined. Answerable question: grounded accuracy; without gold
passages accuracy; without facts whether evidence is cited. None when nothing can tell.
It orders the risk-coverage curve and the calibration bins, and names the failures of a report.
"""

from __future__ import annotations

from evals.measures.accuracy import accuracy
from evals.measures.case import Case
from evals.measures.evidence import evidence_cited
from evals.measures.grounded import grounded
from rag.types import Answer


def correct(case: Case, answer: Answer) -> float | None:
    """1.0 for the right response, 0.0 for a wrong one."""
    if not case.question.answerable:
        return float(answer.abstained)
    values = (measure(case, answer) for measure in (grounded, accuracy, evidence_cited))
    return next((value for value in values if value is not None), None)
