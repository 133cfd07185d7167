"""Which windows are read, and what each sentence gets from them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from rag.answer.candidates import Candidate
from rag.answer.reading import read_sentences
from rag.reader import NOTHING_READ_SCORE, Reader, Reading
from rag.types import Document, Span

SENTENCES = ("Ann came in May.", "She brought cake.", "Ben left.", "Rain fell.", "Cid slept.")
TEXT = " ".join(SENTENCES)
DOCUMENT = Document("a.txt", TEXT, "0")


class LongestIsBest(Reader):
    """Finds each part whole and scores it by its length; keeps what it was asked to read."""

    def __init__(self) -> None:
        super().__init__(Path(), Path(), threads=1)
        self.passages: list[str] = []

    def read_parts(
        self, question: str, passages: Sequence[str], parts: Sequence[Sequence[tuple[int, int]]]
    ) -> list[list[Reading]]:
        self.passages += passages
        return [[Reading(s, e, float(e - s), 0.5) for s, e in each] for each in parts]


@pytest.fixture
def candidates() -> list[Candidate]:
    starts = [TEXT.index(each) for each in SENTENCES]
    spans = [Span(at, at + len(each)) for at, each in zip(starts, SENTENCES, strict=True)]
    return [
        Candidate(
            document=DOCUMENT,
            span=span,
            window=Span(spans[max(0, n - 1)].start, spans[min(4, n + 1)].end),
            dense=0.0,
            dense_window=0.0,
            bm25=0.0,
            bm25_window=0.0,
            coverage=0.0,
            coverage_window=0.0,
            chunk_rank=0,
        )
        for n, span in enumerate(spans)
    ]


def test_a_sentence_inside_a_window_read_already_takes_no_window(
    candidates: list[Candidate],
) -> None:
    reader = LongestIsBest()
    readings = read_sentences("Who?", candidates, [1, 0, 2, 4, 3], reader, most=2)
    assert reader.passages == [
        "Ann came in May. She brought cake. Ben left.",
        "Rain fell. Cid slept.",
    ]
    assert all(readings)


def test_sentences_outside_the_windows_are_not_read(candidates: list[Candidate]) -> None:
    readings = read_sentences("Who?", candidates, [0, 1, 2, 3, 4], LongestIsBest(), most=1)
    assert [reading is not None for reading in readings] == [True, True, False, False, False]


def test_the_words_found_lie_in_the_sentence_and_the_best_of_a_window_is_marked(
    candidates: list[Candidate],
) -> None:
    readings = read_sentences("Who?", candidates, [1], LongestIsBest(), most=8)
    first, second, third = (reading for reading in readings if reading)
    assert [each.text(DOCUMENT) for each in (first, second, third)] == list(SENTENCES[:3])
    assert [first.is_best, second.is_best, third.is_best] == [False, True, False]


def test_a_sentence_in_two_windows_keeps_the_better_reading(candidates: list[Candidate]) -> None:
    class FirstIsSurer(LongestIsBest):
        def read_parts(
            self, question: str, passages: Sequence[str], parts: Sequence[Sequence[tuple[int, int]]]
        ) -> list[list[Reading]]:
            return [
                [Reading(s, e, -float(n), 0.5) for s, e in each] for n, each in enumerate(parts)
            ]

    readings = read_sentences("Who?", candidates, [0, 2], FirstIsSurer(), most=8)
    # windows 0-1 and 1-3: sentence 1 stands in both
    assert [reading.score for reading in readings if reading] == [0.0, 0.0, -1.0, -1.0]


def test_a_sentence_without_words_for_the_reader_counts_as_unread(
    candidates: list[Candidate],
) -> None:
    class FindsNothing(LongestIsBest):
        def read_parts(
            self, question: str, passages: Sequence[str], parts: Sequence[Sequence[tuple[int, int]]]
        ) -> list[list[Reading]]:
            return [[Reading(0, 0, NOTHING_READ_SCORE, 0.0)] * len(each) for each in parts]

    assert read_sentences("Who?", candidates, [1], FindsNothing(), most=8) == [None] * 5
