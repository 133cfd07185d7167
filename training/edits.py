"""False-presupposition edits: a question changed so that its passage no longer answers it.

A name, year, number, noun or participle of the question that stands in the passage is swapped for
another of the same kind, mostly one that the passage does not hold; two names change roles; a word
becomes its opposite; or the verb is negated. A few edits leave an answerable question (a name of
the passage may fit by chance): noise worth its price, since people write such near misses.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_NAME = re.compile(r"(?<=[a-z,'\u2019] )(?:[A-Z][\w.\-]+)(?: (?:of |the |de )?[A-Z][\w.\-]+)*")
_YEAR = re.compile(r"\b(?:1[0-9]{3}|20[0-2][0-9])\b")
_NUMBER = re.compile(r"\b\d[\d,.]*\b")
_NOUN = re.compile(r"\b(?:the|a|an|his|her|its|their|this|of) ([a-z]{4,})(?<!ly|ed)(?<!ing|ous)\b")
_PARTICIPLE = re.compile(r"\b[a-z]{3,}ed\b")
_VERB = re.compile(r"\b(did|does|do|was|were|is|are|can|could|has|have|had|would|should)\b")
_WORD = re.compile(r"\b[a-z]+\b")
_NEGATED = re.compile(r"\b(?:not|never|no)\b|n't\b")
_SYMMETRIC = re.compile(r"\b(?:and|or|between|of|in)\b")
_TAKES_NOT = ("was", "were", "is", "are", "can", "could", "would", "should")
_NEGATION_SHARE = 0.08
_FROM_PASSAGE = 0.35


@dataclass(frozen=True)
class Lexicon:
    """Replacement words of one article or set: names, nouns after a determiner, words in -ed."""

    names: tuple[str, ...]
    nouns: tuple[str, ...]
    participles: tuple[str, ...]


@dataclass(frozen=True)
class Draft:
    """A question to edit, the passage that answers it, the replacements and the dice."""

    question: str
    passage: str
    lexicon: Lexicon
    rng: random.Random


def make_lexicon(texts: Iterable[str]) -> Lexicon:
    """Replacement words found in `texts` (sorted, so that a seed decides the choice)."""
    names: set[str] = set()
    nouns: set[str] = set()
    participles: set[str] = set()
    for text in texts:
        names.update(match.group() for match in _NAME.finditer(text))
        nouns.update(match.group(1) for match in _NOUN.finditer(text))
        participles.update(_PARTICIPLE.findall(text))
    return Lexicon(*(tuple(sorted(found)) for found in (names, nouns, participles)))


def edit_question(question: str, passage: str, lexicon: Lexicon, rng: random.Random) -> str | None:
    """`question` with one random edit that applies, or None."""
    draft = Draft(question, passage, lexicon, rng)
    swaps = [_swap_name, _swap_name, _swap_year, _swap_number, _swap_noun, _swap_participle]
    kinds = [*swaps, _swap_roles, _oppose, _oppose]
    rng.shuffle(kinds)
    if rng.random() < _NEGATION_SHARE:
        kinds.insert(0, _negate)
    for kind in kinds:
        edited = kind(draft)
        if edited is not None and edited.lower() != question.lower():
            return edited
    return None


@cache
def opposites() -> dict[str, list[str]]:
    """Each word of opposites.txt with the words it is the opposite of."""
    found: dict[str, list[str]] = {}
    lines = Path(__file__).with_name("opposites.txt").read_text(encoding="utf-8").splitlines()
    for one, other in (line.split() for line in lines):
        found.setdefault(one, []).append(other)
        found.setdefault(other, []).append(one)
    return found


def _swap_name(draft: Draft) -> str | None:
    found = _NAME.finditer(draft.question)
    places = [m for m in found if m.group().rstrip(".?'s") in draft.passage]
    named = tuple(m.group() for m in _NAME.finditer(draft.passage))
    return _replace(draft, places, lambda _: _another(draft, named, draft.lexicon.names))


def _swap_noun(draft: Draft) -> str | None:
    lower = draft.passage.lower()
    places = [m for m in _NOUN.finditer(draft.question) if m.group(1) in lower]
    named = tuple(m.group(1) for m in _NOUN.finditer(draft.passage))
    others = draft.lexicon.nouns
    return _replace(draft, places, lambda _: _another(draft, named, others), group=1)


def _swap_participle(draft: Draft) -> str | None:
    places = list(_PARTICIPLE.finditer(draft.question))
    return _replace(draft, places, lambda _: _absent(draft, draft.lexicon.participles))


def _swap_year(draft: Draft) -> str | None:
    places = [m for m in _YEAR.finditer(draft.question) if m.group() in draft.passage]
    years = sorted(set(_YEAR.findall(draft.passage)))

    def another(old: str) -> str:
        others = [year for year in years if year != old]
        if others and draft.rng.random() < _FROM_PASSAGE:
            return draft.rng.choice(others)
        return str(int(old) + draft.rng.choice([-1, 1]) * draft.rng.randint(1, 40))

    return _replace(draft, places, another)


def _swap_number(draft: Draft) -> str | None:
    found = _NUMBER.finditer(draft.question)
    places = [m for m in found if m.group() in draft.passage and not _YEAR.fullmatch(m.group())]

    def another(old: str) -> str | None:
        changed = int(re.sub(r"\D", "", old)) + draft.rng.choice([-3, -2, -1, 1, 2, 3, 5, 10])
        new = str(max(1, changed))
        return None if re.search(rf"\b{new}\b", draft.passage) else new

    return _replace(draft, places, another)


def _swap_roles(draft: Draft) -> str | None:
    names = list(_NAME.finditer(draft.question))
    if len(names) != 2 or names[0].group() == names[1].group():
        return None
    one, two = names
    before, after = draft.question[: one.start()], draft.question[two.end() :]
    between = draft.question[one.end() : two.start()]
    if len(between) < 4 or _SYMMETRIC.search(before[-9:] + between):
        return None
    return before + two.group() + between + one.group() + after


def _oppose(draft: Draft) -> str | None:
    lower = draft.passage.lower()
    places = [
        m
        for m in _WORD.finditer(draft.question)
        if m.group() in opposites() and (m.group() in lower or draft.rng.random() < 0.5)
    ]
    return _replace(draft, places, lambda old: draft.rng.choice(opposites()[old]))


def _negate(draft: Draft) -> str | None:
    verb = _VERB.search(draft.question)
    if verb is None or _NEGATED.search(draft.question):
        return None
    spelled = verb.group() in _TAKES_NOT and (verb.group() == "can" or draft.rng.random() < 0.4)
    negation = " not" if spelled else "n't"
    return draft.question[: verb.end()] + negation + draft.question[verb.end() :]


def _another(draft: Draft, named: tuple[str, ...], others: tuple[str, ...]) -> str | None:
    """A word of the passage that the question lacks, one time in three; else one of elsewhere."""
    present = [word for word in named if word not in draft.question]
    if present and draft.rng.random() < _FROM_PASSAGE:
        return draft.rng.choice(present)
    return _absent(draft, others)


def _absent(draft: Draft, choices: tuple[str, ...]) -> str | None:
    """A random choice that the passage does not hold."""
    for _ in range(8):
        choice = draft.rng.choice(choices) if choices else None
        if choice is not None and choice not in draft.passage:
            return choice
    return None


def _replace(
    draft: Draft,
    places: list[re.Match[str]],
    make: Callable[[str], str | None],
    *,
    group: int = 0,
) -> str | None:
    if not places:
        return None
    place = draft.rng.choice(places)
    new = make(place.group(group))
    if new is None:
        return None
    return draft.question[: place.start(group)] + new + draft.question[place.end(group) :]
