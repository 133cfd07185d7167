"""Footnote as a part of llama-index programs, and llama-index parts in Footnote."""

from __future__ import annotations

import asyncio
import re
import runpy
from pathlib import Path

import pytest
from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.postprocessor.types import BaseNodePostprocessor
from llama_index.core.query_engine import RetrieverQueryEngine
from llama_index.core.response_synthesizers import ResponseMode, get_response_synthesizer

from rag.engine import FootnoteQueryEngine, FootnoteRetriever
from rag.nodes import EmbeddingEncoder, from_node, rerank, to_node
from rag.pipeline import Pipeline
from rag.settings import RagSettings
from rag.types import Chunk, ScoredChunk, Span
from tests.llm import server as play
from tests.llm.helpers import BRIDGE, HARBOUR, MUSEUM

EXAMPLE = Path(__file__).parents[2] / "examples" / "plug_in_llama_index.py"


class LengthEmbedding(BaseEmbedding):
    """Places a text by its length and its vowels."""

    def _get_text_embedding(self, text: str) -> list[float]:
        return [float(len(text)), float(sum(text.count(v) for v in "aeiou")), 1.0]

    def _get_query_embedding(self, query: str) -> list[float]:
        return self._get_text_embedding(query)

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_text_embedding(query)


class Backwards(BaseNodePostprocessor):
    """Turns the order round."""

    def _postprocess_nodes(self, nodes, query_bundle=None):
        for score, node in enumerate(nodes, start=1):
            node.score = float(score)
        return nodes[::-1]


@pytest.fixture
def corpus(tmp_path):
    folder = tmp_path / "corpus"
    folder.mkdir()
    for name, text in (("harbour", HARBOUR), ("bridge", BRIDGE), ("museum", MUSEUM)):
        (folder / f"{name}.txt").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def pipeline(corpus, tmp_path):
    with play.serving(play.replies(play.echoes_first)) as server:
        settings = RagSettings().override(
            storage={"path": str(tmp_path / "store")},
            llm={"model": "openai-like:test", "base_url": server.url},
        )
        pipeline = Pipeline.open(corpus, settings, encoder=EmbeddingEncoder(LengthEmbedding()))
        yield pipeline
        pipeline.close()


def test_the_query_engine_gives_the_citations_as_source_nodes(pipeline, corpus):
    response = FootnoteQueryEngine(pipeline).query("When did the harbour of Velm open?")
    assert re.search(r"opened on 3 May 1998\. \[\d\]", response.response)
    assert not response.metadata["abstained"]
    assert response.metadata["answer"]["metadata"]["answerer"] == "openai-like:test"
    for source in response.source_nodes:
        text = (corpus / source.node.metadata["document"]).read_text(encoding="utf-8")
        node = source.node
        assert text[node.start_char_idx : node.end_char_idx] == node.get_content()


def test_the_query_engine_answers_asynchronously(pipeline):
    response = asyncio.run(FootnoteQueryEngine(pipeline).aquery("When did the harbour open?"))
    assert response.source_nodes


def test_the_retriever_works_in_a_query_engine_of_llama_index(pipeline):
    engine = RetrieverQueryEngine(
        FootnoteRetriever(pipeline, top_k=2),
        get_response_synthesizer(llm=pipeline.llm, response_mode=ResponseMode.COMPACT),
        node_postprocessors=[Backwards()],
    )
    nodes = engine.query("When did the harbour of Velm open?").source_nodes
    assert len(nodes) == 2
    assert [node.score for node in nodes] == [2.0, 1.0]


def test_a_chunk_survives_the_way_to_a_node_and_back():
    chunk = Chunk("c1", "a.txt", Span(3, 9), "abcdef", 2, (Span(3, 6), Span(6, 9)))
    scored = ScoredChunk(chunk, 0.5)
    assert from_node(to_node(scored)) == scored


def test_the_retriever_says_where_a_passage_comes_from(pipeline, corpus):
    (corpus / "harbour.txt").write_text(
        f"Harbour opens\n\nPublished: 4 May 1998\n\nVELM (Velm Post) — {HARBOUR}\n",
        encoding="utf-8",
    )
    pipeline.refresh()
    found = FootnoteRetriever(pipeline).retrieve("When did the harbour of Velm open?")
    node = next(each.node for each in found if each.node.metadata["document"] == "harbour.txt")
    about = pipeline.document("harbour.txt").metadata
    assert about.title == "Harbour opens"
    assert about.published == "1998-05-04"
    assert node.metadata["title"] == about.title
    assert node.metadata["outlet"] == about.outlet
    assert node.metadata["published"] == about.published


def test_a_reranker_changes_order_and_score_and_nothing_else():
    chunks = [
        ScoredChunk(Chunk(f"c{n}", "a.txt", Span(n, n + 1), "x", 1), 1.0, dense=0.1 * n)
        for n in range(3)
    ]
    ranked = rerank("?", chunks, Backwards())
    assert [each.chunk.id for each in ranked] == ["c2", "c1", "c0"]
    assert [each.score for each in ranked] == [3.0, 2.0, 1.0]
    assert ranked[0].dense == 0.2


def test_an_embedding_of_llama_index_gives_unit_vectors():
    vectors = EmbeddingEncoder(LengthEmbedding()).encode(["one", "two words"])
    assert vectors.shape == (2, 3)
    assert [round(float((v**2).sum()), 5) for v in vectors] == [1.0, 1.0]


def test_the_example_runs(capsys):
    runpy.run_path(str(EXAMPLE))["main"]()
    printed = capsys.readouterr().out
    assert "Mayor Ilsa Korda led the ceremony. [1]" in printed
    assert "nine million" not in printed
    assert "velm.txt 42-76" in printed
