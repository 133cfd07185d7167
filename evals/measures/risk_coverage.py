"""Risk-coverage curve and the area under it (AURC): does confidence put right answers first?

Answered questions are ordered by confidence, highest first. At coverage k/n (n: all questions,
answerable or not) the risk is the share of wrong responses among the first k. The curve ends at
the share answered: an abstention is never covered, there is no answer to judge.
AURC = mean of the risks along the curve; lower is better. Questions of equal confidence are taken
together, each at the risk of the whole tie, so their order does not matter.
None without an answered question. Source: El-Yaniv and Wiener (JMLR 2010); Geifman et al. (2019).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

Judged = tuple[float, bool]
"""Confidence and whether the response is correct, of one answered question."""


def risk_coverage(answered: Sequence[Judged], asked: int) -> list[tuple[float, float]]:
    """Points (coverage, risk), one per answered question, by falling confidence."""
    points: list[tuple[float, float]] = []
    wrong = covered = 0
    ordered = sorted(answered, key=lambda judged: -judged[0])
    for _, group in groupby(ordered, key=lambda judged: judged[0]):
        tied = list(group)
        wrong += sum(not is_correct for _, is_correct in tied)
        start, covered = covered, covered + len(tied)
        points.extend((k / asked, wrong / covered) for k in range(start + 1, covered + 1))
    return points


def aurc(answered: Sequence[Judged]) -> float | None:
    """Area under the risk-coverage curve."""
    risks = [risk for _, risk in risk_coverage(answered, max(1, len(answered)))]
    return sum(risks) / len(risks) if risks else None
