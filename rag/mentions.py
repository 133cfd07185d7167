"""Names and noun phrases of a question, with what each may be: person, group, place, thing, plural.

Takes plain text, gives `Mention`s in reading order. There is no tagger: phrases are cut at closed
classes of words (determiners, prepositions, auxiliaries, ...), and the kind of a phrase is read
from general signals: titles, given names, role nouns, capitals, the preposition before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from rag.grammar import (
    AUXILIARIES,
    COMPASS,
    DETERMINERS,
    DO,
    FUNCTION,
    GROUP_WORDS,
    IRREGULAR,
    PREPOSITIONS,
    TITLES,
    Token,
    is_plural,
    is_role,
    tokens,
)

Kind = Literal["person", "group", "place", "thing", "plural", "unknown"]


_DATE = r"\d[\w./-]*(?: [A-Z]\w+)?(?: \d{4})?"


@dataclass(frozen=True, slots=True)
class Mention:
    """A name or noun phrase and what it may stand for."""

    text: str
    kind: Kind
    is_name: bool


@lru_cache(maxsize=512)
def mentions(text: str, *, is_question: bool = True) -> tuple[Mention, ...]:
    """Names and noun phrases of `text` in order; of running text only the names."""
    found: list[Mention] = []
    toks = tokens(text)
    for first, last in _runs(toks):
        before = toks[first - 1].lower if first else ""
        for start, end in _pieces(toks, first, last):
            piece = _phrase(toks, start, end, before if start == first else "", is_question)
            if piece is not None and not _is_no_noun(toks[piece[0] : piece[1]]):
                found.append(_mention(text, toks, *piece))
    return tuple(_joined_by_of(text, found) if is_question else found)


@dataclass(frozen=True, slots=True)
class Usage:
    """How a text uses capitalised words: behind "in" or "from", behind a given name, as a root."""

    places: frozenset[str]
    persons: frozenset[str]
    roots: frozenset[str]

    def kind(self, mention: Mention) -> Kind:
        """The kind of a mention; of a lone name by how the text uses it."""
        name = mention.text
        if mention.kind != "unknown" or not mention.is_name:
            return mention.kind
        if name in self.places or (len(name) > 3 and name[:4] in self.roots):
            return "place"
        return "person" if name in self.persons else "unknown"


@lru_cache(maxsize=64)
def usage_of(text: str) -> Usage:
    """How `text` uses the capitalised words in it."""
    places, persons = set(), set()
    for before, name in re.findall(r"([^\W\d_]+)\.? (?=([A-Z]\w+))", text):
        if before in ("in", "from", "across", "inside", "within", "to"):
            places.add(name)
        elif before[0].isupper() and before.casefold() not in FUNCTION:
            persons.add(name)
    roots = re.findall(r"\b([A-Z]\w{2,3})\w*(?:ese|ian|ean|can|ish)s?\b", text)
    return Usage(frozenset(places), frozenset(persons), frozenset(roots))


def _runs(toks: Sequence[Token]) -> Iterator[tuple[int, int]]:
    """Half-open runs of content words; neither a possessive 's nor the period of "Mr." ends one."""
    start = None
    for i, token in enumerate(toks):
        glue = token.text in ("'s", "’s") or (token.text == "." and toks[i - 1].lower in TITLES)
        inside = token.is_content or (start is not None and glue and i + 1 < len(toks))
        if inside and start is None:
            start = i
        elif not inside and start is not None:
            yield start, i
            start = None
    if start is not None:
        yield start, len(toks)


def _pieces(toks: Sequence[Token], first: int, last: int) -> Iterator[tuple[int, int]]:
    """A run cut where a name follows a verb: "visit | Taiwan", but not "unnamed US official"."""
    start = first
    for i in range(first + 1, last):
        opens = toks[i].is_capital and toks[i].is_word and not toks[i - 1].is_capital
        follows = next((t for t in toks[i:last] if not t.is_capital and t.is_word), None)
        if opens and toks[i - 1].is_word and follows is None:
            yield start, i
            start = i
    yield start, last


def _phrase(
    toks: Sequence[Token], start: int, end: int, before: str, is_question: bool
) -> tuple[int, int] | None:
    """The noun phrase within a piece of a run, as token positions, or None."""
    while end > start and not toks[end - 1].is_word:
        end -= 1
    if end <= start:
        return None
    complement = before == "that" and start > 1 and toks[start - 2].is_content
    if before in DETERMINERS and is_question and not complement:
        of = end < len(toks) and toks[end].lower == "of"
        verb = toks[start - 2].lower if start > 1 and not of else ""
        return start - 1, _without_verb(toks, start, end, verb)
    if toks[start].is_capital and (start > 0 or end > start + 1 or not is_question):
        return start, _name_end(toks, start, end, before)
    if is_question and (before in AUXILIARIES or before in PREPOSITIONS):
        verb = _auxiliary(toks, start) if before == "of" else before
        return start, _without_verb(toks, start, end, verb)
    name = next((i for i in range(start, end) if i and toks[i].is_capital), None)
    return None if name is None else (name, _name_end(toks, name, end, ""))


