"""Documents to chunks: whole sentences up to a token budget, spans exact by construction.

A chunk is a contiguous span inside one stretch of kept text; it repeats the last sentence of the
chunk before, so that a pronoun finds its noun. A single sentence over the budget is cut at word
ends (or, in text without spaces, between characters).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from rag.sentences import sentences, trimmed
from rag.settings import ChunkingSettings
from rag.tokens import count_tokens
from rag.types import Chunk, Document, Span


def chunk_document(document: Document, settings: ChunkingSettings) -> list[Chunk]:
    """Chunks of the kept text in document order; each at most `settings.max_tokens` tokens."""
    return [
        chunk
        for region in _regions(document)
        for chunk in _chunk_region(document, region, settings)
    ]


def document_sentences(document: Document) -> list[Span]:
    """Sentences of the kept text in document order."""
    return [span for part in document.kept for span in sentences(document.text, part)]


def _regions(document: Document) -> Iterator[Span]:
    """Stretches of kept paragraphs with nothing but white space between them."""
    current: Span | None = None
    for part in document.kept:
        if current and not document.text[current.end : part.start].strip():
            current = Span(current.start, part.end)
            continue
        if current:
            yield current
        current = part
    if current:
        yield current


def _chunk_region(document: Document, region: Span, settings: ChunkingSettings) -> Iterator[Chunk]:
    parts = [span for part in document.kept if part.overlaps(region)
             for span in sentences(document.text, part)]
    pieces = [
        piece for span in parts for piece in _fitting(document.text, span, settings.max_tokens)
    ]
    counts = [count_tokens(piece.of(document.text)) for piece in pieces]
    start = 0
    while start < len(pieces):
        end = _fill(document.text, pieces, counts, start, settings.max_tokens)
        yield _chunk(document, pieces[start:end])
        if end == len(pieces):
            return
        start = max(start + 1, end - settings.overlap_sentences)


def _fill(text: str, pieces: list[Span], counts: list[int], start: int, budget: int) -> int:
    """Index after the last piece that still fits. Adding counts is exact to a token or two at
    the seams, so the joined text has the last word."""
    end, total = start + 1, counts[start]
    while end < len(pieces) and total + counts[end] + 2 <= budget:
        total += counts[end] + 2
        end += 1
    while end > start + 1 and count_tokens(text[pieces[start].start : pieces[end - 1].end]) > budget:
        end -= 1
    return end


def _fitting(text: str, span: Span, budget: int) -> Iterator[Span]:
    """`span` itself, or its halves at a word end until each fits the budget."""
    if count_tokens(span.of(text)) <= budget or span.end - span.start < 2:
        yield span
        return
    middle = (span.start + span.end) // 2
    cut = text.rfind(" ", span.start + 1, middle)
    cut = cut if cut > span.start else middle
    for half in (Span(span.start, cut), Span(cut, span.end)):
        piece = trimmed(text, half)
        if piece.end > piece.start:
            yield from _fitting(text, piece, budget)


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
