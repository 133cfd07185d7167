"""A question with what was found for it: passages, candidate sentences, and term weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rag.answer.candidates import Candidate, QueryWeights, collect_candidates
from rag.answer.evidence import Evidence
from rag.answer.parts import split_question, without_source_talk
from rag.answer.question import Question, analyse, asked_part
from rag.answer.sources import named_outlet
from rag.catalog import Catalog
from rag.followup import rewrite
from rag.index import Encoder
from rag.retrieve import Retriever
from rag.settings import RetrievalSettings
from rag.spelling import correct, meaningful_terms
from rag.types import Answer, Filters, ScoredChunk

if TYPE_CHECKING:
    from llama_index.core.postprocessor.types import BaseNodePostprocessor


@dataclass(frozen=True)
class Gathered:
    """What was found for a question, ready for an answerer."""

    question: Question
    evidence: Evidence
    candidates: tuple[Candidate, ...]
    weights: QueryWeights
    parts: tuple[Gathered, ...] = ()
    """What was found for each question of a compound one; empty for a single question."""


@dataclass(frozen=True)
class Gatherer:
    """Searches an open index for all that a question needs."""

    retriever: Retriever
    catalog: Catalog
    encoder: Encoder | None
    reranker: BaseNodePostprocessor | None
    settings: RetrievalSettings

    def gather(self, text: str, filters: Filters = Filters()) -> Gathered:
        """Evidence for a question, and for each question in it where it asks several."""
        typed = asked_part(text) or text
        asked = without_source_talk(typed)
        filters = self._with_named_outlet(asked, filters)
        compares = asked != typed
        whole = self._gather_one(asked, filters, compares=compares)
        parts = split_question(whole.question.text)
        if len(parts) == 1:
            return whole
        return replace(whole, parts=tuple(self._parts(parts, filters, compares=compares)))

    def _parts(self, parts: Sequence[str], filters: Filters, *, compares: bool) -> list[Gathered]:
        """Each part made self-contained from the ones before it, as a follow-up would be."""
        turns: list[Answer] = []
        found = []
        for part in parts:
            alone = rewrite(part, turns)
            alone = part if "(" in alone else alone  # a topic in brackets is no better to read
            found.append(self._gather_one(alone, filters, compares=compares))
            turns.append(Answer(question=alone, text="", abstained=True))
        return found

    def _gather_one(self, text: str, filters: Filters, *, compares: bool) -> Gathered:
        question = correct(text, self.retriever, self.catalog) if self.settings.fuzzy else text
        vector = self.encoder.encode([question])[0] if self.encoder else None
        wanted = self.retriever.query_terms(question)
        chunks = self.retriever.retrieve(
            question, top_k=self.settings.top_k, filters=filters, vector=vector, wanted=wanted
        )
        chunks = self._reranked(question, chunks)
        paths = {each.chunk.document for each in chunks}
        paths |= {twin.document for each in chunks for twin in each.duplicates}
        evidence = Evidence(tuple(chunks), {d.path: d for d in self.catalog.documents(paths)})
        analysed = analyse(question, compares=compares)
        weights = self._weights(analysed, wanted)
        matrices = self.catalog.sentence_vectors([each.chunk.id for each in chunks])
        candidates = collect_candidates(evidence, weights, vector, matrices)
        return Gathered(analysed, evidence, tuple(candidates), weights)

    def _reranked(self, question: str, chunks: list[ScoredChunk]) -> list[ScoredChunk]:
        if self.reranker is None:
            return chunks
        from rag.nodes import rerank

        return rerank(question, chunks, self.reranker)

    def _weights(self, question: Question, wanted: Sequence[str]) -> QueryWeights:
        """Rarity of the question's terms; a word whose kin stands in the corpus is not missing."""
        frequencies = self.catalog.document_frequencies([*wanted, *question.content])
        asked = meaningful_terms(question.words)
        kin = {t: 1 for t in asked if t not in frequencies and self.retriever.has_kin(t)}
        return QueryWeights(wanted, {**kin, **frequencies}, self.catalog.counts()[1], asked)

    def _with_named_outlet(self, question: str, filters: Filters) -> Filters:
        """ "According to Reuters, ..." asks Reuters alone, unless outlets are chosen already."""
        if filters.outlets:
            return filters
        outlet = named_outlet(question, self.retriever.outlets())
        return replace(filters, outlets=(outlet,)) if outlet else filters
