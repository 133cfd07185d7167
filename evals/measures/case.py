"""What a measure of one answer sees, and the overlap rule all citation measures share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from evals.dataset import Gold, GoldSpan, Question
from rag.types import Answer, Citation, Span


@dataclass(frozen=True)
class Case:
    """A question with its located evidence and the texts that citations point into."""

    question: Question
    gold: Gold
    texts: Mapping[str, str]
    """Document path -> source text, read apart from the system under test."""


class Measure(Protocol):
    """One number for one answer; None when it could not be computed (never zero)."""

    def __call__(self, case: Case, answer: Answer) -> float | None:
        """The value for `answer`; higher is better unless the measure's name is a fault."""


def hits(citation: Citation, gold: Iterable[GoldSpan]) -> bool:
    """True when the citation shares at least one character with a gold passage."""
    cited = Span(citation.start, citation.end)
    return any(each.document == citation.document and each.span.overlaps(cited) for each in gold)


def all_passages(gold: Gold) -> list[GoldSpan]:
    """The gold passages of every group."""
    return [passage for group in gold for passage in group]
