"""Forms an answer can take, found in text: dates, quantities, persons, places, reasons, speech.

General surface signals of English, each a span of the text, so that a short answer can be cut
from a quote. Used to see whether a sentence holds the kind of thing that a question asks for.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from rag.analyze import STOPWORDS
from rag.types import Span

_MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?"
    r"|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\.?"
)
_WEEKDAY = r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day"
DATE = re.compile(
    rf"\b(?:{_WEEKDAY},?\s+)?(?:{_MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?(?:,?\s+\d{{4}})?"
    rf"|\d{{1,2}}(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH}(?:,?\s+\d{{4}})?|{_MONTH}\s+\d{{4}}|{_WEEKDAY})(?!\w)"
    r"|\b\d{4}-\d{2}-\d{2}\b|\b(?:1[0-9]|20)\d{2}s?\b|\b(?:late|early|mid)[ -](?:1[0-9]|20)\d{2}s?\b"
    rf"|\b(?:in|since|by|until|last|next|this|of)\s+(?:January|February|March|April|June|July|August|September|October|November|December)\b"
    r"|(?i:\b(?:yesterday|today|tomorrow|tonight|(?:last|next|this|earlier this|later this|past)\s+"
    r"(?:week|month|year|night|summer|winter|spring|fall|autumn|decade|century)|\d+\s+(?:years|months|weeks|days|hours)\s+(?:ago|later|earlier)"
    r"|\d{1,2}(?:st|nd|rd|th)\s+century|\d{1,2}(?::\d{2})?\s?(?:a\.?m\.?|p\.?m\.?)))"
)
_NUMBER_WORD = (
    "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen"
    "|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundreds?|thousands?"
    "|millions?|billions?|dozens?|half|twice|thirds?|quarters?|several|double|triple"
)
QUANTITY = re.compile(
    rf"(?i)[$£€¥]\s?\d+(?:[.,]\d+)*(?:\s?(?:thousand|million|billion|trillion|[kmb]n?)\b)?"
    rf"|\b\d[\d,]*(?:\.\d+)?(?:\s?%|\s?(?:percent|per cent|thousand|million|billion|trillion)\b)?"
    rf"|\b(?:{_NUMBER_WORD})(?:[ -](?:{_NUMBER_WORD}))*\b"
)
NAME = re.compile(
    r"(?:\b[A-Z][\w’'\-]*[a-z’'\-][\w’'\-]*|\b[A-Z]\.)(?:[ \u00a0](?:(?:de|van|von|der|den|al|bin|of|the|la|le|el)\s)?"
    r"(?:[A-Z]\.|[A-Z][\w’'\-]*[a-z’'\-][\w’'\-]*))*"
)
_ACRONYM = re.compile(r"\b(?:[A-Z]\.){2,}|\b[A-Z]{2,}s?\b")
PLACE = re.compile(
    r"\b(?:in|at|near|from|to|outside|inside|across|around|into|through|over|of|between)\s+(?:the\s+)?"
    r"((?:[A-Z][\w.’'\-]+)(?:[ ,]+(?:of\s+(?:the\s+)?)?[A-Z][\w.’'\-]+)*)"
)
REASON = re.compile(
    r"(?i)\b(?:because|since|due to|owing to|as a result|in order to|so that|so as to|therefore|thus|hence|thanks to"
    r"|to (?:protest|underscore|prevent|avoid|stop|help|protect|allow|ensure|reduce|make|save|end|curb|keep|improve|get|give|provide|combat|address)"
    r"|in (?:protest|response|return|exchange|retaliation|an effort)|after|following|alleging|citing|accus\w+|caus\w+|led to|leads to|reason\w*|aim\w*|for (?:not )?\w+ing|over (?:a|the|its|their|concerns?))\b"
)
MANNER = re.compile(r"(?i)\b(?:by|through|via|using|with|without|as|into)\s+\w+|\b\w+ly\b")
SPEECH = re.compile(
    r"[“\"].{3,}?[”\"]|(?i:\b(?:said|says|told|stated|announced|acknowledged|according to|called|described|claimed|wrote|added|noted|warned|argued)\b)"
)


def persons(text: str) -> list[Span]:
    """Names of two or more words, or one word after a title or before a verb of speech."""
    found = []
    for match in NAME.finditer(text):
        tokens = match.group().split()
        while tokens and tokens[0].lower() in STOPWORDS:
            tokens = tokens[1:]
        if len(tokens) >= 2 or (tokens and _is_lone_person(text, match)):
            end = match.end()
            found.append(Span(end - len(" ".join(tokens)), end))
    return found


def names(text: str) -> list[Span]:
    """Capitalised names and acronyms, without sentence openers that are ordinary words."""
    found = [
        Span(m.start(), m.end())
        for m in NAME.finditer(text)
        if not (m.group().lower() in STOPWORDS or (m.start() == 0 and " " not in m.group()))
    ]
    return sorted({*found, *(Span(m.start(), m.end()) for m in _ACRONYM.finditer(text))})


def _is_lone_person(text: str, match: re.Match[str]) -> bool:
    before = text[max(0, match.start() - 14) : match.start()]
    after = text[match.end() : match.end() + 10]
    titled = re.search(
        r"(?:Mr|Mrs|Ms|Dr|Prof|President|Minister|Senator|Sen|King|Queen|Sir)\.?\s$", before
    )
    speaks = re.match(r"\s(?:said|says|told|added|wrote|led|met)\b", after)
    return bool(titled or speaks or re.search(r"\b(?:said|says|added)\s$", before))


def _spans(pattern: re.Pattern[str]) -> Callable[[str], list[Span]]:
    return lambda text: [Span(m.start(), m.end()) for m in pattern.finditer(text)]


def places(text: str) -> list[Span]:
    """Capitalised names after a preposition of place."""
    return [Span(m.start(1), m.end(1)) for m in PLACE.finditer(text) if not DATE.match(m.group(1))]


def quantities(text: str) -> list[Span]:
    """Numbers that are no part of a date."""
    dates = [Span(m.start(), m.end()) for m in DATE.finditer(text)]
    return [
        span for span in _spans(QUANTITY)(text) if not any(span.overlaps(date) for date in dates)
    ]


FORMS: dict[str, Callable[[str], list[Span]]] = {
    "when": _spans(DATE),
    "how_many": quantities,
    "who": persons,
    "who_said": persons,
    "where": places,
    "why": _spans(REASON),
    "how": _spans(MANNER),
}


def _with_digits(finder: Callable[[str], list[Span]], pattern: str) -> Callable[[str], list[Span]]:
    return lambda text: [span for span in finder(text) if re.search(pattern, span.of(text))]


_FINER: tuple[tuple[re.Pattern[str], Callable[[str], list[Span]]], ...] = (
    (re.compile(r"(?i)\b(?:what|which) year\b"), _with_digits(_spans(DATE), r"\d{4}")),
    (
        re.compile(r"(?i)\b(?:what|which)(?: exact)? (?:day|date)\b"),
        _with_digits(_spans(DATE), rf"\b\d{{1,2}}\b|{_WEEKDAY}"),
    ),
    (
        re.compile(r"(?i)\bwhat time\b|\bat what hour\b"),
        _with_digits(_spans(DATE), r"\d(?::\d\d)?\s?[ap]\.?m|\d:\d\d"),
    ),
    (
        re.compile(
            r"(?i)\bnames? of\b|\b(?:is|was|are|were) (?:it|he|she|they) called\b|\bnamed\?"
        ),
        names,
    ),
)


@lru_cache(maxsize=64)  # asked for every sentence of a question
def _finder(kind: str, question: str) -> Callable[[str], list[Span]] | None:
    """What finds the form asked for; a question for a year, a day, an hour or a name is pickier."""
    for pattern, finder in _FINER:
        if pattern.search(question):
            return finder
    return FORMS.get(kind)


def asks_form(kind: str, question: str) -> bool:
    """True when the question asks for something with a form of its own."""
    return _finder(kind, question) is not None


def has_form(kind: str, text: str, *, unlike: str = "") -> bool:
    """True when `text` holds the form that a question of this kind asks for, outside the words
    of `unlike` (a name that the question gives is no answer to it)."""
    finder = _finder(kind, unlike)
    if finder is None:
        return True
    given = unlike.lower()
    return any(each not in given for each in _found(finder, text))


@lru_cache(maxsize=4096)
def _found(finder: Callable[[str], list[Span]], text: str) -> tuple[str, ...]:
    """What `finder` finds in `text`, in small letters; the next question meets the same text."""
    return tuple(span.of(text).lower().strip(" .,") for span in finder(text))
