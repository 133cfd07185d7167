"""What speaks for each candidate sentence, as numbers that a small model can weigh.

Columns of the matrix are named in `SENTENCE_SIGNALS`; higher never has to mean better, the
fitted weights decide. Rank signals are 1 / (1 + rank / 3), so the first few ranks matter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from rag.analyze import terms
from rag.answer.candidates import Candidate
from rag.answer.forms import asks_form, has_form
from rag.answer.question import Question
from rag.answer.reading import SentenceReading

Matrix = NDArray[np.float64]

SENTENCE_SIGNALS = (
    "dense", "dense_window", "dense_rank", "dense_window_rank",
    "bm25", "bm25_rank", "bm25_window_rank", "coverage", "coverage_window",
    "form", "form_window", "new_terms", "echo", "names", "names_window", "numbers_window",
    "no_end_mark", "is_question", "words", "chunk_rank",
    "reader", "reader_rank", "reader_probability", "reader_best_of_window", "reader_votes",
)  # fmt: skip
_END_MARKS = tuple(".!?…\"”’')]。！？")


def unread_signals(question: Question, candidates: Sequence[Candidate]) -> Matrix:
    """Signals of each candidate before any was read: those of the reader are 0."""
    if not candidates:
        return np.zeros((0, len(SENTENCE_SIGNALS)))
    columns = {
        "dense": [c.dense for c in candidates],
        "dense_window": [c.dense_window for c in candidates],
        "bm25": [c.bm25 / 10 for c in candidates],
        "coverage": [c.coverage for c in candidates],
        "coverage_window": [c.coverage_window for c in candidates],
        "chunk_rank": [1 / (1 + c.chunk_rank / 3) for c in candidates],
        "dense_rank": _rank_signal([c.dense for c in candidates]),
        "dense_window_rank": _rank_signal([c.dense_window for c in candidates]),
        "bm25_rank": _rank_signal([c.bm25 for c in candidates]),
        "bm25_window_rank": _rank_signal([c.bm25_window for c in candidates]),
        **_text_columns(question, candidates),
    }
    unread = [0.0] * len(candidates)
    return np.array([columns.get(name, unread) for name in SENTENCE_SIGNALS], dtype=float).T


def with_readings(
    signals: Matrix, candidates: Sequence[Candidate], readings: Sequence[SentenceReading | None]
) -> Matrix:
    """`signals` of `candidates` with the reader's columns filled in."""
    filled = signals.copy(order="K")  # another layout would add up in another order
    for name, column in _reader_columns(candidates, readings).items():
        filled[:, SENTENCE_SIGNALS.index(name)] = column
    return filled


def _rank_signal(values: Sequence[float]) -> list[float]:
    """1 / (1 + rank / 3), equal values sharing the better rank; 0 where the value is 0."""
    ordered = sorted(values, reverse=True)
    first = {value: rank for rank, value in reversed(list(enumerate(ordered)))}
    return [1 / (1 + first[value] / 3) if value else 0.0 for value in values]


def _text_columns(question: Question, candidates: Sequence[Candidate]) -> dict[str, list[float]]:
    asked = set(question.content)
    named = {term for name in question.names for term in terms(name, stopwords=False)}
    numbers = set(question.numbers)
    columns: dict[str, list[float]] = {
        name: [] for name in ("form", "form_window", "new_terms", "echo", "names", "names_window",
                              "numbers_window", "no_end_mark", "is_question", "words")
    }  # fmt: skip
    for candidate in candidates:
        text, window = candidate.text, candidate.window.of(candidate.document.text)
        inside, around = set(terms(text, stopwords=False)), set(terms(window, stopwords=False))
        columns["form"].append(_form(question, text))
        columns["form_window"].append(_form(question, window))
        columns["new_terms"].append(min(len(inside - asked), 20) / 20)
        columns["echo"].append(len(inside & asked) / max(len(inside), 1))
        columns["names"].append(_share(named, inside))
        columns["names_window"].append(_share(named, around))
        columns["numbers_window"].append(_share(numbers, around))
        columns["no_end_mark"].append(float(not text.rstrip().endswith(_END_MARKS)))
        columns["is_question"].append(float(text.rstrip().endswith("?")))
        columns["words"].append(min(len(text.split()), 60) / 60)
    return columns


def _form(question: Question, text: str) -> float:
    """1 when the text holds the form asked for, -1 when it does not, 0 when none is asked for."""
    if not asks_form(question.type, question.text):
        return 0.0
    return 1.0 if has_form(question.type, text, unlike=question.text) else -1.0


def _share(wanted: set[str], present: set[str]) -> float:
    """Share of the wanted terms present, 1 when none is wanted."""
    return len(wanted & present) / len(wanted) if wanted else 1.0


def _reader_columns(
    candidates: Sequence[Candidate], readings: Sequence[SentenceReading | None]
) -> dict[str, list[float]]:
    """Nothing where nothing was read: weights fitted without a reader are used then."""
    read = [reading for reading in readings if reading is not None]
    if not read:
        return {}
    floor = min(reading.score for reading in read)
    scores = [reading.score if reading else floor - 1 for reading in readings]
    return {
        "reader": [float(np.clip(score, -15, 15)) / 5 for score in scores],
        "reader_rank": _rank_signal([score - floor + 2 for score in scores]),
        "reader_probability": [r.probability if r else 0.0 for r in readings],
        "reader_best_of_window": [float(r is not None and r.is_best) for r in readings],
        "reader_votes": _votes(candidates, readings),
    }


def _votes(
    candidates: Sequence[Candidate], readings: Sequence[SentenceReading | None]
) -> list[float]:
    """How surely the same words are found elsewhere too: for each candidate the sum of the answer
    probabilities of readings with equal terms at other places, at most 2."""
    places: dict[tuple[str, int], tuple[frozenset[str], float]] = {}
    found: list[tuple[tuple[str, int], frozenset[str]] | None] = []
    for candidate, reading in zip(candidates, readings, strict=True):
        if reading is None:
            found.append(None)
            continue
        span = reading.text(candidate.document)
        place = (candidate.document.path, reading.span.start)
        content = frozenset(terms(span) or terms(span, stopwords=False))
        surest = max(reading.probability, places.get(place, (content, 0.0))[1])
        places[place] = (content, surest)
        found.append((place, content))
    return [_elsewhere(each, places) if each else 0.0 for each in found]


def _elsewhere(
    found: tuple[tuple[str, int], frozenset[str]],
    places: Mapping[tuple[str, int], tuple[frozenset[str], float]],
) -> float:
    place, content = found
    same = (
        probability
        for other, (words, probability) in places.items()
        if other != place and content and words == content
    )
    return min(sum(same), 2.0)
