"""A small BM25 index over short texts, used to find negative windows for a question.

Takes the texts once; gives the best text numbers for a query (k1 = 1.2, b = 0.75).
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np

_WORD = re.compile(r"\w+")


def words(text: str) -> list[str]:
    """Lower-case word tokens."""
    return _WORD.findall(text.lower())


class Bm25:
    """Inverted index with the BM25 weight of every (word, text) pair computed ahead."""

    def __init__(self, texts: Sequence[str], *, k1: float = 1.2, b: float = 0.75) -> None:
        counts = [Counter(words(text)) for text in texts]
        lengths = np.array([sum(c.values()) for c in counts], dtype=np.float64)
        norm = k1 * (1 - b + b * lengths / max(lengths.mean(), 1.0))
        postings: dict[str, list[tuple[int, float]]] = defaultdict(list)
        for number, count in enumerate(counts):
            for word, tf in count.items():
                postings[word].append((number, tf * (k1 + 1) / (tf + norm[number])))
        self.size = len(counts)
        self.idf = {
            w: math.log(1 + (self.size - len(p) + 0.5) / (len(p) + 0.5))
            for w, p in postings.items()
        }
        self._postings = {
            w: (np.array([n for n, _ in p]), np.array([s for _, s in p]) * self.idf[w])
            for w, p in postings.items()
        }

    def best(self, query: str, top_k: int) -> list[int]:
        """Text numbers with the highest scores, best first; ties in text order."""
        scores = np.zeros(self.size)
        for word in set(words(query)):
            if word in self._postings and self.idf[word] > 1.0:
                numbers, weights = self._postings[word]
                scores[numbers] += weights
        top = np.argpartition(-scores, min(top_k, self.size - 1))[:top_k]
        return [int(n) for n in top[np.lexsort((top, -scores[top]))] if scores[n] > 0]
