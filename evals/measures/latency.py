"""Latency: seconds from question to answer, as a person waits for it.

Percentiles by the nearest-rank method: the smallest time that at least p % of the questions do
not exceed. None without a question. Measured with whatever else the machine runs, and with
`--workers` questions at a time: compare only runs made alike.
"""

from __future__ import annotations

import math
from collections.abc import Sequence


def percentile(seconds: Sequence[float], percent: float) -> float | None:
    """The nearest-rank percentile of `seconds`."""
    if not seconds:
        return None
    rank = max(1, math.ceil(percent / 100 * len(seconds)))
    return sorted(seconds)[rank - 1]
