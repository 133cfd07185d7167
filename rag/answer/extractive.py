"""The answerer without a language model: quotes the sentences that answer, exactly, with [n]."""

from __future__ import annotations

from collections.abc import Sequence

from rag.answer.candidates import Candidate
from rag.answer.cite import make_citation, make_passage
from rag.settings import AnsweringSettings
from rag.types import Answer, AnswerSentence

NO_ANSWER = "The documents do not answer this."


def fused_score(candidate: Candidate, candidates: Sequence[Candidate]) -> float:
    """Mean reciprocal rank over the sentence's and its window's dense and BM25 signals."""
    signals = ("dense", "dense_window", "bm25", "bm25_window")
    ranks = (
        1 + sum(getattr(other, name) > getattr(candidate, name) for other in candidates)
        for name in signals
    )
    return sum(1.0 / (10 + rank) for rank in ranks)


def answer_extractively(
    question: str, candidates: Sequence[Candidate], settings: AnsweringSettings
) -> Answer:
    """Quote the best sentences, or abstain with the nearest passages."""
    ranked = sorted(candidates, key=lambda each: -fused_score(each, candidates))
    confidence = max((max(each.dense, 0.0) + each.coverage_window for each in ranked[:3]), default=0) / 2
    if confidence < settings.min_confidence:
        return abstain(question, ranked, confidence, settings)
    citations, sentences = [], []
    for number, candidate in enumerate(ranked[: settings.max_sentences], start=1):
        citations.append(make_citation(number, candidate.document, candidate.span))
        sentences.append(AnswerSentence(f"{candidate.text} [{number}]", (number,)))
    return Answer(
        question=question,
        text=" ".join(each.text for each in sentences),
        abstained=False,
        citations=tuple(citations),
        sentences=tuple(sentences),
        confidence=confidence,
    )


def abstain(
    question: str,
    ranked: Sequence[Candidate],
    confidence: float,
    settings: AnsweringSettings,
    reason: str = "",
) -> Answer:
    """Decline, with the passages that came closest."""
    nearest = tuple(
        make_passage(each.document, each.span, max(each.dense, each.coverage))
        for each in ranked[: settings.nearest]
    )
    text = f"{NO_ANSWER} {reason}".strip()
    return Answer(question, text, abstained=True, nearest=nearest, confidence=confidence)
