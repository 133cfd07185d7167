"""Any llama-index embedding, reranker and LLM in place of the built-in parts.

    python examples/plug_in_llama_index.py

The three classes below stand for yours: they have the base classes that every llama-index
integration has, so `OpenAIEmbedding()`, `CohereRerank()` or `Ollama(model="qwen3")` fit as well.
"""

from __future__ import annotations

import hashlib
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.llms import CompletionResponse, CustomLLM, LLMMetadata
from llama_index.core.postprocessor.types import BaseNodePostprocessor
from llama_index.core.schema import NodeWithScore, QueryBundle

from rag import Pipeline, RagSettings
from rag.engine import FootnoteQueryEngine
from rag.nodes import EmbeddingEncoder

STORY = (
    "The harbour of Velm opened on 3 May 1998. Mayor Ilsa Korda led the ceremony. "
    "The Orme bridge followed in 2005."
)


class WordEmbedding(BaseEmbedding):
    """Counts words in 256 hashed places; yours would call a model."""

    def _get_text_embedding(self, text: str) -> list[float]:
        vector = [0.0] * 256
        for word in re.findall(r"\w+", text.lower()):
            vector[hashlib.sha256(word.encode()).digest()[0]] += 1.0
        return vector

    def _get_query_embedding(self, query: str) -> list[float]:
        return self._get_text_embedding(query)

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_text_embedding(query)


class ShortestFirst(BaseNodePostprocessor):
    """Puts short passages first; yours would be a cross-encoder."""

    def _postprocess_nodes(
        self,
        nodes: list[NodeWithScore],
        query_bundle: QueryBundle | None = None,  # noqa: ARG002 (this one does not need it)
    ) -> list[NodeWithScore]:
        ranked = sorted(nodes, key=lambda node: len(node.get_content()))
        return [NodeWithScore(node=n.node, score=1 / rank) for rank, n in enumerate(ranked, 1)]


class OneLiner(CustomLLM):
    """Says a true sentence and a false one; yours would be a real model."""

    @property
    def metadata(self) -> LLMMetadata:
        """Name and window of the model."""
        return LLMMetadata(model_name="one-liner", context_window=4096, num_output=256)

    def complete(self, _prompt: str, *_: Any, **__: Any) -> CompletionResponse:
        """The whole answer."""
        return CompletionResponse(
            text="Mayor Ilsa Korda led the ceremony [1]. It cost nine million crowns [1]."
        )

    def stream_complete(self, prompt: str, *_: Any, **__: Any) -> Any:
        """The answer word by word."""
        text = ""
        for word in self.complete(prompt).text.split(" "):
            text += f"{word} "
            yield CompletionResponse(text=text, delta=f"{word} ")


def main() -> None:
    """Ask one question of a folder of one file."""
    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder) / "corpus"
        corpus.mkdir()
        (corpus / "velm.txt").write_text(STORY, encoding="utf-8")
        pipeline = Pipeline.open(
            corpus,
            RagSettings().override(storage={"path": str(Path(folder) / "store")}),
            encoder=EmbeddingEncoder(WordEmbedding()),
            reranker=ShortestFirst(),
            llm=OneLiner(),
        )
        response = FootnoteQueryEngine(pipeline).query("Who led the ceremony?")
        print(response)
        for source in response.source_nodes:
            node = source.node
            print(f"  {node.metadata['document']} {node.start_char_idx}-{node.end_char_idx}")
        pipeline.close()


if __name__ == "__main__":
    sys.exit(main())
