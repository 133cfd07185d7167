"""Who else says so, and who says otherwise.

Sentences of other documents that state the same are witnesses: cited together, near-identical
wording (syndicated copies, the same quotation) counted once. Sentences about the same thing with
another number, day or place are a conflict: shown side by side, never merged.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from rag.answer.forms import DATE, FORMS
from rag.answer.question import Question
from rag.answer.select import Ranked
from rag.dates import WEEKDAYS

SAME_FACT = 0.72
SAME_SUBJECT = 0.5
_READ_PROBABILITY = 0.6
_COPY_RATIO = 82.0
_QUOTED_RATIO = 90.0
_QUOTATION = re.compile(r"[“\"]([^”\"]{30,})[”\"]")
_KINDS = {"when": "date", "how_many": "number", "where": "place"}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


@dataclass(frozen=True)
class Stated:
    """A value that a sentence gives for what the question asks, with the sentence."""

    value: str
    ranked: Ranked


def same_fact(a: Ranked, b: Ranked) -> bool:
    """True when two sentences of different documents say nearly the same."""
    if a.candidate.document.path == b.candidate.document.path:
        return False
    numbers, others = _numbers(a.candidate.text), _numbers(b.candidate.text)
    if numbers and others and not numbers & others:
        return False
    return _similarity(a, b) >= SAME_FACT or _is_copy(a.candidate.text, b.candidate.text)


def count_independent(texts: Sequence[str]) -> int:
    """Number of texts when copies of each other count once."""
    kept: list[str] = []
    for text in texts:
        if not any(_is_copy(text, other) for other in kept):
            kept.append(text)
    return len(kept)


def conflicting_values(question: Question, ranked: Sequence[Ranked], depth: int) -> list[Stated]:
    """One statement per differing value, best first; empty unless documents really differ.

    Only questions for a date, a number or a place are compared, and only sentences about the same
    subject as the best one, each with a value of its own.
    """
    if question.type not in _KINDS or not ranked:
        return []
    best = ranked[0]
    stated: list[Stated] = []
    for each in ranked[:depth]:
        value = value_of(question, each)
        if not value or (each is not best and not _is_rival(best, each)):
            continue
        if all(not compatible(question.type, value, other.value) for other in stated):
            stated.append(Stated(value, each))
    documents = {each.ranked.candidate.document.path for each in stated}
    return stated if len(stated) > 1 and len(documents) > 1 and stated[0].ranked is best else []


def conflict_kind(question: Question) -> str:
    """What the values of this kind of question are called."""
    return _KINDS.get(question.type, "value")


def value_of(question: Question, ranked: Ranked) -> str:
    """The date, number or place that the sentence gives: the reader's span where it has that
    form, else the only one in the sentence that the question does not hold itself."""
    finder = FORMS[question.type]
    found = ranked.answer_span_text
    if found and finder(found) and found in ranked.candidate.text:
        return found
    text = ranked.candidate.text
    given = question.text.lower()
    values = [span.of(text) for span in finder(text) if span.of(text).lower() not in given]
    return values[0] if len(values) == 1 else ""


def compatible(kind: str, a: str, b: str) -> bool:
    """True when both values can be true of one thing: no part that both give differs."""
    if kind == "when":
        first, second = _date_parts(a), _date_parts(b)
        shared = first.keys() & second.keys()
        return not shared or all(first[key] == second[key] for key in shared)
    if kind == "how_many":
        first_numbers, second_numbers = _numbers(a), _numbers(b)
        return not first_numbers or not second_numbers or bool(first_numbers & second_numbers)
    return fuzz.token_set_ratio(a.lower(), b.lower()) > 60


def _is_rival(best: Ranked, other: Ranked) -> bool:
    """A sentence of another document about the same subject that the ranker takes seriously."""
    if other.candidate.document.path == best.candidate.document.path:
        return False
    if _similarity(best, other) < SAME_SUBJECT:
        return False
    is_read = other.reading is not None and other.reading.probability >= _READ_PROBABILITY
    return is_read or other.share >= 0.15 * best.share


def _similarity(a: Ranked, b: Ranked) -> float:
    if a.candidate.vector is None or b.candidate.vector is None:
        return fuzz.token_set_ratio(a.candidate.text, b.candidate.text) / 130
    return float(a.candidate.vector @ b.candidate.vector)


def _is_copy(a: str, b: str) -> bool:
    if fuzz.ratio(a, b) >= _COPY_RATIO:
        return True
    return _shares_quotation(a, b) or _shares_quotation(b, a)


def _shares_quotation(a: str, b: str) -> bool:
    """True when a quotation of `a` stands, nearly to the letter, in `b`."""
    return any(
        len(quote) <= len(b) and fuzz.partial_ratio(quote, b) >= _QUOTED_RATIO
        for quote in _QUOTATION.findall(a)
    )


def _date_parts(text: str) -> dict[str, str]:
    lowered = text.lower()
    weekdays = [day for day in WEEKDAYS if day in lowered]
    parts = {"weekday": weekdays[0]} if weekdays else {}
    month = re.search(r"\b(" + "|".join(_MONTHS) + r")[a-z]*\b", lowered)
    year = re.search(r"\b(1[0-9]\d{2}|20\d{2})\b", lowered)
    day = re.search(r"\b(\d{1,2})(?:st|nd|rd|th)?\b", re.sub(r"\d{4}", " ", lowered))
    if month:
        parts["month"] = month.group(1)
    if year:
        parts["year"] = year.group(1)
    if day and month:
        parts["day"] = day.group(1)
    return parts if DATE.search(text) else {}


def _numbers(text: str) -> set[str]:
    return {match.replace(",", "") for match in re.findall(r"\d+(?:[.,]\d+)*", text)}
