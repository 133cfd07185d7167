"""Intervals and paired tests for shares and means.

Shares (accuracy, false answers) get Wilson's score interval; a bootstrap is used only for means
of values between the extremes (token F1, citation recall), where a share does not apply.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

CONFIDENCE = 0.95
RESAMPLES = 2000


@dataclass(frozen=True)
class Share:
    """How many of how many, with Wilson's 95 % interval; value and bounds are None for 0 of 0."""

    count: int
    total: int
    low: float | None
    high: float | None

    @property
    def value(self) -> float | None:
        """The share, in [0, 1]."""
        return self.count / self.total if self.total else None


@dataclass(frozen=True)
class Mean:
    """A mean over queries, with a bootstrap 95 % interval; None without values."""

    value: float | None
    total: int
    low: float | None
    high: float | None


@dataclass(frozen=True)
class PairedTest:
    """The pairs of outcomes that differ, and how likely such a split is by chance."""

    lost: int
    """Right before, wrong now."""
    gained: int
    """Wrong before, right now."""
    p_value: float

    @property
    def is_significant_loss(self) -> bool:
        """More lost than gained, at two-sided p < 0.05."""
        return self.lost > self.gained and self.p_value < 1 - CONFIDENCE


def share(values: Iterable[float]) -> Share:
    """The share of ones among zeros and ones.

    Interval: E. B. Wilson, Probable inference, JASA 22 (1927); it stays inside [0, 1] and is
    sound for small counts, where the normal approximation is not.
    """
    from scipy.stats import binomtest

    outcomes = [bool(value) for value in values]
    count, total = sum(outcomes), len(outcomes)
    if not total:
        return Share(0, 0, None, None)
    interval = binomtest(count, total).proportion_ci(CONFIDENCE, method="wilson")
    return Share(count, total, float(interval.low), float(interval.high))


def mean(values: Sequence[float]) -> Mean:
    """The mean with a seeded percentile bootstrap over queries (Efron, 1979)."""
    import numpy as np

    if not values:
        return Mean(None, 0, None, None)
    sample = np.asarray(values, dtype=float)
    rng = np.random.default_rng(0)
    means = rng.choice(sample, size=(RESAMPLES, len(sample))).mean(axis=1)
    low, high = np.quantile(means, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Mean(float(sample.mean()), len(sample), float(low), float(high))


def mcnemar(before: Sequence[bool], after: Sequence[bool]) -> PairedTest:
    """Exact two-sided McNemar test of paired outcomes (Q. McNemar, Psychometrika 12, 1947).

    Only the pairs that differ speak: under no change each is as likely lost as gained, so the
    lost ones follow a binomial distribution with p = 1/2. No differing pairs: p = 1.
    """
    from scipy.stats import binomtest

    lost = sum(b and not a for b, a in zip(before, after, strict=True))
    gained = sum(a and not b for b, a in zip(before, after, strict=True))
    differing = lost + gained
    p_value = float(binomtest(lost, differing).pvalue) if differing else 1.0
    return PairedTest(lost, gained, p_value)
