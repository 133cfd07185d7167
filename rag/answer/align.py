"""A claim laid beside a source passage: which token is said by which, and what stands in the gaps.

The alignment is the best in-order pairing of the content tokens (a Smith-Waterman without gap
cost), with a bonus for neighbours that stay neighbours, so that a word is paired where its
surroundings are the same. Words that moved are found by a second look-up over the whole passage.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from rag.answer.claims import Token, content, read_tokens
from rag.answer.relations import similarity

_NEIGHBOUR_BONUS = 0.15
_WEIGHTS = {"quantifier": 0.3, "pronoun": 0.0}


@dataclass(frozen=True)
class Gap:
    """Unpaired tokens of claim and source between two pairs, or at either end."""

    claim: tuple[Token, ...]
    source: tuple[Token, ...]
    is_inner: bool
    """True between two pairs, False at either end."""


@dataclass(frozen=True)
class Alignment:
    """How the content tokens of a claim are found in a passage."""

    claim: tuple[Token, ...]
    source: tuple[Token, ...]
    pairs: tuple[tuple[int, int], ...]
    """In-order pairs (claim position, source position)."""
    strength: tuple[float, ...]
    """Best similarity of each claim token to any token of the passage, 0 when it is absent."""
    flipped: bool = False
    """True when one of both is in the passive ("founded by") and the other is not."""

    @property
    def coverage(self) -> float:
        """Share of the claim's content that the passage holds, in [0, 1]."""
        weights = [_WEIGHTS.get(token.kind, 1.0) for token in self.claim]
        found = sum(w * min(1, s * 1.12) for w, s in zip(weights, self.strength, strict=True))
        return found / (sum(weights) or 1.0)

    def gaps(self) -> Iterator[Gap]:
        """The stretches between the pairs, in order."""
        edges = [(-1, -1), *self.pairs, (len(self.claim), len(self.source))]
        for number, ((i, j), (k, m)) in enumerate(pairwise(edges)):
            inner = 0 < number < len(edges) - 2
            yield Gap(self.claim[i + 1 : k], self.source[j + 1 : m], inner)


def align(claim: str, source: str) -> Alignment:
    """The best alignment of the content tokens of `claim` with those of `source`."""
    left = content(read_tokens(claim))
    right = content(read_tokens(source), pronouns=True)
    table = [[similarity(token, other) for other in right] for token in left]
    strength = tuple(max(row, default=0.0) for row in table)
    flipped = _has_agent(claim) != _has_agent(source)
    return Alignment(tuple(left), tuple(right), tuple(_paired(left, table)), strength, flipped)


def _has_agent(text: str) -> bool:
    return any(token.text.lower() == "by" for token in read_tokens(text))


def _paired(left: Sequence[Token], table: list[list[float]]) -> list[tuple[int, int]]:
    """In-order pairs of the highest total similarity (dynamic programming, O(len * len))."""
    rows, columns = len(table), len(table[0]) if table else 0
    best = [[0.0] * (columns + 1) for _ in range(rows + 1)]
    joined = [[False] * (columns + 1) for _ in range(rows + 1)]
    for i in range(1, rows + 1):
        scores, above = table[i - 1], best[i - 1]
        weight = 0.5 if left[i - 1].kind == "quantifier" else 1.0
        for j in range(1, columns + 1):
            value = max(above[j], best[i][j - 1])
            if scores[j - 1]:
                diagonal = above[j - 1] + weight * scores[j - 1]
                diagonal += _NEIGHBOUR_BONUS if joined[i - 1][j - 1] else 0.0
                if diagonal >= value:
                    value, joined[i][j] = diagonal, True
            best[i][j] = value
    return _traced(best, joined, rows, columns)


def _traced(
    best: list[list[float]], joined: list[list[bool]], i: int, j: int
) -> list[tuple[int, int]]:
    pairs = []
    while i and j:
        if joined[i][j]:
            pairs.append((i - 1, j - 1))
            i, j = i - 1, j - 1
        elif best[i - 1][j] >= best[i][j - 1]:
            i -= 1
        else:
            j -= 1
    return pairs[::-1]
