"""The answerer without a language model: quotes the sentences that answer, exactly, or declines."""

from __future__ import annotations

from rag.answer.about import answer_about
from rag.answer.abstain import decline, foreign_names
from rag.answer.compose import Answered, compose
from rag.answer.select import Selection, select_sentences
from rag.gather import Gathered
from rag.reader import Reader
from rag.settings import RagSettings
from rag.types import Answer


def answer_extractively(gathered: Gathered, reader: Reader | None, settings: RagSettings) -> Answer:
    """Select, then compose or decline; of several questions those are answered that can be.

    What an article says of itself is asked of its metadata.
    """
    about = None if gathered.parts else answer_about(gathered.question, gathered.evidence)
    if about is not None:
        return about
    answered: list[Answered] = []
    declined: list[tuple[Gathered, Selection]] = []
    for part in gathered.parts or (gathered,):
        selection = _select(part, reader, settings)
        if _is_refused(part, selection, settings):
            declined.append((part, selection))
        else:
            answered.append(Answered(part.question, selection))
    if not answered:
        # A single question is the whole of it, and reading is what takes the time.
        whole = _select(gathered, reader, settings) if gathered.parts else declined[0][1]
        return decline(gathered.question, whole, gathered.weights, settings.answering)
    left = [part.question.text for part, _ in declined]
    return compose(gathered.question, answered, settings.answering, unanswered=left)


def _select(gathered: Gathered, reader: Reader | None, settings: RagSettings) -> Selection:
    return select_sentences(
        gathered.question,
        gathered.candidates,
        gathered.weights,
        reader,
        max_passages=settings.reader.max_passages,
    )


def _is_refused(gathered: Gathered, selection: Selection, settings: RagSettings) -> bool:
    unsure = selection.confidence < settings.answering.min_confidence
    foreign = foreign_names(gathered.question, gathered.weights)
    return bool(not selection.ranked or unsure or foreign)
