"""Tokenised paragraphs and the sentence-aligned windows cut from them.

At question time the reader sees a sentence with its neighbours, so it is trained on windows of
whole sentences with the answer at a random place, and on some full paragraphs. Word-piece offsets
map every window back to characters.
"""

from __future__ import annotations

import itertools
import random
import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass

from tokenizers import Tokenizer

_SENTENCE_END = re.compile(r"[.!?][\"')\]\u201d\u2019]*\s+(?=[\"'(\[\u201c\u2018]*[A-Z0-9])|\n+")
LONGEST_WINDOW_TOKENS = 210


@dataclass(frozen=True)
class Paragraph:
    """A passage with its word pieces: `ids` and `[start, end)` character `offsets` run in parallel.

    `sentences` are `[first, last)` token ranges that cover all tokens in order.
    """

    text: str
    ids: list[int]
    offsets: list[tuple[int, int]]
    sentences: list[tuple[int, int]]


def tokenize_paragraphs(tokenizer: Tokenizer, texts: list[str]) -> list[Paragraph]:
    """Cut `texts` into word pieces and sentences."""
    encodings = tokenizer.encode_batch(texts, add_special_tokens=False)
    return [
        Paragraph(text, list(e.ids), list(e.offsets), _token_sentences(text, e.offsets))
        for text, e in zip(texts, encodings, strict=True)
    ]


def token_span(paragraph: Paragraph, start: int, end: int) -> tuple[int, int] | None:
    """The `[first, last)` tokens that cover characters `[start, end)`, or None."""
    first = bisect_right([e for _, e in paragraph.offsets], start)
    last = bisect_left([s for s, _ in paragraph.offsets], end)
    return (first, last) if first < last else None


def sentence_bounds(text: str) -> list[tuple[int, int]]:
    """`[start, end)` characters of the sentences of `text`, in order."""
    edges = [0, *(m.end() for m in _SENTENCE_END.finditer(text) if m.end() < len(text)), len(text)]
    return list(itertools.pairwise(edges))


def window_text(paragraph: Paragraph, window: tuple[int, int]) -> str:
    """The text under the tokens of `window`."""
    first, last = window
    return paragraph.text[paragraph.offsets[first][0] : paragraph.offsets[last - 1][1]]


def window_around(
    paragraph: Paragraph, span: tuple[int, int], rng: random.Random, target_tokens: int
) -> tuple[int, int]:
    """Whole sentences that contain `span`, grown to both sides at random up to `target_tokens`."""
    low, high = _sentences_of(paragraph, span)
    size = paragraph.sentences[high][1] - paragraph.sentences[low][0]
    while size < target_tokens:
        sides = [
            side
            for side, room in (("left", low > 0), ("right", high + 1 < len(paragraph.sentences)))
            if room
        ]
        if not sides:
            break
        low, high = (low - 1, high) if rng.choice(sides) == "left" else (low, high + 1)
        grown = paragraph.sentences[high][1] - paragraph.sentences[low][0]
        if grown > target_tokens + 40 and size > 40:
            break
        size = grown
    return _crop(
        paragraph.sentences[low][0], paragraph.sentences[high][1], span, rng, target_tokens
    )


def pieces_without(paragraph: Paragraph, span: tuple[int, int]) -> list[tuple[int, int]]:
    """The token ranges before and after the sentences of `span` (those that are not empty)."""
    low, high = _sentences_of(paragraph, span)
    before = (0, paragraph.sentences[low][0])
    after = (paragraph.sentences[high][1], len(paragraph.ids))
    return [piece for piece in (before, after) if piece[0] < piece[1]]


def _sentences_of(paragraph: Paragraph, span: tuple[int, int]) -> tuple[int, int]:
    inside = [
        number
        for number, (first, last) in enumerate(paragraph.sentences)
        if first < span[1] and span[0] < last
    ]
    return inside[0], inside[-1]


def _crop(
    first: int, last: int, span: tuple[int, int], rng: random.Random, target_tokens: int
) -> tuple[int, int]:
    limit = max(min(LONGEST_WINDOW_TOKENS, target_tokens + 60), span[1] - span[0])
    if last - first <= limit:
        return first, last
    earliest = max(first, span[1] - limit)
    latest = min(span[0], last - limit)
    cut = rng.randint(min(earliest, latest), max(earliest, latest))
    return cut, cut + limit


def _token_sentences(text: str, offsets: list[tuple[int, int]]) -> list[tuple[int, int]]:
    starts = [start for start, _ in offsets]
    cuts = {bisect_left(starts, match.end()) for match in _SENTENCE_END.finditer(text)}
    edges = [0, *sorted(cut for cut in cuts if 0 < cut < len(offsets)), len(offsets)]
    return list(itertools.pairwise(edges))
