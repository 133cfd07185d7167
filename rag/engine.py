"""Footnote inside a llama-index program: a retriever and a query engine over a pipeline.

    engine = FootnoteQueryEngine(Pipeline.open("docs"))
    response = engine.query("who led the US delegation?")
    response.source_nodes            the citations: exact quotes with their offsets
    response.metadata["answer"]      the whole `Answer` as a dict

This module imports llama-index, which takes seconds.
"""

from __future__ import annotations

import asyncio

from llama_index.core.base.base_query_engine import BaseQueryEngine
from llama_index.core.base.base_retriever import BaseRetriever
from llama_index.core.base.response.schema import Response
from llama_index.core.prompts.mixin import PromptMixinType
from llama_index.core.schema import NodeWithScore, QueryBundle

from rag.nodes import citation_node, to_node
from rag.pipeline import Pipeline
from rag.types import Filters


class FootnoteRetriever(BaseRetriever):  # type: ignore[misc]  # its base is not followed
    """The pipeline's search (dense and BM25, fused) as a llama-index retriever."""

    def __init__(
        self, pipeline: Pipeline, *, top_k: int | None = None, filters: Filters | None = None
    ) -> None:
        super().__init__()
        self._pipeline = pipeline
        self._top_k = top_k
        self._filters = filters or Filters()

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        found = self._pipeline.search(
            query_bundle.query_str, top_k=self._top_k, filters=self._filters
        )
        about = {
            path: self._pipeline.document(path).metadata
            for path in {scored.chunk.document for scored in found}
        }
        return [to_node(scored, about[scored.chunk.document]) for scored in found]


class FootnoteQueryEngine(BaseQueryEngine):  # type: ignore[misc]  # its base is not followed
    """The pipeline as a llama-index query engine; an abstention is a response without sources."""

    def __init__(self, pipeline: Pipeline, *, filters: Filters | None = None) -> None:
        super().__init__(callback_manager=None)
        self._pipeline = pipeline
        self._filters = filters or Filters()

    def retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        """The passages the answer would be made from."""
        retriever = FootnoteRetriever(self._pipeline, filters=self._filters)
        found: list[NodeWithScore] = retriever.retrieve(query_bundle)
        return found

    def _query(self, query_bundle: QueryBundle) -> Response:
        answer = self._pipeline.ask(query_bundle.query_str, filters=self._filters)
        return Response(
            response=answer.text,
            source_nodes=[citation_node(citation) for citation in answer.citations],
            metadata={"answer": answer.to_dict(), "abstained": answer.abstained},
        )

    async def _aquery(self, query_bundle: QueryBundle) -> Response:
        return await asyncio.to_thread(self._query, query_bundle)

    def _get_prompt_modules(self) -> PromptMixinType:
        return {}
