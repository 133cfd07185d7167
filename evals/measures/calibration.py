"""Expected calibration error: how far stated confidence is from the share that is right.

Answered questions fall into ten equal bins by confidence, [0, 0.1), ..., [0.9, 1].
ECE = sum over bins of (size / n) * |share correct - mean confidence|; lower is better.
Empty bins add nothing; None without an answered question. Abstentions are left out: there is no
answer to judge. Source: Naeini et al. (AAAI 2015); Guo et al. (ICML 2017).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evals.measures.risk_coverage import Judged

BINS = 10


@dataclass(frozen=True)
class Bin:
    """One bin that is not empty."""

    confidence: float
    """Mean stated confidence."""
    correct: float
    """Share that is correct."""
    size: int


def calibration_bins(answered: Sequence[Judged]) -> list[Bin]:
    """The bins that hold answers, by rising confidence."""
    members: list[list[Judged]] = [[] for _ in range(BINS)]
    for judged in answered:
        members[min(int(judged[0] * BINS), BINS - 1)].append(judged)
    return [
        Bin(
            confidence=sum(confidence for confidence, _ in each) / len(each),
            correct=sum(is_correct for _, is_correct in each) / len(each),
            size=len(each),
        )
        for each in members
        if each
    ]


def expected_calibration_error(answered: Sequence[Judged]) -> float | None:
    """Weighted mean gap between confidence and correctness."""
    if not answered:
        return None
    bins = calibration_bins(answered)
    return sum(each.size * abs(each.correct - each.confidence) for each in bins) / len(answered)
