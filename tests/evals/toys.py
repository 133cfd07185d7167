"""A corpus of two short documents, small enough to know by heart, and answers cut from it."""

from __future__ import annotations

from typing import Any

from evals.dataset import Gold, GoldSpan
from rag.types import Answer, Citation, Span

TEXTS = {
    "a.txt": "Ada led the talks in Bern. The talks lasted two days.",
    "b.txt": "Ada headed the delegation. Rain fell. Bo stayed home.",
}


def gold(*groups: list[tuple[str, str]]) -> Gold:
    """Gold passages from (document, quote) pairs, one list a group."""
    return tuple(tuple(GoldSpan(d, span_of(d, quote)) for d, quote in group) for group in groups)


def span_of(document: str, quote: str) -> Span:
    """Where a quote stands."""
    start = TEXTS[document].index(quote)
    return Span(start, start + len(quote))


def cite(document: str, quote: str, number: int = 1) -> Citation:
    """A citation of a quote, where it stands."""
    span = span_of(document, quote)
    return Citation(number, document, "", "", "", span.start, span.end, quote)


def say(text: str, *citations: Citation, **fields: Any) -> Answer:
    """An answer that does not abstain."""
    return Answer("q", text, abstained=False, citations=citations, **fields)


def decline(**fields: Any) -> Answer:
    """An abstention."""
    return Answer("q", "The documents do not answer this.", abstained=True, **fields)


LED = [("a.txt", "Ada led the talks in Bern."), ("b.txt", "Ada headed the delegation.")]
LASTED = [("a.txt", "The talks lasted two days.")]
