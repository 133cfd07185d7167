"""Search finds what was meant: typos, filters, fusion, ties, near-duplicates."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.pipeline import Pipeline
from rag.retrieve import fold_duplicates, scaled
from rag.settings import RagSettings
from rag.types import Chunk, Filters, ScoredChunk, Span
from tests.conftest import FERRY, HashingEncoder


@pytest.fixture
def pipeline(corpus: Path, settings: RagSettings, encoder: HashingEncoder) -> Iterator[Pipeline]:
    opened = Pipeline.open(corpus, settings, encoder=encoder)
    yield opened
    opened.close()


def lexical(corpus: Path, settings: RagSettings) -> Pipeline:
    return Pipeline.open(corpus, settings.override(embedding={"model": "none"}))


@pytest.mark.parametrize(
    "query", ["wang xiaohung", "Wang Xaiohong", "WANG XIAOHONG", "who is xiaohongg?", "xiaohong’s jars"]
)  # fmt: skip
def test_misspelt_name_finds_its_passage(query: str, corpus: Path, settings: RagSettings) -> None:
    found = lexical(corpus, settings).search(query)
    assert found[0].chunk.document == "notes/honey.md"


def test_exact_words_win_over_near_ones(pipeline: Pipeline) -> None:
    assert pipeline.retriever.query_terms("bridge") == ["bridg"]
    assert pipeline.retriever.query_terms("brigde")[1:] == ["bridg"]
    assert pipeline.retriever.near("2023") == pipeline.retriever.near("abc") == []


def test_words_no_document_holds_find_nothing_by_words(corpus: Path, settings: RagSettings) -> None:
    assert lexical(corpus, settings).search("quantum chromodynamics") == []


def test_every_lexical_hit_holds_a_term_and_has_a_score_above_zero(
    corpus: Path, settings: RagSettings
) -> None:
    found = lexical(corpus, settings).search("ferry to Riverton")
    assert len(found) >= 3
    assert all(hit.bm25 is not None and hit.bm25 > 0 and hit.dense is None for hit in found)
    texts = [hit.chunk.text.casefold() for hit in found]
    assert all("riverton" in text or "ferry" in text for text in texts)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters(documents=("ferry.txt",)), {"ferry.txt"}),
        (Filters(outlets=("Alder Gazette",)), {"notes/honey.md"}),
        (Filters(published_from="2023-01-01"), {"ferry.txt"}),
        (Filters(published_to="2022-12-31"), set()),
        (Filters(documents=("none.txt",)), set()),
    ],
)
def test_filters_hold_for_both_searches_before_fusion(
    filters: Filters, expected: set[str], pipeline: Pipeline
) -> None:
    pipeline.settings.override(retrieval={"candidates": 1})
    found = pipeline.search("Riverton bridge honey ferry", top_k=50, filters=filters)
    assert {hit.chunk.document for hit in found} == expected


def test_filter_leaves_room_for_every_candidate_of_the_chosen_document(
    corpus: Path, settings: RagSettings, encoder: HashingEncoder
) -> None:
    """One candidate each: a filter applied afterwards would leave nothing."""
    few = settings.override(retrieval={"candidates": 1})
    pipeline = Pipeline.open(corpus, few, encoder=encoder)
    found = pipeline.search("bridge repairs", filters=Filters(documents=("ferry.txt",)))
    assert [hit.chunk.document for hit in found] == ["ferry.txt"]


def test_fusion_adds_the_scaled_scores_of_both_searches(pipeline: Pipeline) -> None:
    """Best in both searches: 1 of each."""
    best = pipeline.search("ferry timetable Gull Island")[0]
    assert best.score == pytest.approx(2.0)
    assert best.dense is not None
    assert best.bm25 is not None


def test_scores_of_one_search_are_scaled_to_between_zero_and_one() -> None:
    assert scaled([("a", 9.0), ("b", 7.0), ("c", 5.0)]) == [("a", 1.0), ("b", 0.5), ("c", 0.0)]
    assert scaled([("a", 3.0), ("b", 3.0)]) == [("a", 1.0), ("b", 1.0)]
    assert scaled([]) == []


def test_ties_break_by_chunk_id(
    tmp_path: Path, settings: RagSettings, encoder: HashingEncoder
) -> None:
    corpus = tmp_path / "ties"
    corpus.mkdir()
    for name in "dcba":
        (corpus / f"{name}.txt").write_text(f"Harbour {name}. " + f"{name} " * 400)
    pipeline = Pipeline.open(corpus, settings.override(embedding={"model": "none"}))
    hits = pipeline.search("harbour")
    for one, other in itertools.pairwise(hits):
        assert (-one.score, one.chunk.id) < (-other.score, other.chunk.id)
    pairs = pipeline.catalog.bm25(["harbour"], limit=10, documents=None)
    assert pairs == sorted(pairs, key=lambda pair: (-pair[1], pair[0]))


def test_copies_in_other_documents_are_folded_with_their_sources_kept(
    corpus: Path, settings: RagSettings, encoder: HashingEncoder
) -> None:
    (corpus / "copy.txt").write_text(FERRY.replace("Dogs travel free.", "Dogs go free."))
    pipeline = Pipeline.open(corpus, settings, encoder=encoder)
    found = [hit for hit in pipeline.search("ferry ticket price dogs", top_k=20)
             if "Gull Island" in hit.chunk.text]  # fmt: skip
    assert len(found) == 1
    sources = {found[0].chunk.document, *(twin.document for twin in found[0].duplicates)}
    assert sources == {"copy.txt", "ferry.txt"}


def test_like_passages_of_one_document_are_not_folded() -> None:
    hits = [
        ScoredChunk(Chunk(str(at), "a.txt", Span(at, at + 9), "It rained", 2), 1.0 - at / 10)
        for at in range(3)
    ]
    assert fold_duplicates(hits) == hits


@pytest.mark.parametrize(
    "query",
    ['"', "*", "NEAR(", "a AND OR NOT", "col:umn", "ﾞ", "😀", "会议", "'; DROP TABLE chunks;--",
     "x " * 1999, "ferry " * 600, "\udcff", "\x00", "(((((", "-ferry", "ferry*"],
)  # fmt: skip
def test_no_query_breaks_the_search(query: str, pipeline: Pipeline) -> None:
    hits = pipeline.search(query)
    assert all(hit.score >= 0 for hit in hits)


def test_numbers_are_terms_of_their_own(pipeline: Pipeline) -> None:
    assert pipeline.catalog.document_frequencies(["4.2", "1998", "4"]) == {"4.2": 1, "1998": 1}
    assert pipeline.search("4.2")[0].chunk.document == "bridge.txt"