def _auxiliary(toks: Sequence[Token], start: int) -> str:
    """The auxiliary before "the minister of": its verb may end the phrase ("of health say")."""
    return next((t.lower for t in reversed(toks[max(0, start - 6) : start]) if t.lower in DO), "")


def _name_end(toks: Sequence[Token], start: int, end: int, before: str) -> int:
    """Where a phrase that starts with a capital ends: a name alone, or "US sanctions"."""
    stop = next((i for i in range(start, end) if not _goes_on(toks, i, end)), end)
    if before in PREPOSITIONS and stop < end and toks[stop].is_word:
        return _without_verb(toks, start, end, "")
    return stop


def _goes_on(toks: Sequence[Token], i: int, end: int) -> bool:
    """True within a name: "Mr. Hale", "Public Security's Institute", not "Napoleon's brother"."""
    return toks[i].is_capital or (not toks[i].is_word and i + 1 < end and toks[i + 1].is_capital)


def _without_verb(toks: Sequence[Token], start: int, end: int, before: str) -> int:
    """The end of a phrase without the verb that inversion puts behind the subject."""
    ends_it = not any(t.is_word for t in toks[end:]) and toks[0].is_auxiliary
    inverted = before in DO or toks[0].lower in DO
    # "did the board | meet", "are the ingredients | expensive"
    if (before in DO or (ends_it and not inverted)) and end - start > 1:
        end -= not toks[end - 1].is_capital
    while end - start > 1 and re.search(r"(?:ed|ing|en|ly)$", toks[end - 1].lower):
        end -= 1
    return end - 1 if end - start > 1 and toks[end - 1].lower in IRREGULAR else end


def _is_no_noun(words: Sequence[Token]) -> bool:
    """True for a lone number, participle or "anything"."""
    word = words[0].lower
    if len(words) > 2 and all(w.text.isupper() for w in words if w.is_word):
        return True  # a shouted sentence, not a name
    return len(words) == 1 and bool(
        word.isdigit()
        or (word in TITLES and words[0].is_capital)
        or (word in IRREGULAR or (word.endswith(("ed", "ing", "ly")) and words[0].text == word))
        or re.fullmatch(r"(?:any|some|every|no)(?:thing|one|body)", word)
    )


def _mention(text: str, toks: Sequence[Token], start: int, end: int) -> Mention:
    phrase = text[toks[start].start : toks[end - 1].end]
    words = [t for t in toks[start:end] if t.is_word and t.lower not in DETERMINERS]
    before = toks[start - 1].lower if start else ""
    # "Security Minister Wang Xiaohong": the title may stand inside the name.
    is_name = bool(words) and words[-1].is_capital
    title = any(t.lower in TITLES for t in words[:-1]) or before in TITLES
    return Mention(phrase, _kind(words, before, is_name, title), is_name)


def _kind(words: Sequence[Token], before: str, is_name: bool, title: bool) -> Kind:
    if not words:
        return "unknown"
    head = words[-1]
    if not is_name:
        if is_role(head.lower):
            return "person"
        return "plural" if is_plural(head.lower) else "thing"
    if any(w.lower in GROUP_WORDS for w in words) or (head.text.isupper() and len(head.text) > 1):
        return "group"
    if title or is_role(head.lower):
        return "person"
    if before in DETERMINERS:
        return "group"
    if before in ("in", "at", "near", "from", "across", "inside"):
        return "place"
    if words[0].lower in COMPASS:
        return "place"
    return "person" if 2 <= len(words) <= 3 else "unknown"


def _joined_by_of(text: str, found: Sequence[Mention]) -> list[Mention]:
    """Phrases joined over "of": "the hearing" + "January 11" -> "the hearing of January 11"."""
    joined: list[Mention] = []
    for mention in found:
        dated = re.search(
            rf"{re.escape(mention.text)} of \d[\w./-]*(?: [A-Z]\w+)?(?: \d{4})?", text
        )
        if dated and not mention.is_name:
            mention = replace(mention, text=dated.group())
        whole = f"{joined[-1].text} of {mention.text}" if joined else ""
        if whole and whole in text:
            joined[-1] = Mention(whole, joined[-1].kind, joined[-1].is_name)
        else:
            joined.append(mention)
    return joined
