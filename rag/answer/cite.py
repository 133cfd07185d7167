"""Citations and shown passages, cut from the source text so that they cannot be inexact."""

from __future__ import annotations

from rag.types import Citation, Document, Passage, Span


def make_citation(number: int, document: Document, span: Span) -> Citation:
    """Citation `number` of exactly `span` of the document."""
    meta = document.metadata
    return Citation(
        number=number,
        document=document.path,
        title=meta.title,
        outlet=meta.outlet,
        published=meta.published,
        start=span.start,
        end=span.end,
        quote=span.of(document.text),
    )


def make_passage(document: Document, span: Span, score: float) -> Passage:
    """The passage of exactly `span`, with how near it came to the question."""
    meta = document.metadata
    return Passage(
        document=document.path,
        title=meta.title,
        outlet=meta.outlet,
        published=meta.published,
        start=span.start,
        end=span.end,
        quote=span.of(document.text),
        score=score,
    )
