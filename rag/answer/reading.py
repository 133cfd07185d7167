"""Which windows the reader sees, and what each sentence gets from it.

Windows of neighbouring sentences overlap, so reading one for every promising sentence would read
the same text three times: a sentence that stands in a window picked already is read there. On the
development questions on the starter articles eight windows then hold the answer more often.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rag.answer.candidates import Candidate
from rag.reader import NOTHING_READ_SCORE, Reader
from rag.types import Document, Span


@dataclass(frozen=True)
class SentenceReading:
    """What the reader found in a sentence for the question."""

    span: Span
    """The answering words, in the document; inside the sentence."""
    score: float
    """Logits of these words over those of no answer; higher = more surely answered."""
    probability: float
    """That the words answer the question, in [0, 1], uncalibrated."""
    is_best: bool
    """No other sentence of the window that was read has a better span."""

    def text(self, document: Document) -> str:
        return self.span.of(document.text)


@dataclass(frozen=True)
class _Window:
    document: Document
    span: Span
    sentences: list[int]
    """Numbers of the candidates whose sentence stands in the window."""


def read_sentences(
    question: str,
    candidates: Sequence[Candidate],
    order: Sequence[int],
    reader: Reader,
    *,
    most: int,
) -> list[SentenceReading | None]:
    """A reading for each candidate that stands in one of the windows read, else None.

    `order` are numbers of candidates, the most promising first; `most` windows are read.
    """
    windows = _pick(candidates, order, most)
    texts = [window.span.of(window.document.text) for window in windows]
    parts = [
        [_inside(candidates[i].span, window.span) for i in window.sentences] for window in windows
    ]
    readings: list[SentenceReading | None] = [None] * len(candidates)
    for window, found in zip(windows, reader.read_parts(question, texts, parts), strict=True):
        best = max(each.span_score for each in found)
        for number, each in zip(window.sentences, found, strict=True):
            known = readings[number]
            unread = each.span_score <= NOTHING_READ_SCORE
            if unread or (known is not None and known.score >= each.span_score):
                continue
            start = window.span.start
            readings[number] = SentenceReading(
                Span(start + each.start, start + each.end),
                each.span_score,
                each.answer_probability,
                each.span_score == best,
            )
    return readings


def _pick(candidates: Sequence[Candidate], order: Sequence[int], most: int) -> list[_Window]:
    """Windows of the first candidates that no window picked before holds."""
    windows: list[_Window] = []
    held: set[int] = set()
    for number in order:
        if len(windows) == most:
            break
        if number in held:
            continue
        document, span = candidates[number].document, candidates[number].window
        inside = [
            other
            for other, each in enumerate(candidates)
            if each.document.path == document.path
            and span.start <= each.span.start
            and each.span.end <= span.end
        ]
        held.update(inside)
        windows.append(_Window(document, span, inside))
    return windows


def _inside(span: Span, window: Span) -> tuple[int, int]:
    return span.start - window.start, span.end - window.start
