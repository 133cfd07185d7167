"""Sentences of retrieved chunks as candidates, each with the window around it."""

from __future__ import annotations

import numpy as np
import pytest

from rag.answer.candidates import Candidate, QueryWeights, collect_candidates
from rag.answer.evidence import Evidence
from rag.types import Chunk, Document, ScoredChunk, Span

SENTENCES = ("Ann came.", "Ben left.", "Cid slept.", "Dot sang.", "Eve ran.")
TEXT = " ".join(SENTENCES)
SPANS = tuple(Span(TEXT.index(each), TEXT.index(each) + len(each)) for each in SENTENCES)


def scored(name: str, first: int, last: int) -> ScoredChunk:
    spans = SPANS[first : last + 1]
    whole = Span(spans[0].start, spans[-1].end)
    return ScoredChunk(Chunk(name, "a.txt", whole, whole.of(TEXT), 9, spans), 1.0)


def collected(*chunks: ScoredChunk) -> list[Candidate]:
    evidence = Evidence(chunks, {"a.txt": Document("a.txt", TEXT, "0")})
    vectors = {
        each.chunk.id: np.eye(5, dtype=np.float32)[[SPANS.index(s) for s in each.chunk.sentences]]
        for each in chunks
    }
    weights = QueryWeights(["ben"], {"ben": 1}, 2)
    return collect_candidates(evidence, weights, np.ones(5, dtype=np.float32), vectors)


def windows(candidates: list[Candidate]) -> dict[str, str]:
    return {each.text: each.window.of(TEXT) for each in candidates}


def test_a_sentence_at_the_edge_of_two_chunks_found_has_both_neighbours() -> None:
    found = windows(collected(scored("one", 0, 2), scored("two", 2, 4)))
    assert list(found) == list(SENTENCES)
    assert found["Cid slept."] == "Ben left. Cid slept. Dot sang."


def test_a_window_ends_where_the_chunks_found_end() -> None:
    found = windows(collected(scored("one", 0, 2)))
    assert found["Cid slept."] == "Ben left. Cid slept."
    assert found["Ann came."] == "Ann came. Ben left."


def test_the_signals_of_a_window_are_those_of_its_sentences() -> None:
    by_text = {each.text: each for each in collected(scored("one", 0, 2), scored("two", 2, 4))}
    inner, edge, last = (by_text[text] for text in ("Cid slept.", "Dot sang.", "Eve ran."))
    assert inner.coverage_window == by_text["Ben left."].coverage == 1.0
    assert edge.coverage_window == 0.0
    # one sentence of three (two) unit vectors against (1, 1, 1, 1, 1): the cosine grows by sqrt(n)
    assert inner.dense_window == pytest.approx(inner.dense * np.sqrt(3))
    assert last.dense_window == pytest.approx(last.dense * np.sqrt(2))
