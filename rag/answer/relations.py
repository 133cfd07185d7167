"""How two tokens relate: the same, near enough for a paraphrase, or opposite.

The general means come first (inflection, derivation, demonyms, negative prefixes); the word lists
of `meanings` add what no rule can know.
"""

from __future__ import annotations

from functools import cache, lru_cache

from rag.answer import meanings
from rag.answer.claims import Token, key_of

EXACT, DERIVED, SYNONYM = 1.0, 0.9, 0.8
_LITERAL = ("number", "date")
_DEMONYM = ("ese", "ian", "ish", "ean", "an", "n", "i", "ic", "s", "a", "e", "y", "o")


def similarity(claim: Token, source: Token) -> float:
    """How well `source` says `claim`: 1 the same, 0.9 derived, 0.8 a synonym, 0 otherwise."""
    if claim.key == source.key:
        return EXACT
    if claim.kind in _LITERAL or source.kind in _LITERAL:
        return 0.0
    return _likeness(claim.key, source.key, (claim.kind == "name") + (source.kind == "name"))


@lru_cache(maxsize=262144)
def _likeness(claim: str, source: str, names: int) -> float:
    if names == 2:
        return DERIVED if _same_name(claim, source) else 0.0
    if is_opposite(claim, source):
        return 0.0
    if _derived(claim, source):
        return DERIVED
    return SYNONYM if not names and _synonyms(claim, source) else 0.0


@lru_cache(maxsize=65536)
def is_opposite(one: str, other: str) -> bool:
    """True for antonyms: by list, by a negative or opposed prefix, or -ful against -less."""
    if one == other:
        return False
    sides_one, sides_other = _sides().get(one, set()), _sides().get(other, set())
    if any((pair, 1 - side) in sides_other for pair, side in sides_one):
        return not _listed_together(one, other)
    return _opposed_by_prefix(one, other) or _opposed_by_suffix(one, other)


def _derived(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    if len(short) < 5 or _opposed_by_suffix(one, other):
        return False
    common = _shared_start(one, other)
    return common >= max(5, 0.7 * len(long)) or (common == len(short) and len(long) - common <= 4)


def _shared_start(one: str, other: str) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((n for n, (a, b) in pairs if a != b), min(len(one), len(other)))


def _same_name(one: str, other: str) -> bool:
    """China and Chinese, Brazil and Brazilian; never two names that merely look alike."""
    short, long = sorted((one, other), key=len)
    if len(short) < 4:
        return False
    stems = {short.removesuffix(end) for end in ("", "a", "o", "y", "e", "i")}
    endings = {long.removesuffix(end) for end in _DEMONYM}
    return any(len(stem) >= 4 and stem in endings for stem in stems)


def _synonyms(one: str, other: str) -> bool:
    return bool(_groups().get(one, set()) & _groups().get(other, set()))


def _listed_together(one: str, other: str) -> bool:
    return bool(_sides().get(one, set()) & _sides().get(other, set()))


def _opposed_by_prefix(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    if len(short) >= 3 and any(long == prefix + short for prefix in meanings.NEGATIVE_PREFIXES):
        return True
    for left, right in meanings.OPPOSED_PREFIXES:
        for first, second in ((one, other), (other, one)):
            rest = first.removeprefix(left)
            if first != rest and len(rest) >= 3 and second == right + rest:
                return True
    return False


def _opposed_by_suffix(one: str, other: str) -> bool:
    for first, second in ((one, other), (other, one)):
        if first.endswith("less") and second.endswith("ful"):
            return first[:-4] == second[:-3]
    return False


@cache
def _sides() -> dict[str, set[tuple[int, int]]]:
    sides: dict[str, set[tuple[int, int]]] = {}
    for pair, words in enumerate(meanings.OPPOSITES):
        for side in (0, 1):
            for word in words[side].split():
                sides.setdefault(key_of(word), set()).add((pair, side))
    return sides


@cache
def _groups() -> dict[str, set[int]]:
    groups: dict[str, set[int]] = {}
    for number, words in enumerate(meanings.SYNONYMS):
        for word in words.split():
            groups.setdefault(key_of(word), set()).add(number)
    return groups
