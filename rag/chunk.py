"""Documents to chunks: whole sentences up to a token budget, spans exact by construction.

A chunk is a contiguous span inside one stretch of kept text; it repeats the last sentence of the
chunk before, so that a pronoun finds its noun. A single sentence over the budget is cut at word
ends (or, in text without spaces, between characters).
"""

from __future__ import annotations

import hashlib
import math
import re
import unicodedata
from collections.abc import Callable, Iterator

from rag.sentences import sentences, trimmed
from rag.settings import ChunkingSettings
from rag.tokens import count_tokens
from rag.types import Chunk, Document, Span

MAX_PIECES = 254
CountPieces = Callable[[str], int]
"""Number of word pieces a text has for the embedder."""


def chunk_document(
    document: Document, settings: ChunkingSettings, count_pieces: CountPieces | None = None
) -> list[Chunk]:
    """Chunks of the kept text in document order.

    Each has at most `settings.max_tokens` tokens and, when `count_pieces` is given, at most the
    254 word pieces that MiniLM reads beside its two markers; it would ignore the rest.
    """
    budget = _Budget(settings.max_tokens, count_pieces)
    return [
        chunk
        for parts in _regions(document)
        for chunk in _chunk_region(document, parts, budget, settings.overlap_sentences)
    ]


def document_sentences(document: Document) -> list[Span]:
    """Sentences of the kept text in document order."""
    return [span for part in document.kept for span in sentences(document.text, part)]


def _regions(document: Document) -> Iterator[list[Span]]:
    """Kept paragraphs in groups with nothing but white space between them."""
    group: list[Span] = []
    for part in document.kept:
        if group and document.text[group[-1].end : part.start].strip():
            yield group
            group = []
        group.append(part)
    if group:
        yield group


class _Budget:
    """What fits into one chunk; `cost` puts tokens and word pieces on one scale. A sentence is
    asked for twice and counted once."""

    def __init__(self, max_tokens: int, count_pieces: CountPieces | None) -> None:
        self.max_tokens = max_tokens
        self._count_pieces = count_pieces
        self._costs: dict[str, int] = {}

    def cost(self, text: str) -> int:
        if text not in self._costs:
            self._costs[text] = self._counted(text)
        return self._costs[text]

    def _counted(self, text: str) -> int:
        tokens = count_tokens(text)
        if self._count_pieces is None:
            return tokens
        return max(tokens, math.ceil(self._count_pieces(text) * self.max_tokens / MAX_PIECES))

    def fits(self, text: str) -> bool:
        return self.cost(text) <= self.max_tokens


def _chunk_region(
    document: Document, parts: list[Span], budget: _Budget, overlap: int
) -> Iterator[Chunk]:
    text = document.text
    spans = [span for part in parts for span in sentences(text, part)]
    pieces = [piece for span in spans for piece in _fitting(text, span, budget)]
    costs = [budget.cost(piece.of(text)) for piece in pieces]
    start = end = 0
    while end < len(pieces):
        reached = _fill(text, pieces, costs, start, budget)
        if reached == end:  # the repeated sentences leave no room for a new one
            start += 1
            continue
        end = reached
        yield _chunk(document, pieces[start:end])
        start = max(start + 1, end - overlap)


def _fill(text: str, pieces: list[Span], costs: list[int], start: int, budget: _Budget) -> int:
    """Index after the last piece that still fits. Adding costs is exact to a token or two at
    the seams, so the joined text has the last word."""
    end, total = start + 1, costs[start]
    while end < len(pieces) and total + costs[end] + 2 <= budget.max_tokens:
        total += costs[end] + 2
        end += 1
    while end > start + 1 and not budget.fits(text[pieces[start].start : pieces[end - 1].end]):
        end -= 1
    return end


def _fitting(text: str, span: Span, budget: _Budget) -> Iterator[Span]:
    """`span` itself, or its halves at a word end until each fits the budget."""
    if span.end - span.start < 2 or budget.fits(span.of(text)):
        yield span
        return
    for half in _halves(text, span):
        piece = trimmed(text, half)
        if piece.end > piece.start:
            yield from _fitting(text, piece, budget)


def _halves(text: str, span: Span) -> tuple[Span, Span]:
    """Cut at the white space nearest to the middle; without any, in the middle, but
    not inside a character made of several (a flag, an accent, a family of emoji)."""
    middle = (span.start + span.end) // 2
    spaces = [match.start() for match in re.finditer(r"\s", text[span.start + 1 : span.end])]
    cut = middle
    if spaces:
        cut = span.start + 1 + min(spaces, key=lambda at: abs(span.start + 1 + at - middle))
    else:
        while cut > span.start + 1 and _continues(text, cut):
            cut -= 1
    return Span(span.start, cut), Span(cut, span.end)


def _continues(text: str, at: int) -> bool:
    """True when the character at `at` belongs to the one before it."""
    joiner = "\u200d"
    category = unicodedata.category(text[at])
    return category in ("Mn", "Mc", "Me", "Sk") or joiner in text[at - 1 : at + 1]


def _chunk(document: Document, pieces: list[Span]) -> Chunk:
    span = Span(pieces[0].start, pieces[-1].end)
    text = span.of(document.text)
    key = f"{document.path}\0{span.start}\0{span.end}\0{text}"
    return Chunk(
        id=hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:24],
        document=document.path,
        span=span,
        text=text,
        token_count=count_tokens(text),
        sentences=tuple(pieces),
    )
