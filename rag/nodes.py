"""Our values as llama-index's and back: chunks as nodes, its embeddings and rerankers as our parts.

Takes and gives the objects of both sides; nothing is lost on the way, and a span stays exact.
This module imports llama-index, which takes seconds: import it inside functions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode
from numpy.typing import NDArray

from rag.types import Chunk, Citation, DocumentMetadata, ScoredChunk, Span

if TYPE_CHECKING:
    from llama_index.core.base.embeddings.base import BaseEmbedding
    from llama_index.core.postprocessor.types import BaseNodePostprocessor

_EMBED_AT_ONCE = 64
_UNKNOWN = DocumentMetadata()


class EmbeddingEncoder:
    """A llama-index embedding as the encoder of a pipeline: unit vectors, batch by batch."""

    def __init__(self, embedding: BaseEmbedding) -> None:
        self._embedding = embedding
        self.name = f"{type(embedding).__name__}:{embedding.model_name}"

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of `texts`, shape (n_texts, dim), each of length 1."""
        rows: list[list[float]] = []
        for start in range(0, len(texts), _EMBED_AT_ONCE):
            batch = list(texts[start : start + _EMBED_AT_ONCE])
            rows += self._embedding.get_text_embedding_batch(batch)
        vectors = np.asarray(rows, dtype=np.float32)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        unit: NDArray[np.float32] = vectors / np.maximum(lengths, 1e-12)
        return unit


def to_node(scored: ScoredChunk, about: DocumentMetadata = _UNKNOWN) -> NodeWithScore:
    """A chunk as a llama-index node; its id and offsets are kept. `about` is its document's."""
    return NodeWithScore(node=_text_node(scored.chunk, about), score=scored.score)


def citation_node(citation: Citation) -> NodeWithScore:
    """A citation as a source node: its text is the exact quote."""
    node = TextNode(
        id_=f"{citation.document}:{citation.start}-{citation.end}",
        text=citation.quote,
        start_char_idx=citation.start,
        end_char_idx=citation.end,
        metadata={
            "document": citation.document,
            "number": citation.number,
            **_source(citation),
        },
    )
    return NodeWithScore(node=node, score=1.0)


def from_node(found: NodeWithScore) -> ScoredChunk:
    """The chunk of a node made by `to_node`."""
    node = found.node
    span = Span(node.start_char_idx, node.end_char_idx)
    chunk = Chunk(
        id=node.node_id,
        document=node.metadata["document"],
        span=span,
        text=node.get_content(),
        token_count=node.metadata["token_count"],
        sentences=tuple(Span(start, end) for start, end in node.metadata["sentences"]),
    )
    return ScoredChunk(chunk, float(found.score or 0.0))


def rerank(
    question: str, chunks: Sequence[ScoredChunk], reranker: BaseNodePostprocessor
) -> list[ScoredChunk]:
    """`chunks` in the order and with the scores that a llama-index postprocessor gives them.

    What the searches found out about a chunk (cosine, BM25, duplicates) is kept.
    """
    known = {scored.chunk.id: scored for scored in chunks}
    nodes = reranker.postprocess_nodes(
        [to_node(scored) for scored in chunks], query_bundle=QueryBundle(question)
    )
    return [
        replace(known[node.node.node_id], score=float(node.score or 0.0))
        for node in nodes
        if node.node.node_id in known
    ]


def _source(about: DocumentMetadata | Citation) -> dict[str, str]:
    """Where a text comes from, as people and filters name it."""
    return {"title": about.title, "outlet": about.outlet, "published": about.published}


def _text_node(chunk: Chunk, about: DocumentMetadata) -> TextNode:
    return TextNode(
        id_=chunk.id,
        text=chunk.text,
        start_char_idx=chunk.span.start,
        end_char_idx=chunk.span.end,
        metadata={
            "document": chunk.document,
            **_source(about),
            "token_count": chunk.token_count,
            "sentences": [(span.start, span.end) for span in chunk.sentences],
        },
        excluded_embed_metadata_keys=["token_count", "sentences"],
        excluded_llm_metadata_keys=["token_count", "sentences"],
    )
