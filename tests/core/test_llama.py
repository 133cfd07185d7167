"""Both ways between our parts and llama-index's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rag.settings import EmbeddingSettings, RagSettings
from tests.conftest import HashingEncoder

pytestmark = pytest.mark.filterwarnings("error")


def test_minilm_is_a_llama_index_embedding(models_folder: Path) -> None:
    from rag.llama import MiniLmEmbedding

    embedding = MiniLmEmbedding(EmbeddingSettings(), cache=models_folder)
    one = embedding.get_text_embedding("The ferry leaves at nine.")
    batch = embedding.get_text_embedding_batch(["The ferry leaves at nine.", "It rained."])
    np.testing.assert_allclose(batch[0], one, atol=0.05)
    assert len(embedding.get_query_embedding("ferry")) == 384
    assert embedding.model_name.startswith("all-MiniLM-L6-v2")


def test_any_llama_index_embedding_is_an_encoder_of_a_pipeline(
    corpus: Path, settings: RagSettings
) -> None:
    from llama_index.core.base.embeddings.base import BaseEmbedding

    from rag.nodes import EmbeddingEncoder
    from rag.pipeline import Pipeline

    class Outside(BaseEmbedding):
        """Another width, and vectors that are not of length 1."""

        def _get_text_embedding(self, text: str) -> list[float]:
            return (3 * HashingEncoder(dimensions=50).encode([text])[0]).tolist()

        def _get_query_embedding(self, query: str) -> list[float]:
            return self._get_text_embedding(query)

        async def _aget_query_embedding(self, query: str) -> list[float]:
            return self._get_text_embedding(query)

    encoder = EmbeddingEncoder(Outside(model_name="outside-50"))
    np.testing.assert_allclose(np.linalg.norm(encoder.encode(["a ship"]), axis=1), 1.0, atol=1e-6)
    pipeline = Pipeline.open(corpus, settings, encoder=encoder)
    assert "outside-50" in pipeline.status().model
    assert pipeline.search("ferry timetable")[0].chunk.document == "ferry.txt"
    assert pipeline.search("ferry timetable")[0].dense is not None


def test_retriever_gives_nodes_whose_offsets_cut_the_source(
    corpus: Path, settings: RagSettings
) -> None:
    from rag.engine import FootnoteRetriever
    from rag.nodes import from_node
    from rag.pipeline import Pipeline

    pipeline = Pipeline.open(corpus, settings, encoder=HashingEncoder())
    found = FootnoteRetriever(pipeline).retrieve("ferry timetable")
    assert found[0].node.metadata["document"] == "ferry.txt"
    for hit in found:
        text = (corpus / hit.node.metadata["document"]).read_text()
        assert text[hit.node.start_char_idx : hit.node.end_char_idx] == hit.node.get_content()
    chunks = [hit.chunk for hit in pipeline.search("ferry timetable")]
    assert [from_node(hit).chunk for hit in found] == chunks
