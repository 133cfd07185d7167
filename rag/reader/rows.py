"""Question and passages to rows of word pieces.

A row is question and window between the marks that the tokenizer puts. A passage longer than a row
becomes several rows that overlap, so that no answer is lost at an edge.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import tokenizers

_PASSAGE = 1


@dataclass(frozen=True)
class Limits:
    """Lengths in word pieces: of a row, of the overlap of two windows, of the question kept, of
    the longest answer."""

    row_tokens: int = 256
    overlap_tokens: int = 64
    question_tokens: int = 48
    answer_tokens: int = 30


@dataclass(frozen=True)
class Row:
    """One window of passage number `passage`; the arrays are (length,).

    `offsets` are character `[start, end)` in the passage; `passage_pieces` marks what is of the
    passage, `can_start` and `can_end` those of it at word edges.
    """

    passage: int
    offsets: list[tuple[int, int]]
    ids: NDArray[np.int64]
    segments: NDArray[np.int64]
    passage_pieces: NDArray[np.bool_]
    can_start: NDArray[np.bool_]
    can_end: NDArray[np.bool_]


def make_rows(
    tokenizer: tokenizers.Tokenizer, question: str, passages: Sequence[str], limits: Limits
) -> list[Row]:
    """Rows of all passages, in passage order; a passage without any word piece gives none."""
    asked = _cut(tokenizer, question, limits.question_tokens)
    encodings = tokenizer.encode_batch([(asked, passage) for passage in passages])
    return [
        _row(number, window)
        for number, encoding in enumerate(encodings)
        for window in (encoding, *encoding.overflowing)
        if _PASSAGE in window.sequence_ids
    ]


def set_limits(tokenizer: tokenizers.Tokenizer, limits: Limits) -> None:
    """Make `tokenizer` cut the passage, never the question, into overlapping windows."""
    tokenizer.no_padding()
    tokenizer.enable_truncation(
        limits.row_tokens, stride=limits.overlap_tokens, strategy="only_second"
    )


def pieces_of(row: Row, start: int, end: int) -> tuple[int, int]:
    """First piece and the one after the last of the passage's characters `[start, end)`."""
    inside = [
        index
        for index in np.flatnonzero(row.passage_pieces)
        if row.offsets[index][0] < end and row.offsets[index][1] > start
    ]
    return (int(inside[0]), int(inside[-1]) + 1) if inside else (0, 0)


def _cut(tokenizer: tokenizers.Tokenizer, question: str, question_tokens: int) -> str:
    """The first `question_tokens` pieces of `question`, which is encoded as a passage because only
    that may be cut."""
    offsets = tokenizer.encode("", question, add_special_tokens=False).offsets
    return (
        question[: offsets[question_tokens - 1][1]] if len(offsets) > question_tokens else question
    )


def _row(passage: int, window: tokenizers.Encoding) -> Row:
    inside = np.array([sequence == _PASSAGE for sequence in window.sequence_ids])
    return Row(
        passage,
        window.offsets,
        np.array(window.ids, dtype=np.int64),
        np.array(window.type_ids, dtype=np.int64),
        inside,
        *_word_edges(window, inside),
    )


def _word_edges(
    encoding: tokenizers.Encoding, inside: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Passage pieces that begin a word, and those that end one."""
    words = np.array([-1 if word is None else word for word in encoding.word_ids])
    changes = (words[1:] != words[:-1]) | (inside[1:] != inside[:-1])
    return inside & np.append(True, changes), inside & np.append(changes, True)
