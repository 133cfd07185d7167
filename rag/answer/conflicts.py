"""Who says otherwise: sentences about the same thing with another date, number, place or name.

The values are the words that the reader found for the question, compared by what kind of thing they
are; differing ones are shown side by side, never merged. "About 600" and "some 300" differ, "Tuesday"
and "March 3" need not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rapidfuzz import fuzz

from rag.answer.agree import numbers_in, similarity
from rag.answer.forms import DATE, persons, places, quantities
from rag.answer.question import Question
from rag.answer.select import Ranked
from rag.dates import WEEKDAYS
from rag.types import Span

Kind = Literal["date", "number", "place", "name"]

SAME_SUBJECT = 0.5
_SURE = 0.6
"""Least answer probability of a side whose sentence is no likeness of the best one."""
_KINDS: dict[str, Kind] = {
    "when": "date",
    "how_many": "number",
    "where": "place",
    "who": "name",
    "who_said": "name",
}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


@dataclass(frozen=True)
class Stated:
    """A value that a sentence gives for what the question asks, with the sentence."""

    value: str
    ranked: Ranked


@dataclass(frozen=True)
class Disagreement:
    """Differing values of one kind, the best one first."""

    kind: Kind
    sides: tuple[Stated, ...]


def find_disagreement(
    question: Question, ranked: Sequence[Ranked], depth: int
) -> Disagreement | None:
    """One statement per differing value among the `depth` best; None unless documents differ."""
    kind = _kind(question, ranked[0]) if ranked else None
    if kind is None:
        return None
    best = ranked[0]
    sides: list[Stated] = []
    for each in ranked[:depth]:
        value = value_of(kind, question, each)
        if not value or (each is not best and not _is_rival(best, each)):
            continue
        if all(not compatible(kind, value, other.value) for other in sides):
            sides.append(Stated(value, each))
    documents = {each.ranked.candidate.document.path for each in sides}
    if len(sides) < 2 or len(documents) < 2 or sides[0].ranked is not best:
        return None
    return Disagreement(kind, tuple(sides))


def value_of(kind: Kind, question: Question, ranked: Ranked) -> str:
    """The date, number, place or name that the sentence gives: the reader's words where they have
    that form, else the only one in the sentence that the question does not hold itself."""
    found = ranked.answer_span_text
    if found and _spans(kind, found):
        return found
    text, given = ranked.candidate.text, question.text.lower()
    values = [span.of(text) for span in _spans(kind, text) if span.of(text).lower() not in given]
    return values[0] if len(values) == 1 and kind != "name" else ""


def compatible(kind: Kind, a: str, b: str) -> bool:
    """True when both values can be true of one thing: no part that both give differs."""
    if kind == "date":
        first, second = _date_parts(a), _date_parts(b)
        shared = first.keys() & second.keys()
        return not shared or all(first[key] == second[key] for key in shared)
    if kind == "number":
        numbers, others = numbers_in(a), numbers_in(b)
        return not numbers or not others or bool(numbers & others)
    return fuzz.token_set_ratio(a.lower(), b.lower()) > 60


def _kind(question: Question, best: Ranked) -> Kind | None:
    """What the question asks for; where its wording does not tell, what the best answer is."""
    if question.type in _KINDS:
        return _KINDS[question.type]
    found = best.answer_span_text
    if question.type != "what" or not found:
        return None
    if DATE.search(found):
        return "date"
    return "number" if quantities(found) else None


def _spans(kind: Kind, text: str) -> list[Span]:
    if kind == "date":
        return [Span(*match.span()) for match in DATE.finditer(text)]
    if kind == "number":
        return quantities(text)
    return places(text) if kind == "place" else persons(text)


def _is_rival(best: Ranked, other: Ranked) -> bool:
    """A sentence of another document about the same subject that the ranker takes seriously."""
    if other.candidate.document.path == best.candidate.document.path:
        return False
    if similarity(best, other) < SAME_SUBJECT:
        return False
    is_read = other.reading is not None and other.reading.probability >= _SURE
    return is_read or other.share >= 0.15 * best.share


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
