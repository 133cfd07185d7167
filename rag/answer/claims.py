"""A sentence as typed tokens: names, numbers, dates, negated and hedged words.

Takes a text, gives `Token`s in order. Forms that mean the same get the same key ("two" and "2",
"Jan." and "January", "5 %" and "five percent", "met" and "meet"), so that a claim and its source
can be compared token by token.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from functools import cache, lru_cache

import Stemmer

from rag.answer import lexicon as lex
from rag.answer.numbers import Kind, Token, joined_numbers

__all__ = ["Token", "content", "is_fragment", "key_of", "read_tokens"]


_TOKEN = re.compile(
    r"(?P<iso>\b\d{4}-\d{2}-\d{2}\b)"
    r"|(?P<number>\d++(?:[.,]\d++)*+)(?P<suffix>st|nd|rd|th|s)?(?![^\W\d_])"
    r"|(?P<mixed>\d++(?:[.,]\d++)*+)(?=[^\W\d_])"
    r"|(?P<initials>(?:[^\W\d_]\.){2,}[^\W\d_]?)"
    r"|(?P<word>[^\W\d_]+(?:['’][^\W\d_]+)*)"
    r"|(?P<sign>[%$£€])"
)
_SIGNS = {"%": "percent", "$": "dollar", "£": "pound", "€": "euro"}
_ALIASES = {
    "us": "usa",
    "u.s": "usa",
    "usa": "usa",
    "u.s.a": "usa",
    "america": "usa",
    "american": "usa",
    "americans": "usa",
    "uk": "britain",
    "u.k": "britain",
    "british": "britain",
    "britain": "britain",
    "french": "france",
    "dutch": "netherlands",
    "danish": "denmark",
    "swedish": "sweden",
    "spanish": "spain",
    "polish": "poland",
    "greek": "greece",
    "swiss": "switzerland",
    "welsh": "wales",
    "turkish": "turkey",
    "irish": "ireland",
    "scottish": "scotland",
    "english": "england",
    "cent": "percent",
}
_SKIPPED_BY_NEGATION = frozenset(
    ["longer", "yet", "even", "any", "only", "just", "always", "so", "all", "much"]
)
_TITLE_BEFORE = re.compile(r"\b(?:Mr|Mrs|Ms|Dr|St|Gen|Sen|Rep|Prof|Lt|Col|Capt|Sgt|Gov|[A-Z])\.$")
_HONORIFICS = frozenset(["mr", "mrs", "ms", "dr", "mm", "sir"])
_CLAUSE_END = re.compile(r"[,;:.!?()—–]")


@lru_cache(maxsize=4096)
def read_tokens(text: str) -> tuple[Token, ...]:
    """The tokens of `text`, with numbers joined over several words and negation marked."""
    tokens = joined_numbers(list(_raw_tokens(text)))
    return tuple(_marked(text, tokens))


def content(tokens: tuple[Token, ...], *, pronouns: bool = False) -> list[Token]:
    """The tokens that carry meaning; pronouns too when asked for."""
    left_out = ("function",) if pronouns else ("function", "pronoun")
    return [token for token in tokens if token.kind not in left_out]


def is_fragment(tokens: tuple[Token, ...]) -> bool:
    """True when nothing can be the verb: only names, numbers, dates and words that join them."""
    return not any(
        token.text.lower() in lex.AUXILIARIES or (token.kind == "word" and token.text.islower())
        for token in tokens
        if token.kind != "date"
    )


@lru_cache(maxsize=65536)
def key_of(word: str) -> str:
    """The comparison key of a word: accents, case, inflection and aliases taken away."""
    plain = unicodedata.normalize("NFKD", word)
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    plain = plain.replace("’", "'").lower().rstrip(".")
    plain = re.sub(r"'s$|'$", "", plain)
    if plain in _ALIASES and not (plain == "us" and word.islower()):
        return _ALIASES[plain]
    base = lex.IRREGULAR.get(plain, plain)
    return _stemmer().stemWord(base.replace(".", "")) or base


@cache
def _stemmer() -> Stemmer.Stemmer:
    return Stemmer.Stemmer("english", 0)


def _raw_tokens(text: str) -> Iterator[Token]:
    for match in _TOKEN.finditer(text):
        start, end, surface = match.start(), match.end(), match.group()
        if match["iso"]:
            year, month, day = surface.split("-")
            yield Token(surface, start, end, str(int(day)), "number")
            yield Token(surface, start, end, lex.MONTHS[(int(month) - 1) % 12], "date")
            yield Token(surface, start, end, year, "number")
        elif match["number"] or match["mixed"]:
            yield Token(surface, start, end, _number_key(match), "number")
        elif match["sign"]:
            yield Token(surface, start, end, _SIGNS[surface], "word")
        else:
            yield from _word_tokens(text, surface, start)


def _number_key(match: re.Match[str]) -> str:
    digits = (match["number"] or match["mixed"]).rstrip(".,")
    plain = re.sub(r",(?=\d{3})", "", digits).replace(",", ".")
    if match["suffix"] == "s":
        return plain + "s"
    if match["suffix"] == "st" and plain == "1":
        return key_of("first")
    try:
        return f"{float(plain):.10g}"
    except ValueError:
        return plain


def _word_tokens(text: str, surface: str, start: int) -> Iterator[Token]:
    plain = surface.replace("’", "'")
    if plain.lower().endswith("n't"):
        cut = len(surface) - 3
        if cut:
            yield from _word_tokens(text, surface[:cut], start)
        yield Token(surface[cut:], start + cut, start + len(surface), "n't", "function")
        return
    bare = re.sub(r"'(?:s|S|re|ve|ll|d|m)?$", "", plain)
    yield Token(
        surface[: len(bare)] or surface,
        start,
        start + len(surface),
        _word_key(bare),
        _word_kind(text, bare, start),
    )


def _word_key(bare: str) -> str:
    lower = bare.lower()
    if lower in lex.ORDINALS and lower not in lex.QUANTIFIERS:
        return f"{lex.ORDINALS[lower]}"
    if lower in lex.MONTHS or lower in lex.WEEKDAYS:
        return lower
    return lex.MONTH_SHORT.get(lower) or lex.WEEKDAY_SHORT.get(lower) or key_of(bare)


def _word_kind(text: str, bare: str, start: int) -> Kind:
    lower = bare.lower()
    capital = bare[:1].isupper()
    if capital and (lower in lex.MONTHS or lower in lex.MONTH_SHORT):
        return "date"
    if capital and (lower in lex.WEEKDAYS or lower in lex.WEEKDAY_SHORT):
        return "date"
    if lower in lex.ORDINALS or lower in lex.UNITS or lower in lex.TENS:
        return "quantifier" if lower in ("first", "one", "second") else "number"
    if lower in lex.SCALES:
        return "number"
    if lower in _HONORIFICS:
        return "function"
    if lower in lex.PRONOUNS and not (bare.isupper() and len(bare) > 1):
        return "pronoun"
    if lower in lex.QUANTIFIERS:
        return "quantifier"
    shout = bare.isupper() and len(bare) > 1
    if (lower in lex.FUNCTION_WORDS or lower in lex.NEGATORS or lower in lex.HEDGES) and not shout:
        return "function"
    if len(bare) == 1 and not capital:
        return "function"
    return "name" if capital and _is_name(text, bare, start) else "word"


def _is_name(text: str, bare: str, start: int) -> bool:
    """A capital is a name's unless it only opens a sentence; there, two capitals in a row are."""
    before = text[:start].rstrip(" \"'“‘«([*_")
    if _TITLE_BEFORE.search(before):
        return True
    opens = not before or before[-1] in ".!?:;\n•-–—”" or before.endswith("”")
    if not opens or (bare.isupper() and len(bare) > 1):
        return True
    after = re.match(r"(?:['’]s)?\s+([^\W\d_]+)", text[start + len(bare) :])
    return bool(after and after[1][:1].isupper() and after[1].lower() not in lex.FUNCTION_WORDS)


def _marked(text: str, tokens: Iterator[Token]) -> Iterator[Token]:
    """Tokens with the first content word after a negator or a hedge marked as such."""
    negated, hedged, previous_end, negator_end = False, False, 0, 0
    for token in tokens:
        lower = token.key if token.key == "n't" else token.text.lower().replace("’", "'")
        if _CLAUSE_END.search(text[previous_end : token.start]):
            negated, hedged = False, False
        previous_end = token.end
        if lower in lex.NEGATORS:
            negated, negator_end = not negated, token.end
        elif lower in lex.HEDGES and not (lower == "may" and token.kind == "date"):
            hedged = True
        elif lower == "only" and text[negator_end : token.start].isspace():
            negated = False
        elif token.kind in ("word", "name", "number", "quantifier"):
            adverb = lower.endswith("ly") and lower not in lex.NOT_ADVERBS
            if lower in _SKIPPED_BY_NEGATION:
                yield token
                continue
            yield replace(token, negated=negated, hedged=hedged)
            if adverb:
                continue  # "not fully finished" denies both words
            negated, hedged = False, False
            continue
        yield token
