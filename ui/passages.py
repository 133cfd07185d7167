"""Cuts what surrounds a span out of a document: its paragraph, and the article in pieces.

Takes documents and spans, gives plain text; escaping is left to whoever writes the markup.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from rag.types import Document, Span

CONTEXT_CHARS = 320


@dataclass(frozen=True)
class InContext:
    """A quote with the rest of its paragraph; `…` marks where the paragraph was cut."""

    before: str
    quote: str
    after: str


@dataclass(frozen=True)
class Piece:
    """A stretch of an article of one kind."""

    text: str
    is_kept: bool
    is_marked: bool


def in_paragraph(document: Document, span: Span) -> InContext:
    """The paragraph around `span`, at most `CONTEXT_CHARS` to each side, cut between words."""
    text = document.text
    start = text.rfind("\n", 0, span.start) + 1
    end = text.find("\n", span.end)
    before = text[start : span.start]
    after = text[span.end : end if end >= 0 else len(text)]
    if len(before) > CONTEXT_CHARS:
        tail = before[-CONTEXT_CHARS:]
        before = "… " + tail[tail.find(" ") + 1 :]
    if len(after) > CONTEXT_CHARS:
        head = after[:CONTEXT_CHARS]
        after = head[: head.rfind(" ") if " " in head else CONTEXT_CHARS] + " …"
    return InContext(before, span.of(text), after)


def paragraphs(document: Document, mark: Span | None) -> Iterator[list[Piece]]:
    """The document's paragraphs in order, each cut where kept text or the marked span begin."""
    kept = document.kept or (Span(0, len(document.text)),)
    edges = {0, len(document.text)}
    edges.update(edge for span in kept for edge in (span.start, span.end))
    if mark:
        edges.update((mark.start, mark.end))
    cuts = sorted(edge for edge in edges if 0 <= edge <= len(document.text))
    position = 0
    for line in document.text.split("\n"):
        end = position + len(line)
        if line.strip():
            yield list(_pieces(document.text, Span(position, end), cuts, kept, mark))
        position = end + 1


def _pieces(
    text: str, line: Span, cuts: list[int], kept: tuple[Span, ...], mark: Span | None
) -> Iterator[Piece]:
    edges = [line.start, *(cut for cut in cuts if line.start < cut < line.end), line.end]
    for start, end in itertools.pairwise(edges):
        piece = Span(start, end)
        yield Piece(
            piece.of(text),
            is_kept=any(piece.overlaps(span) for span in kept),
            is_marked=mark is not None and piece.overlaps(mark),
        )
