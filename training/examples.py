"""The training examples of one pass: positives in fresh windows and five kinds of negatives.

Takes the splits and the tokenizer once (`ExamplePool`); `epoch(number)` gives the examples of a
pass, decided by the seed and the number alone, so that a resumed run sees the same ones.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from training.bm25 import Bm25, words
from training.edits import Lexicon, edit_question, make_lexicon
from training.sources import Pair
from training.splits import train_and_dev
from training.windows import (
    Paragraph,
    pieces_without,
    token_span,
    tokenize_paragraphs,
    window_around,
    window_text,
)

CLS, SEP = 101, 102
LONGEST_QUESTION_TOKENS = 48


@dataclass(frozen=True)
class Mix:
    """How often each set's answerable pairs come per pass, as positives and as each negative.

    Above 1 a pair comes more than once, each time in another window; `unanswerable` counts the
    windows of each unanswerable squad2 question.
    """

    positives: dict[str, float]
    same_paragraph: dict[str, float]
    neighbour: dict[str, float]
    edited: dict[str, float]
    unanswerable: int


BROAD = Mix(
    positives={"new_wiki": 1.6, "squad2": 3.0, "reddit": 0.8, "amazon": 0.8, "policyqa": 0.16},
    same_paragraph={"new_wiki": 0.4, "squad2": 0.5, "reddit": 0.13, "amazon": 0.13},
    neighbour={"new_wiki": 0.4, "squad2": 0.5, "reddit": 0.1, "amazon": 0.1},
    edited={"new_wiki": 1.0, "squad2": 1.6, "reddit": 0.35, "amazon": 0.35},
    unanswerable=3,
)
# Later passes lean to edited, encyclopedic text and to near misses, while the rate falls.
CLOSE = Mix(
    positives={"new_wiki": 1.6, "squad2": 3.6, "reddit": 0.4, "amazon": 0.4, "policyqa": 0.08},
    same_paragraph={"new_wiki": 0.35, "squad2": 0.5, "reddit": 0.08, "amazon": 0.08},
    neighbour={"new_wiki": 0.25, "squad2": 0.4, "reddit": 0.05, "amazon": 0.05},
    edited={"new_wiki": 1.0, "squad2": 2.0, "reddit": 0.25, "amazon": 0.25},
    unanswerable=3,
)
RANDOM_POLICY = 150
BROAD_SHARE = 0.75
SETS = tuple(BROAD.positives)


@dataclass(frozen=True)
class Example:
    """One row: word pieces of question and window; `start`, `last` token of the answer in the
    window, or -1, -1 when the window does not answer. `kind` names where the row comes from."""

    question: list[int]
    window: list[int]
    start: int
    last: int
    kind: str

    def __len__(self) -> int:
        return len(self.question) + len(self.window) + 3


class ExamplePool:
    """All training pairs, tokenised, with what the negatives need (neighbours and lexicons)."""

    def __init__(self, data: Path, splits: dict[str, Any], tokenizer: Tokenizer, seed: int) -> None:
        self.seed = seed
        self.tokenizer = tokenizer
        self.pairs: list[Pair] = []
        for name in SETS:
            self.pairs += _without_repeats(train_and_dev(data, name, splits)[0])
        contexts = {pair.doc_id: pair.context for pair in self.pairs}
        self.paragraphs = dict(
            zip(contexts, tokenize_paragraphs(tokenizer, list(contexts.values())), strict=True)
        )
        self.questions = self._tokenize([pair.question for pair in self.pairs])
        self.lexicons = _lexicons(self.pairs)
        self.units, self.neighbours = _neighbours(self.pairs, self.paragraphs)

    def epoch(self, number: int) -> list[Example]:
        """The shuffled examples of pass `number`; the first is cut to `BROAD_SHARE`."""
        rng = random.Random(f"{self.seed}-{number}")
        mix = CLOSE if number else BROAD
        rows: list[Example] = []
        edits: list[tuple[str, list[int], str]] = []
        for index, pair in enumerate(self.pairs):
            if not pair.spans:
                rows += [self._unanswerable(index, rng) for _ in range(mix.unanswerable)]
                continue
            rows += [
                self._positive(index, rng) for _ in range(_times(mix.positives[pair.set], rng))
            ]
            if rng.random() < mix.same_paragraph.get(pair.set, 0.0):
                rows += self._same_paragraph(index, rng)
            if rng.random() < mix.neighbour.get(pair.set, 0.0):
                rows += self._neighbour(index, rng)
            for _ in range(_times(mix.edited.get(pair.set, 0.0), rng)):
                edits += self._edited(index, rng)
        tokens = self._tokenize([question for question, _, _ in edits])
        rows += [
            Example(q, window, -1, -1, kind)
            for q, (_, window, kind) in zip(tokens, edits, strict=True)
        ]
        rows += [self._random_policy(rng) for _ in range(RANDOM_POLICY)]
        rng.shuffle(rows)
        return rows if number else rows[: int(BROAD_SHARE * len(rows))]

    def _tokenize(self, questions: list[str]) -> list[list[int]]:
        encodings = self.tokenizer.encode_batch(questions, add_special_tokens=False)
        return [list(e.ids)[:LONGEST_QUESTION_TOKENS] for e in encodings]

    def _span(self, index: int, rng: random.Random) -> tuple[int, int]:
        pair = self.pairs[index]
        spans = pair.spans or pair.near
        start, end = rng.choice(spans) if spans else (0, 1)
        return token_span(self.paragraphs[pair.doc_id], start, end) or (0, 1)

    def _positive(self, index: int, rng: random.Random) -> Example:
        paragraph = self.paragraphs[self.pairs[index].doc_id]
        span = self._span(index, rng)
        first, last = window_around(paragraph, span, rng, _target_tokens(rng))
        return Example(
            self.questions[index],
            paragraph.ids[first:last],
            span[0] - first,
            min(span[1], last) - 1 - first,
            "positive " + self.pairs[index].set,
        )

    def _unanswerable(self, index: int, rng: random.Random) -> Example:
        paragraph = self.paragraphs[self.pairs[index].doc_id]
        span = self._span(index, rng)
        if not self.pairs[index].near:
            place = rng.randrange(len(paragraph.ids))
            span = (place, place + 1)
        first, last = window_around(paragraph, span, rng, _target_tokens(rng))
        return Example(self.questions[index], paragraph.ids[first:last], -1, -1, "unanswerable")

    def _same_paragraph(self, index: int, rng: random.Random) -> list[Example]:
        pair = self.pairs[index]
        paragraph = self.paragraphs[pair.doc_id]
        pieces = [p for p in pieces_without(paragraph, self._span(index, rng)) if p[1] - p[0] >= 20]
        pieces = [p for p in pieces if not _holds(window_text(paragraph, p), pair.answers)]
        if not pieces:
            return []
        first, last = rng.choice(pieces)
        target = _target_tokens(rng)
        if last - first > target:
            first, last = (last - target, last) if rng.random() < 0.5 else (first, first + target)
        return [Example(self.questions[index], paragraph.ids[first:last], -1, -1, "same paragraph")]

    def _neighbour(self, index: int, rng: random.Random) -> list[Example]:
        choices = self.neighbours[index]
        if not choices:
            return []
        doc_id, first, last = self.units[rng.choice(choices)]
        target = _target_tokens(rng)
        if last - first < target:
            paragraph = self.paragraphs[doc_id]
            first, last = window_around(paragraph, (first, last), rng, target)
            if _holds(window_text(paragraph, (first, last)), self.pairs[index].answers):
                return []
        window = self.paragraphs[doc_id].ids[first:last][:200]
        return [Example(self.questions[index], window, -1, -1, "neighbour")]

    def _edited(self, index: int, rng: random.Random) -> list[tuple[str, list[int], str]]:
        pair = self.pairs[index]
        paragraph = self.paragraphs[pair.doc_id]
        window = window_around(paragraph, self._span(index, rng), rng, _target_tokens(rng))
        lexicon = self.lexicons.get((pair.set, pair.title)) or self.lexicons[pair.set, ""]
        edited = edit_question(pair.question, window_text(paragraph, window), lexicon, rng)
        return [] if edited is None else [(edited, paragraph.ids[window[0] : window[1]], "edited")]

    def _random_policy(self, rng: random.Random) -> Example:
        policies = [i for i, p in enumerate(self.pairs) if p.set == "policyqa"]
        paragraph = self.paragraphs[self.pairs[rng.choice(policies)].doc_id]
        question = self.questions[rng.randrange(policies[0])]
        return Example(question, paragraph.ids[:150], -1, -1, "random")


def _target_tokens(rng: random.Random) -> int:
    """Mostly 40 to 110 word pieces, a full paragraph one time in six."""
    return 200 if rng.random() < 1 / 6 else rng.randint(40, 110)


def _times(share: float, rng: random.Random) -> int:
    return int(share) + (rng.random() < share - int(share))


def _holds(text: str, answers: tuple[str, ...]) -> bool:
    lower = f" {' '.join(words(text))} "
    return any(f" {' '.join(words(answer))} " in lower for answer in answers)


def _without_repeats(pairs: list[Pair]) -> list[Pair]:
    """Drop questions whose content words repeat an earlier question of the paragraph."""
    seen: set[tuple[str, tuple[str, ...]]] = set()
    kept = []
    for pair in pairs:
        content = sorted({w for w in words(pair.question) if len(w) > 3 or w.isdigit()})
        key = (pair.doc_id, tuple(content))
        if key not in seen or not pair.spans:
            kept.append(pair)
        seen.add(key)
    return kept


def _lexicons(pairs: list[Pair]) -> dict[tuple[str, str], Lexicon]:
    texts: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
    for pair in pairs:
        texts[pair.set, ""][pair.context] = None
        if pair.set in ("new_wiki", "squad2"):
            texts[pair.set, pair.title][pair.context] = None
    return {key: make_lexicon(group) for key, group in texts.items()}


def _neighbours(
    pairs: list[Pair], paragraphs: dict[str, Paragraph]
) -> tuple[list[tuple[str, int, int]], list[list[int]]]:
    """Windows of three sentences, and per pair the best of them that do not hold its answer."""
    sets = {
        pair.doc_id: "wiki" if pair.set in ("new_wiki", "squad2") else pair.set for pair in pairs
    }
    units: list[tuple[str, int, int]] = []
    members: dict[str, list[int]] = defaultdict(list)
    for doc_id, paragraph in paragraphs.items():
        for at in range(0, len(paragraph.sentences), 3):
            group = paragraph.sentences[at : at + 3]
            members[sets[doc_id]].append(len(units))
            units.append((doc_id, group[0][0], min(group[-1][1], group[0][0] + 150)))
    texts = [window_text(paragraphs[doc_id], (first, last)) for doc_id, first, last in units]
    indexes = {name: Bm25([texts[n] for n in numbers]) for name, numbers in members.items()}
    found: list[list[int]] = []
    for pair in pairs:
        name = sets[pair.doc_id]
        found.append([])
        if (
            name == "policyqa"
            or not pair.spans
            or (name != "wiki" and not _is_specific(pair.question, indexes[name]))
        ):
            continue
        for local in indexes[name].best(pair.question, 8):
            number = members[name][local]
            if units[number][0] != pair.doc_id and not _holds(texts[number], pair.answers):
                found[-1].append(number)
    return units, found


def _is_specific(question: str, index: Bm25) -> bool:
    """True with two rare words: a generic question ('what did he buy?') fits other texts too."""
    return sum(index.idf.get(w, 0.0) > 5.0 for w in set(re.findall(r"\w+", question.lower()))) >= 2
