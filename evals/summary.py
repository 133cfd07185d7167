"""From results to the figures of a report: shares and means with intervals, per group.

A measure that could not be computed for a question is left out there, and the number left out is
the difference between `asked` and the total of the measure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evals.measures import MEANS, RANKING, SHARES
from evals.measures.calibration import Bin, calibration_bins, expected_calibration_error
from evals.measures.latency import percentile
from evals.measures.risk_coverage import Judged, aurc, risk_coverage
from evals.results import Result
from evals.stats import Mean, Share, mean, share

FOLLOW_UPS = "(follow-up turns)"


@dataclass(frozen=True)
class Summary:
    """The figures of a group of results."""

    asked: int
    errors: int
    shares: dict[str, Share]
    means: dict[str, Mean]
    inexact_quotes: int
    aurc: float | None
    calibration_error: float | None
    p50_seconds: float | None
    p95_seconds: float | None


@dataclass(frozen=True)
class Curves:
    """What the plots of a report draw."""

    risk_coverage: list[tuple[float, float]]
    bins: list[Bin]
    seconds: list[float]


def summarise(results: Sequence[Result]) -> Summary:
    """The figures of `results`."""
    judged = _judged(results)
    seconds = [each.seconds for each in results]
    return Summary(
        asked=len(results),
        errors=sum(bool(each.error) for each in results),
        shares={name: share(_values(results, name)) for name in SHARES},
        means={name: mean(_values(results, name)) for name in (*MEANS, *RANKING)},
        inexact_quotes=int(sum(_values(results, "inexact_quotes"))),
        aurc=aurc(judged),
        calibration_error=expected_calibration_error(judged),
        p50_seconds=percentile(seconds, 50),
        p95_seconds=percentile(seconds, 95),
    )


def curves(results: Sequence[Result]) -> Curves:
    """The curves of `results`."""
    judged = _judged(results)
    return Curves(
        risk_coverage=risk_coverage(judged, max(1, len(results))),
        bins=calibration_bins(judged),
        seconds=[each.seconds for each in results],
    )


def by_type(results: Sequence[Result]) -> dict[str, list[Result]]:
    """Type -> its results, in order of first appearance; follow-up turns also as a group."""
    groups: dict[str, list[Result]] = {}
    for each in results:
        groups.setdefault(each.question.type, []).append(each)
    follow_ups = [each for each in results if each.context]
    return groups | ({FOLLOW_UPS: follow_ups} if follow_ups else {})


def _values(results: Sequence[Result], measure: str) -> list[float]:
    values = (each.scores.get(measure) for each in results)
    return [value for value in values if value is not None]


def _judged(results: Sequence[Result]) -> list[Judged]:
    return [
        (each.answer.confidence, bool(each.scores["correct"]))
        for each in results
        if not each.answer.abstained and each.scores.get("correct") is not None
    ]
