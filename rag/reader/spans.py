"""From logits to the best span of each row.

The score of a span is its start logit plus its end logit, minus those of [CLS], which stand for
"no answer" (Devlin et al. 2019, section 4.3). Spans cover whole words and at most a given number
of word pieces.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag.reader.rows import Batch

Floats = NDArray[np.float32]
_IMPOSSIBLE = np.float32(-1e9)


@dataclass(frozen=True)
class BestSpans:
    """Per row: first and last word piece of the best span, and its score over [CLS]."""

    first: NDArray[np.int64]
    last: NDArray[np.int64]
    score: Floats


def best_spans(batch: Batch, start: Floats, end: Floats, answer_tokens: int) -> BestSpans:
    """Best span of each row of `batch`; of equal ones the shorter, then the earlier."""
    starts = np.where(batch.can_start, start, _IMPOSSIBLE)
    ends = np.where(batch.can_end, end, _IMPOSSIBLE)
    rows, length = starts.shape
    best = BestSpans(
        np.zeros(rows, np.int64), np.zeros(rows, np.int64), np.full(rows, -np.inf, np.float32)
    )
    for distance in range(min(answer_tokens, length)):
        sums = starts[:, : length - distance] + ends[:, distance:]
        at = sums.argmax(axis=1)
        found = sums[np.arange(rows), at]
        better = found > best.score
        best.first[better] = at[better]
        best.last[better] = at[better] + distance
        best.score[better] = found[better]
    return BestSpans(best.first, best.last, best.score - start[:, 0] - end[:, 0])
