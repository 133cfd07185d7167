"""The answerer without a language model: quotes the sentences that answer, exactly, or declines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rag.answer.abstain import decline, foreign_names
from rag.answer.candidates import Candidate, QueryWeights
from rag.answer.compose import compose
from rag.answer.question import Question
from rag.answer.select import select_sentences
from rag.reader import Reader
from rag.settings import RagSettings
from rag.types import Answer, Span


def answer_extractively(
    question: Question,
    candidates: Sequence[Candidate],
    weights: QueryWeights,
    sentences: Mapping[str, Sequence[Span]],
    reader: Reader | None,
    settings: RagSettings,
) -> Answer:
    """Select, then compose or decline. `sentences` are the sentences of each candidate's document."""
    selection = select_sentences(
        question, candidates, weights, reader, max_passages=settings.reader.max_passages
    )
    unsure = selection.confidence < settings.answering.min_confidence
    if not selection.ranked or unsure or foreign_names(question, weights):
        return decline(question, selection, weights, settings.answering)
    return compose(question, selection, sentences, settings.answering)
