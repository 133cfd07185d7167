"""Declining: when the documents do not hold the answer, saying so and why, with what came closest."""

from __future__ import annotations

from rag.analyze import terms
from rag.answer.candidates import QueryWeights
from rag.answer.cite import make_passage
from rag.answer.question import Question
from rag.answer.select import Selection
from rag.settings import AnsweringSettings
from rag.spelling import rarity
from rag.types import Answer

NO_ANSWER = "The documents do not answer this."
_LEAST_RARITY = 0.05  # "because" says nothing about what the documents lack
NO_MATCH = "No document matches the chosen filters."


def decline(
    question: Question,
    selection: Selection,
    weights: QueryWeights,
    settings: AnsweringSettings,
    reason: str = "",
) -> Answer:
    """An abstention with the nearest passages, and the words that nothing here mentions."""
    nearest = tuple(
        make_passage(each.candidate.document, each.candidate.span, each.share)
        for each in selection.ranked[: settings.nearest]
    )
    text = " ".join(filter(None, (NO_ANSWER, reason or unmentioned(question, weights))))
    return Answer(
        question=question.text,
        text=text,
        abstained=True,
        nearest=nearest,
        confidence=selection.confidence,
    )


def foreign_names(question: Question, weights: QueryWeights) -> list[str]:
    """Names of the question of which no word stands anywhere in the corpus.

    None where the question offers a choice: the other alternative may be the answer.
    """
    if any(word.surface.lower() == "or" for word in question.words):
        return []
    found = []
    for name in question.names:
        parts = [term for term in terms(name, stopwords=False) if not term.isdigit()]
        if parts and weights.missing.issuperset(parts):
            found.append(name)
    return found


def unmentioned(question: Question, weights: QueryWeights) -> str:
    """The question's names, else its words, that stand nowhere in the corpus, as a sentence."""
    words = [
        word.surface
        for word in question.words
        if word.term in weights.missing and rarity(word.surface) >= _LEAST_RARITY
    ]
    missing = list(dict.fromkeys(foreign_names(question, weights) or words))[:3]
    if not missing:
        return ""
    return f"Nothing here mentions {' or '.join(f'“{each}”' for each in missing)}."
