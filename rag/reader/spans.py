"""From the logits of a row to its best span.

The score of a span is its start logit plus its end logit, minus those of [CLS], which stand for
"no answer" (Devlin et al. 2019, section 4.3). Spans cover whole words and at most a given number
of word pieces.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag.reader.rows import Row

Floats = NDArray[np.float32]
_IMPOSSIBLE = np.float32(-1e9)


@dataclass(frozen=True)
class Span:
    """First and last word piece of a span, and its score over [CLS]."""

    first: int
    last: int
    score: float


def best_span(
    row: Row,
    start: Floats,
    end: Floats,
    answer_tokens: int,
    within: tuple[int, int] | None = None,
) -> Span:
    """Best span of `row` for its logits (length,); of equal ones the shorter, then the earlier.

    `within` are the first piece and the one after the last that it may cover, None for all.
    """
    low, high = within or (0, len(start))
    starts = np.where(row.can_start[low:high], start[low:high], _IMPOSSIBLE)
    ends = np.where(row.can_end[low:high], end[low:high], _IMPOSSIBLE)
    nothing = float(start[0] + end[0])
    best = Span(low, low, -np.inf)
    for distance in range(min(answer_tokens, len(starts))):
        sums = starts[: len(starts) - distance] + ends[distance:]
        at = int(sums.argmax())
        score = float(sums[at]) - nothing
        if score > best.score:
            best = Span(low + at, low + at + distance, score)
    return best
