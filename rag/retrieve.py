"""Question to passages: dense and BM25 ranks fused, near-duplicates folded.

Each search returns its best chunks among the documents that pass the filters; the weighted sum of
their scores, each list scaled to [0, 1], joins them (CombSUM, Fox and Shaw 1994; better than
reciprocal ranks on scifact, as Bruch et al. 2023 found elsewhere). Misspelt words are matched to near
words of the corpus. Near-identical chunks of other documents are folded into the best
one, which keeps them as `duplicates`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import takewhile

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from rag.analyze import terms
from rag.catalog import Catalog
from rag.chroma import ChromaIndex
from rag.index import Encoder
from rag.settings import RetrievalSettings
from rag.types import Chunk, Filters, ScoredChunk

Vectors = NDArray[np.float32]

_DUPLICATE_RATIO = 85.0
_MIN_FUZZY_CHARS = 4


class Retriever:
    """Finds chunks for a query. `encoder` is None in a lexical-only index."""

    def __init__(
        self,
        catalog: Catalog,
        vectors: ChromaIndex,
        encoder: Encoder | None,
        settings: RetrievalSettings,
    ) -> None:
        self._catalog = catalog
        self._vectors = vectors
        self._encoder = encoder
        self._settings = settings
        self._vocabulary: tuple[int, list[str]] = (-1, [])
        self._outlets: tuple[int, list[str]] = (-1, [])

    def retrieve(
        self,
        query: str,
        *,
        top_k: int,
        filters: Filters = Filters(),
        vector: Vectors | None = None,
        wanted: Sequence[str] | None = None,
    ) -> list[ScoredChunk]:
        """The best `top_k` chunks, best first, ties by chunk id. `vector`, shape (dim,), and
        `wanted` (`query_terms`) save embedding and analysing the query again."""
        documents = self._catalog.select_documents(filters)
        if documents == []:
            return []
        bm25 = self.search_bm25(query, documents, wanted)
        dense = self.search_dense(query, documents, vector)
        fused = self._fuse(dense, bm25)
        return fold_duplicates(fused, most=top_k)

    def search_bm25(
        self,
        query: str,
        documents: Sequence[str] | None = None,
        wanted: Sequence[str] | None = None,
    ) -> list[tuple[str, float]]:
        """Chunk ids with BM25 scores, best first."""
        if self._settings.bm25_weight == 0:
            return []
        if wanted is None:
            wanted = self.query_terms(query)
        return self._catalog.bm25(wanted, limit=self._settings.candidates, documents=documents)

    def search_dense(
        self, query: str, documents: Sequence[str] | None = None, vector: Vectors | None = None
    ) -> list[tuple[str, float]]:
        """Chunk ids with cosine similarities, best first; nothing without an encoder."""
        if self._encoder is None or self._settings.dense_weight == 0:
            return []
        if vector is None:
            vector = self._encoder.encode([query])[0]
        return self._vectors.query(vector, limit=self._settings.candidates, documents=documents)

    def query_terms(self, query: str) -> list[str]:
        """Analysed terms of the query without stop words (unless there is nothing else), with
        the nearest corpus terms added for words the corpus does not hold."""
        wanted = terms(query, stopwords=False) or terms(query)
        if not self._settings.fuzzy:
            return wanted
        known = self._catalog.document_frequencies(wanted)
        return wanted + [near for term in wanted if term not in known for near in self.near(term)]

    def near(self, term: str) -> list[str]:
        """Corpus terms within one edit (two from seven characters), likest first, at most two."""
        if len(term) < _MIN_FUZZY_CHARS or any(char.isdigit() for char in term):
            return []
        limit = 2 if len(term) >= 7 else 1
        matches = process.extract(
            term, self.vocabulary(), scorer=OSA.distance, score_cutoff=limit, limit=8
        )
        same_start = [word for word, _, _ in matches if word[0] == term[0] and len(word) > 3]
        return same_start[:2]

    def has_kin(self, term: str) -> bool:
        """True when the corpus holds a word with the same beginning, as "mexico" for "mexican":
        all but the last three characters, at least five, and nearly the same length ("france" is no
        kin of "francisco")."""
        beginning = term[: max(5, len(term) - 3)]
        if len(term) < 5:
            return False
        words = self.vocabulary()
        following = (words[at] for at in range(bisect_left(words, beginning), len(words)))
        kin = takewhile(lambda word: word.startswith(beginning), following)
        return any(abs(len(word) - len(term)) <= 3 for word in kin)

    def vocabulary(self) -> list[str]:
        """All terms of the corpus, sorted."""
        revision = self._catalog.revision
        if self._vocabulary[0] != revision:
            self._vocabulary = (revision, sorted(self._catalog.vocabulary()))
        return self._vocabulary[1]

    def outlets(self) -> list[str]:
        """Every outlet of the corpus, read once per revision: it goes through all documents."""
        revision = self._catalog.revision
        if self._outlets[0] != revision:
            self._outlets = (revision, self._catalog.outlets())
        return self._outlets[1]

    def _fuse(
        self, dense: list[tuple[str, float]], bm25: list[tuple[str, float]]
    ) -> list[ScoredChunk]:
        scores: dict[str, float] = {}
        for weight, found in (
            (self._settings.dense_weight, dense),
            (self._settings.bm25_weight, bm25),
        ):
            for identity, share in scaled(found):
                scores[identity] = scores.get(identity, 0.0) + weight * share
        similarity, lexical = dict(dense), dict(bm25)
        chunks = self._catalog.chunks(list(scores))
        joined = [
            ScoredChunk(chunk, scores[identity], similarity.get(identity), lexical.get(identity))
            for identity, chunk in chunks.items()
        ]
        return sorted(joined, key=lambda each: (-each.score, each.chunk.id))


def scaled(found: Sequence[tuple[str, float]]) -> list[tuple[str, float]]:
    """The scores of one search moved to [0, 1]: its best hit 1, its last 0, equal ones all 1."""
    if not found:
        return []
    low, high = min(score for _, score in found), max(score for _, score in found)
    return [(each, (score - low) / (high - low) if high > low else 1.0) for each, score in found]


def fold_duplicates(ranked: Sequence[ScoredChunk], *, most: int | None = None) -> list[ScoredChunk]:
    """The best `most` chunks (None: all), each with those of other documents folded into it that
    have nearly the same words and rank below it."""
    kept: list[ScoredChunk] = []
    for candidate in ranked:
        twin = next(
            (i for i, each in enumerate(kept) if _is_twin(each.chunk, candidate.chunk)), None
        )
        if twin is not None:
            kept[twin] = replace(kept[twin], duplicates=(*kept[twin].duplicates, candidate.chunk))
        elif most is None or len(kept) < most:
            kept.append(candidate)
    return kept


def _is_twin(a: Chunk, b: Chunk) -> bool:
    if a.document == b.document:
        return False
    shorter, longer = min(len(a.text), len(b.text)), max(len(a.text), len(b.text))
    return shorter > 0.7 * longer and _reads_alike(a.text, b.text)


@lru_cache(maxsize=4096)
def _reads_alike(a: str, b: str) -> bool:
    """Remembered, because every question compares much the same passages."""
    return fuzz.ratio(a, b, score_cutoff=_DUPLICATE_RATIO) > 0
