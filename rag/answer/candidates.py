"""Retrieved chunks to candidate sentences, each with what speaks for it.

A candidate is one sentence of a retrieved chunk. Its signals compare question and sentence, and
question and the three-sentence window around it (the neighbours often hold the name that a
pronoun stands for).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag.analyze import terms
from rag.answer.evidence import Evidence
from rag.answer.instructions import instruction_spans
from rag.types import Document, Span

Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class Candidate:
    """A sentence that may answer, with its signals (higher is better)."""

    document: Document
    span: Span
    window: Span
    """The sentence with its neighbours, as far as the chunks found hold them."""
    dense: float
    """Cosine similarity of question and sentence; 0 in a lexical-only index."""
    dense_window: float
    bm25: float
    """BM25 of the sentence as a text of its own."""
    bm25_window: float
    coverage: float
    """Share of the question's terms, weighted by rarity, that stand in the sentence."""
    coverage_window: float
    """The same for the window and the document's title."""
    chunk_rank: int
    vector: Vectors | None = None
    """Of the sentence, shape (dim,); None in a lexical-only index."""

    @property
    def text(self) -> str:
        return self.span.of(self.document.text)


class QueryWeights:
    """Analysed question terms with their inverse document frequencies in the corpus."""

    def __init__(
        self,
        query: Sequence[str],
        frequencies: Mapping[str, int],
        n_chunks: int,
        asked: Mapping[str, float] | None = None,
    ) -> None:
        """`query` are the terms searched for; `asked` those typed, with their rarity in [0, 1]."""
        self.idf = {term: _idf(frequencies.get(term, 0), n_chunks) for term in query}
        self.total = sum(self.idf.values()) or 1.0
        typed = {term: _idf(frequencies.get(term, 0), n_chunks) for term in asked or {}}
        absent = {term: rare for term, rare in (asked or {}).items() if not frequencies.get(term)}
        self.missing = frozenset(absent)
        """Typed terms that no chunk of the corpus holds."""
        self.missing_share = sum(typed[term] for term in absent) / (sum(typed.values()) or 1.0)
        self.missing_rarity = sum(absent.values())
        self.missing_rarest = max(absent.values(), default=0.0)

    def coverage(self, present: set[str]) -> float:
        """Share of the question's weight whose terms are `present`, in [0, 1]."""
        return sum(weight for term, weight in self.idf.items() if term in present) / self.total

    def bm25(self, text: Sequence[str], average_length: float) -> float:
        """BM25 (Robertson and Zaragoza 2009) of analysed `text`, k1 = 1.2, b = 0.75."""
        norm = 1.2 * (0.25 + 0.75 * len(text) / max(average_length, 1.0))
        counts = {term: text.count(term) for term in self.idf}
        return sum(self.idf[term] * n * 2.2 / (n + norm) for term, n in counts.items() if n)


def _idf(frequency: int, n_chunks: int) -> float:
    return math.log(1 + (n_chunks - frequency + 0.5) / (frequency + 0.5))


def collect_candidates(
    evidence: Evidence,
    weights: QueryWeights,
    vector: Vectors | None,
    sentence_vectors: Mapping[str, Vectors],
) -> list[Candidate]:
    """Every sentence of the evidence once, in order of chunk rank and position; no instructions.

    `vector` is the question's, shape (dim,); `sentence_vectors` maps chunk ids to arrays of
    shape (n_sentences, dim).
    """
    vectors = sentence_vectors if vector is not None else {}
    surroundings = _surroundings(evidence, vectors)
    seen: set[tuple[str, Span]] = set()
    found: list[Candidate] = []
    for rank, chunk in enumerate(scored.chunk for scored in evidence.chunks):
        document = evidence.documents[chunk.document]
        title = set(terms(document.metadata.title))
        orders = instruction_spans(document.text, chunk.sentences)
        for span in chunk.sentences:
            if span in orders or (document.path, span) in seen:
                continue
            seen.add((document.path, span))
            around = surroundings[document.path, span]
            sentence_terms = terms(span.of(document.text))
            window_terms = [t for each in around.spans for t in terms(each.of(document.text))]
            found.append(
                Candidate(
                    document=document,
                    span=span,
                    window=Span(around.spans[0].start, around.spans[-1].end),
                    dense=_cosine(vector, around.vector),
                    dense_window=_cosine(vector, around.sum),
                    bm25=weights.bm25(sentence_terms, 25.0),
                    bm25_window=weights.bm25(window_terms, 75.0),
                    coverage=weights.coverage(set(sentence_terms)),
                    coverage_window=weights.coverage({*window_terms, *title}),
                    chunk_rank=rank,
                    vector=around.vector,
                )
            )
    return found


@dataclass(frozen=True)
class _Surroundings:
    """A sentence between its neighbours, in the order of the text."""

    spans: tuple[Span, ...]
    vector: Vectors | None
    """Of the sentence itself."""
    sum: Vectors | None
    """Of the sentence and its neighbours: a stand-in for embedding the window as one text."""


def _surroundings(
    evidence: Evidence, sentence_vectors: Mapping[str, Vectors]
) -> dict[tuple[str, Span], _Surroundings]:
    """Each sentence with its neighbours, as far as the chunks found hold them.

    Where chunks overlap, the last sentence of one is the first of the next, so that it has both
    neighbours when both chunks were found.
    """
    before: dict[tuple[str, Span], Span] = {}
    after: dict[tuple[str, Span], Span] = {}
    vectors: dict[tuple[str, Span], Vectors] = {}
    for chunk in (scored.chunk for scored in evidence.chunks):
        keys = [(chunk.document, span) for span in chunk.sentences]
        after.update(zip(keys, chunk.sentences[1:], strict=False))
        before.update(zip(keys[1:], chunk.sentences, strict=False))
        vectors.update(zip(keys, sentence_vectors.get(chunk.id, ()), strict=False))
    found = {}
    for path, span in dict.fromkeys(
        (scored.chunk.document, span)
        for scored in evidence.chunks
        for span in scored.chunk.sentences
    ):
        neighbours = (before.get((path, span)), span, after.get((path, span)))
        spans = tuple(each for each in neighbours if each is not None)
        known = [vectors[path, each] for each in spans if (path, each) in vectors]
        own = vectors.get((path, span))
        total = None if own is None else np.sum(known, axis=0)
        found[path, span] = _Surroundings(spans, own, total)
    return found


def _cosine(vector: Vectors | None, against: Vectors | None) -> float:
    if vector is None or against is None:
        return 0.0
    return float(vector @ against / max(math.sqrt(against @ against), 1e-6))
