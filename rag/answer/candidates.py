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
    seen: set[tuple[str, Span]] = set()
    found: list[Candidate] = []
    windows_of = _windows(evidence)
    for rank, scored in enumerate(evidence.chunks):
        chunk = scored.chunk
        document = evidence.documents[chunk.document]
        matrix = sentence_vectors.get(chunk.id) if vector is not None else None
        windows = None if matrix is None else _window_means(matrix)
        analysed = [terms(span.of(document.text)) for span in chunk.sentences]
        title = set(terms(document.metadata.title))
        orders = instruction_spans(document.text, chunk.sentences)
        for index, span in enumerate(chunk.sentences):
            if span in orders or (document.path, span) in seen:
                continue
            seen.add((document.path, span))
            first, last = max(0, index - 1), min(len(analysed), index + 2) - 1
            window_terms = [term for each in analysed[first : last + 1] for term in each]
            found.append(
                Candidate(
                    document=document,
                    span=span,
                    window=windows_of[chunk.document, span],
                    dense=_cosine(vector, matrix, index),
                    dense_window=_cosine(vector, windows, index),
                    bm25=weights.bm25(analysed[index], 25.0),
                    bm25_window=weights.bm25(window_terms, 75.0),
                    coverage=weights.coverage(set(analysed[index])),
                    coverage_window=weights.coverage({*window_terms, *title}),
                    chunk_rank=rank,
                    vector=matrix[index] if matrix is not None else None,
                )
            )
    return found


def _windows(evidence: Evidence) -> dict[tuple[str, Span], Span]:
    """Each sentence with its neighbours. The last sentence of a chunk is the first of the next,
    so that where both were found it has both neighbours."""
    windows: dict[tuple[str, Span], Span] = {}
    for chunk in (scored.chunk for scored in evidence.chunks):
        for index, span in enumerate(chunk.sentences):
            known = windows.get((chunk.document, span), span)
            first = chunk.sentences[max(0, index - 1)].start
            last = chunk.sentences[min(len(chunk.sentences), index + 2) - 1].end
            windows[chunk.document, span] = Span(min(known.start, first), max(known.end, last))
    return windows


def _window_means(matrix: Vectors) -> Vectors:
    """For each sentence the mean of its vector and its neighbours', shape (n_sentences, dim): a
    stand-in for embedding the window as one text."""
    sums, counts = matrix.copy(), np.ones((len(matrix), 1), dtype=np.float32)
    sums[1:] = matrix[:-1] + matrix[1:]  # in the order of the text, so that sums are always equal
    sums[:-1] += matrix[1:]
    counts[1:] += 1
    counts[:-1] += 1
    return sums / counts


def _cosine(vector: Vectors | None, matrix: Vectors | None, row: int) -> float:
    if vector is None or matrix is None:
        return 0.0
    against = matrix[row]
    return float(vector @ against / max(math.sqrt(against @ against), 1e-6))
