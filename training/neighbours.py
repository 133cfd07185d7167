"""Windows of other paragraphs that look like an answer by BM25 and do not hold it.

Takes pairs and their tokenised paragraphs; gives `Unit`s (windows of three sentences) and, for each
pair, the numbers of its best ones.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from training.bm25 import Bm25, words
from training.sources import ENCYCLOPEDIC, Pair
from training.windows import Paragraph, window_text

SENTENCES = 3
LONGEST_UNIT_TOKENS = 150
CANDIDATES = 8
_RARE_IDF = 5.0
_COPIED_SHARE = 0.6


@dataclass(frozen=True)
class Unit:
    """Tokens `[first, last)` of the paragraph `doc_id`, with their text."""

    doc_id: str
    first: int
    last: int
    text: str


def find_neighbours(
    pairs: Sequence[Pair], paragraphs: Mapping[str, Paragraph]
) -> tuple[list[Unit], list[list[int]]]:
    """All units, and per pair the numbers of the best ones of its kind of text, best first.

    A pair that is unanswerable, is of a policy, or asks a generic question outside the
    encyclopedic sets has none.
    """
    kinds = {pair.doc_id: _kind(pair) for pair in pairs}
    units = [unit for doc_id, paragraph in paragraphs.items() for unit in _units(doc_id, paragraph)]
    members: dict[str, list[int]] = defaultdict(list)
    for number, unit in enumerate(units):
        members[kinds[unit.doc_id]].append(number)
    indexes = {kind: Bm25([units[n].text for n in numbers]) for kind, numbers in members.items()}
    found: list[list[int]] = []
    for pair in pairs:
        kind = kinds[pair.doc_id]
        found.append([])
        if _asks_elsewhere(pair, kind, indexes[kind]):
            best = (members[kind][local] for local in indexes[kind].best(pair.question, CANDIDATES))
            found[-1] = [n for n in best if _is_negative(pair, units[n])]
    return units, found


def holds(text: str, answers: Sequence[str]) -> bool:
    """True when one of `answers` stands in `text`, compared by lower-case words."""
    lower = f" {' '.join(words(text))} "
    return any(f" {' '.join(words(answer))} " in lower for answer in answers)


def near_copies(text: str, other: str) -> bool:
    """True when the two share so many of their words that one may be a copy of the other."""
    left, right = set(words(text)), set(words(other))
    return len(left & right) > _COPIED_SHARE * min(len(left), len(right))


def is_specific(question: str, index: Bm25) -> bool:
    """True with two rare words: a generic question ('what did he buy?') fits other texts too."""
    return sum(index.idf.get(word, 0.0) > _RARE_IDF for word in set(words(question))) >= 2


def _kind(pair: Pair) -> str:
    return "encyclopedic" if pair.set in ENCYCLOPEDIC else pair.set


def _units(doc_id: str, paragraph: Paragraph) -> list[Unit]:
    found = []
    for at in range(0, len(paragraph.sentences), SENTENCES):
        group = paragraph.sentences[at : at + SENTENCES]
        first, last = group[0][0], min(group[-1][1], group[0][0] + LONGEST_UNIT_TOKENS)
        found.append(Unit(doc_id, first, last, window_text(paragraph, (first, last))))
    return found


def _asks_elsewhere(pair: Pair, kind: str, index: Bm25) -> bool:
    if not pair.spans or kind == "policyqa":
        return False
    return kind == "encyclopedic" or is_specific(pair.question, index)


def _is_negative(pair: Pair, unit: Unit) -> bool:
    return unit.doc_id != pair.doc_id and not holds(unit.text, pair.answers)
