"""Dates written in text, as ISO days.

dateparser does the reading; this module decides what may be read: a full calendar day, never a
relative expression, so that the day a program runs on cannot leak into an answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

from rag.types import Span

_MONTHS = (
    "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    "|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?"
)
# A full day in a form that reads one way only: 2024-01-31, Jan. 31, 2024, 31st January 2024.
DAY = (
    r"(?:\d{4}[-/]\d{2}[-/]\d{2}(?!\d)"
    rf"|(?:{_MONTHS})\.? \d{{1,2}}(?:st|nd|rd|th)?,? \d{{4}}\b"
    rf"|\b\d{{1,2}}(?:st|nd|rd|th)? (?:{_MONTHS})\.?,? \d{{4}}\b)"
)
_DAY = re.compile(rf"(?i)(?<![\w/.-]){DAY}")
_ISO = re.compile(r"(\d{4})[-/](\d{2})[-/](\d{2})")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def days(text: str) -> Iterator[tuple[Span, str]]:
    """Every full day that `text` spells out, with its ISO form, in order."""
    for match in _DAY.finditer(text):
        iso = parse_date(match.group())
        if iso:
            yield Span(*match.span()), iso


def parse_date(text: str) -> str:
    """The ISO day that `text` spells out in full, or "" when it holds none."""
    match = _DAY.search(text or "")
    if not match:
        return ""
    iso = _ISO.match(match.group())
    if iso:
        try:
            return date(*map(int, iso.groups())).isoformat()
        except ValueError:
            return ""
    import dateparser

    found = dateparser.parse(
        match.group(),
        languages=["en"],
        settings={"STRICT_PARSING": True, "REQUIRE_PARTS": ["day", "month", "year"]},
    )
    return found.date().isoformat() if found else ""


def weekday_before(published: str, weekday: str) -> str:
    """ISO day of the last `weekday` on or before `published` (ISO); "" when either is unknown.

    News text means the nearest such day up to its own date: "on Tuesday" in an article of
    Wednesday 31 January is 30 January.
    """
    name = weekday.strip().lower()
    if not published or name not in WEEKDAYS:
        return ""
    day = date.fromisoformat(published)
    return (day - timedelta(days=(day.weekday() - WEEKDAYS.index(name)) % 7)).isoformat()
