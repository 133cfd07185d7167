"""Which sentences answer, and how sure that is: candidates in, a ranked selection out.

A first linear model picks the windows worth reading; the reader looks at question and window
together; a second linear model ranks with all signals; a third gives the probability that the
best sentences answer the question. Without a reader the first ranking stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag.analyze import terms
from rag.answer.candidates import Candidate, QueryWeights
from rag.answer.model import load_model
from rag.answer.question import Question
from rag.answer.reading import SentenceReading, read_sentences
from rag.answer.signals import SENTENCE_SIGNALS, unread_signals, with_readings
from rag.reader import Reader

Array = NDArray[np.float64]

CONFIDENCE_SIGNALS = (
    "score", "share", "margin", "dense", "dense_best", "dense_window_best", "coverage",
    "coverage_window", "coverage_window_best", "missing_share", "missing_names", "missing_rarity", "missing_rarest", "form",
    "numbers", "terms", "reader", "reader_best", "reader_probability", "reader_probability_best",
    "reader_probability_top3", "reader_logit", "reader_logit_best", "reader_votes", "reader_open", "open",
)  # fmt: skip

OPEN_TYPES = frozenset(("why", "how", "yes_no", "list", "compare"))
"""Types whose answer is seldom a short span, which is what the reader knows best."""


@dataclass(frozen=True)
class Ranked:
    """A candidate with its rank score, its share of all candidates' weight, and its reading."""

    candidate: Candidate
    score: float
    share: float
    """Softmax of the scores: how much of the belief falls on this sentence, in [0, 1]."""
    reading: SentenceReading | None

    @property
    def answer_span_text(self) -> str:
        """The words the reader found in the sentence, empty when it was not read."""
        return self.reading.text(self.candidate.document) if self.reading else ""


@dataclass(frozen=True)
class Selection:
    """Candidates best first, and the probability that the first few answer the question."""

    ranked: tuple[Ranked, ...]
    confidence: float


def select_sentences(
    question: Question,
    candidates: Sequence[Candidate],
    weights: QueryWeights,
    reader: Reader | None,
    *,
    max_passages: int,
) -> Selection:
    """Rank the candidates; ties keep the order of retrieval."""
    if not candidates:
        return Selection((), 0.0)
    has_vectors = any(each.vector is not None for each in candidates)
    model = load_model(reader=reader is not None, dense=has_vectors)
    signals = unread_signals(question, candidates)
    readings: list[SentenceReading | None] = [None] * len(candidates)
    if reader is not None:
        first = [int(i) for i in np.argsort(-model.first.score(signals), kind="stable")]
        readings = read_sentences(question.text, candidates, first, reader, most=max_passages)
        signals = with_readings(signals, candidates, readings)
    scores = model.ranker.score(signals)
    order = np.argsort(-scores, kind="stable")
    shares = np.exp(scores - scores.max())
    shares /= shares.sum()
    row = confidence_signals(question, signals, scores, weights)
    return Selection(
        tuple(
            Ranked(candidates[i], float(scores[i]), float(shares[i]), readings[i]) for i in order
        ),
        float(model.confidence.probability(row[None, :])[0]),
    )


def confidence_signals(
    question: Question, signals: Array, scores: Array, weights: QueryWeights
) -> Array:
    """What tells an answerable question from one the corpus does not answer, in the order of
    CONFIDENCE_SIGNALS; `signals` and `scores` are of all candidates."""
    column = {name: signals[:, index] for index, name in enumerate(SENTENCE_SIGNALS)}
    shares = np.exp(scores - scores.max())
    shares = np.sort(shares / shares.sum())[::-1]
    best = int(np.argmax(scores))
    probabilities = np.sort(column["reader_probability"])[::-1]
    is_open = question.type in OPEN_TYPES
    named = {term for name in question.names for term in terms(name, stopwords=False)}
    values = {
        "score": scores[best],
        "share": shares[0],
        "margin": shares[0] - (shares[1] if len(shares) > 1 else 0.0),
        "dense": column["dense"][best],
        "dense_best": column["dense"].max(),
        "dense_window_best": column["dense_window"].max(),
        "coverage": column["coverage"][best],
        "coverage_window": column["coverage_window"][best],
        "coverage_window_best": column["coverage_window"].max(),
        "missing_share": weights.missing_share,
        "missing_rarity": min(weights.missing_rarity, 3.0),
        "missing_rarest": weights.missing_rarest,
        "missing_names": float(len(named & weights.missing)),
        "form": column["form"][best],
        "numbers": column["numbers_window"][best],
        "terms": min(len(question.content), 12) / 12,
        "reader": column["reader"][best],
        "reader_best": column["reader"].max(),
        "reader_probability": column["reader_probability"][best],
        "reader_probability_best": probabilities[0],
        "reader_probability_top3": probabilities[:3].mean(),
        "reader_logit": _logit(column["reader_probability"][best]),
        "reader_logit_best": _logit(probabilities[0]),
        "reader_votes": column["reader_votes"][best],
        "reader_open": column["reader_probability"][best] if is_open else 0.0,
        "open": float(is_open),
    }
    return np.array([float(values[name]) for name in CONFIDENCE_SIGNALS])


def _logit(probability: float) -> float:
    """Log odds over 4, at most about 1 either way: between sure and very sure they still differ."""
    kept = min(max(float(probability), 0.015), 0.985)
    return float(np.log(kept / (1 - kept))) / 4
