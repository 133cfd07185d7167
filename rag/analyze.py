"""Words to search terms: one analysis for documents, sentences and questions.

Terms are Unicode-normalised, lower-cased, stripped of accents and possessives, joined over the
periods of initials ("U.S." -> "us") and the commas of numbers ("100,000" -> "100000"), and
stemmed (Snowball English). The index and the query go through the same function, so a term
matches whenever the words do.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache

import Stemmer

from rag.types import Span

STOPWORDS = frozenset(
    """a about above after again all also am an and any are as at be been before being below
    between both but by can could did do does doing down during each few for from further had has
    have having he her here hers him his how i if in into is it its itself just me more most my
    no nor not now of off on once only or other our out over own same she should so some such
    than that the their theirs them then there these they this those through to too under until
    up very was we were what when where which while who whom whose why will with would you your
    yours tell say said says please happen happens happened happening whos whats wheres whens hows thats give many much long often far""".split()  # noqa: SIM905
)
_WORD = re.compile(
    r"(?:[^\W\d_]\.){2,}"  # initials: U.S., e.g.
    r"|\d+(?:[.,]\d+)*"  # numbers: 100,000  3.5
    r"|[^\W_]+(?:[’'][^\W_]+)*"  # words with an inner apostrophe
)
_REMEMBERED = 4096
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a text: its exact span, its search term and whether it carries little meaning."""

    span: Span
    surface: str
    term: str
    is_stopword: bool


def words(text: str) -> list[Word]:
    """The words of `text` in order; CJK text gives one word per character."""
    return [
        Word(Span(start, end), text[start:end], *_term(text[start:end]))
        for start, end in _places(text)
    ]


def terms(text: str, *, stopwords: bool = True) -> list[str]:
    """Search terms of `text` in order, with or without the stop words."""
    return list(_terms(text, stopwords))


@lru_cache(maxsize=_REMEMBERED)
def _terms(text: str, stopwords: bool) -> tuple[str, ...]:
    """A question meets each sentence several times, and the next question the same sentences."""
    surfaces = [text[start:end] for start, end in _places(text)]
    return tuple(term for term, is_stopword in map(_term, surfaces) if stopwords or not is_stopword)


def _places(text: str) -> list[tuple[int, int]]:
    """Where words start and end; every character of a word with CJK in it is one of its own."""
    places = [match.span() for match in _WORD.finditer(text)]
    if not _CJK.search(text):
        return places
    return [
        place
        for start, end in places
        for place in (
            [(at, at + 1) for at in range(start, end)]
            if _CJK.search(text, start, end)
            else [(start, end)]
        )
    ]


@lru_cache(maxsize=65536)
def _term(surface: str) -> tuple[str, bool]:
    plain = unicodedata.normalize("NFKD", surface)
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    plain = plain.replace("’", "'")
    if plain in ("US", "U.S.", "U.S", "USA", "U.S.A."):
        return "usa", False  # the pronoun "us" is another word
    plain = plain.casefold()
    if plain[:1].isdigit():
        return plain.replace(",", "").rstrip("."), False
    plain = re.sub(r"'(?:s|d|m|ll|re|ve|t)$", "", plain).replace("'", "").replace(".", "")
    return _stemmer().stemWord(plain) or plain, plain in STOPWORDS or not plain


@cache
def _stemmer() -> Stemmer.Stemmer:
    return Stemmer.Stemmer("english", 0)
