"""The training examples of one pass: positives in fresh windows and five kinds of negatives.

Takes the splits and the tokenizer once (`ExamplePool`); `epoch(number)` gives the examples of a
pass, decided by the seed and the number alone, so that a resumed run sees the same ones.
"""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from training.bm25 import words
from training.edits import Lexicon, edit_question, make_lexicon
from training.mixes import MIX, Mix
from training.neighbours import find_neighbours, holds
from training.sources import ENCYCLOPEDIC, Pair
from training.splits import train_and_dev
from training.windows import (
    pieces_without,
    token_span,
    tokenize_paragraphs,
    window_around,
    window_text,
)

FIRST, PAD, SEPARATOR = 0, 1, 2
"""MPNet's <s>, <pad> and </s>; a row is `<s> question </s></s> window </s>`."""
BETWEEN = 3
"""Special tokens before the window: the first one and the two separators."""
LONGEST_QUESTION_TOKENS = 48


RANDOM_POLICY = 80
SETS = ("new_wiki", "squad2", "near_misses", "reddit", "amazon", "policyqa")


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
        return len(self.question) + len(self.window) + BETWEEN + 1


class ExamplePool:
    """All training pairs, tokenised, with what the negatives need (neighbours and lexicons)."""

    def __init__(
        self,
        data: Path,
        splits: dict[str, Any],
        tokenizer: Tokenizer,
        *,
        seed: int,
        mix: Mix = MIX,
    ) -> None:
        self.seed = seed
        self.mix = mix
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
        self.units, self.neighbours = find_neighbours(self.pairs, self.paragraphs)

    def epoch(self, number: int) -> list[Example]:
        """The shuffled examples of pass `number`."""
        rng = random.Random(f"{self.seed}-{number}")
        mix = self.mix
        rows: list[Example] = []
        edits: list[tuple[str, list[int], str]] = []
        for index, pair in enumerate(self.pairs):
            if not pair.spans:
                times = _times(mix.unanswerable.get(pair.set, 0.0), rng)
                rows += [self._unanswerable(index, rng) for _ in range(times)]
                continue
            rows += [
                self._positive(index, rng)
                for _ in range(_times(mix.positives.get(pair.set, 0.0), rng))
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
        return rows

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
        kind = "unanswerable " + self.pairs[index].set
        return Example(self.questions[index], paragraph.ids[first:last], -1, -1, kind)

    def _same_paragraph(self, index: int, rng: random.Random) -> list[Example]:
        pair = self.pairs[index]
        paragraph = self.paragraphs[pair.doc_id]
        pieces = [p for p in pieces_without(paragraph, self._span(index, rng)) if p[1] - p[0] >= 20]
        pieces = [p for p in pieces if not holds(window_text(paragraph, p), pair.answers)]
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
        unit = self.units[rng.choice(choices)]
        doc_id, first, last = unit.doc_id, unit.first, unit.last
        target = _target_tokens(rng)
        if last - first < target:
            paragraph = self.paragraphs[doc_id]
            first, last = window_around(paragraph, (first, last), rng, target)
            if holds(window_text(paragraph, (first, last)), self.pairs[index].answers):
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
        if pair.set in ENCYCLOPEDIC:
            texts[pair.set, pair.title][pair.context] = None
    return {key: make_lexicon(group) for key, group in texts.items()}
