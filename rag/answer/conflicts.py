"""Who says otherwise: documents that give another date, number or place for what is asked.

The values are the words that the reader found, compared by what kind of thing they are; differing
ones are shown side by side, never merged. "About 600" and "some 300" differ, "Tuesday" and "March 3"
need not. Names are not compared: two persons who criticised a plan are no disagreement.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from rapidfuzz import fuzz

from rag.answer.agree import numbers_in, similarity
from rag.answer.claims import key_of
from rag.answer.forms import DATE, FORMS
from rag.answer.question import Question
from rag.answer.select import Ranked
from rag.dates import WEEKDAYS, days

Kind = Literal["date", "number", "place"]

# Either the reader finds an answer surely on both sides, or the sentences are much alike and it finds
# some answer. On sixteen invented news corpora this told 6 of 51 differences and 9 of 725 that nobody
# had marked, about half of which are some; surer than 0.65 alone told 10 of 50 and 10 of 722.
_SURE, _RELATED = 0.75, 0.1
_SOME, _ALIKE = 0.1, 0.7
_KINDS: dict[str, Kind] = {"when": "date", "how_many": "number", "where": "place"}
_FORMS = {kind: FORMS[question_type] for question_type, kind in _KINDS.items()}
_MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september",
           "october", "november", "december")  # fmt: skip
_MONTH = re.compile(
    r"\b(jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec|" + "|".join(_MONTHS) + r")\b"
)
_PLAIN_WORDS = re.compile(
    r"(?i)\b(?:about|around|some|nearly|almost|over|more than|at least|up to|only|the|a|an|in|on|at|by"
    r"|since|until|from|of)\b"
)


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
    """One statement per differing value among the `depth` best; None where documents agree."""
    kind = _kind(question, ranked[0]) if ranked else None
    first = value_of(kind, question, ranked[0]) if kind else ""
    if kind is None or not first:
        return None
    sides = [Stated(first, ranked[0])]
    for each in ranked[1:depth]:
        value = value_of(kind, question, each) if _is_rival(ranked[0], each) else ""
        if value and all(not compatible(kind, value, other.value) for other in sides):
            sides.append(Stated(value, each))
    return Disagreement(kind, tuple(sides)) if len(sides) > 1 else None


def value_of(kind: Kind, question: Question, ranked: Ranked) -> str:
    """The date, number or place that the sentence gives: the reader's words where they have that
    form, else the only one in the sentence that the question does not hold itself."""
    find, found = _FORMS[kind], ranked.answer_span_text
    if found and find(found):
        return found if question.type in _KINDS or _is_all(kind, found) else ""
    text, given = ranked.candidate.text, question.text.lower()
    values = [span.of(text) for span in find(text) if span.of(text).lower() not in given]
    return values[0] if len(values) == 1 else ""


def compatible(kind: Kind, a: str, b: str) -> bool:
    """True when both values can be true of one thing: no part that both give differs."""
    if kind == "date":
        first, second = _date_parts(a), _date_parts(b)
        return all(first[key] & second[key] for key in first.keys() & second.keys())
    if kind == "number":
        numbers, others = numbers_in(a), numbers_in(b)
        return not numbers or not others or bool(numbers & others)
    words, other_words = set(map(key_of, a.split())), set(map(key_of, b.split()))
    return words <= other_words or other_words <= words or fuzz.ratio(a.lower(), b.lower()) > 90


def _kind(question: Question, best: Ranked) -> Kind | None:
    """What the question asks for; where its wording does not tell, what the best answer is."""
    if question.type in _KINDS:
        return _KINDS[question.type]
    found = best.answer_span_text
    if question.type != "what" or not found:
        return None
    return next((kind for kind in ("date", "number") if _is_all(kind, found)), None)


def _is_all(kind: Kind, text: str) -> bool:
    """True when a date or quantity, with at most a word for its unit, is all that `text` holds."""
    spans = _FORMS[kind](text)
    rest = text
    for span in reversed(spans):
        rest = rest[: span.start] + rest[span.end :]
    return bool(spans) and len(_PLAIN_WORDS.sub("", rest).split()) <= 1


def _is_rival(best: Ranked, other: Ranked) -> bool:
    """The sentence of another document that answers too, as far as the reader can tell."""
    if other.candidate.document.path == best.candidate.document.path:
        return False
    if best.reading is None or other.reading is None or not other.reading.is_best:
        return False
    likeness = similarity(best, other)
    least = min(best.reading.probability, other.reading.probability)
    if least >= _SURE and likeness >= _RELATED:
        return True
    return likeness >= _ALIKE and other.reading.probability >= _SOME


def _date_parts(text: str) -> dict[str, set[str]]:
    """The weekdays, months, days and years that `text` gives, a range all that it names."""
    lowered = text.lower()
    parts: dict[str, set[str]] = {
        "weekday": {day for day in WEEKDAYS if day in lowered},
        "year": set(re.findall(r"\b(?:1[0-9]|20)\d{2}s?\b", lowered)),
        "month": set(),
        "day": set(),
    }
    for month, day in _days(lowered):
        parts["month"].add(month)
        parts["day"] |= {day} if day else set()
    return {key: values for key, values in parts.items() if values} if DATE.search(text) else {}


def _days(text: str) -> Iterator[tuple[str, str]]:
    """Month and day, where one stands beside it, of every month that `text` names."""
    for _, iso in days(text):
        _, month, day = iso.split("-")
        yield _MONTHS[int(month) - 1][:3], str(int(day))
    for match in _MONTH.finditer(text):
        before = re.search(r"(\d{1,2})(?:st|nd|rd|th)?(?: of)? $", text[: match.start()])
        after = re.match(r"\.? (\d{1,2})(?:st|nd|rd|th)?\b", text[match.end() :])
        found = after or before
        yield match.group(1)[:3], str(int(found.group(1))) if found else ""
