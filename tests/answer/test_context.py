"""Quotes keep the neighbour that names their subject."""

from __future__ import annotations

import pytest

from rag.answer.context import leans_on_before, with_context
from rag.sentences import sentences
from rag.types import Document, Span


@pytest.mark.parametrize(
    ("text", "leans"),
    [
        ("She closed the mill in 1950.", True),
        ("“The mill is closed,” he said.", True),
        ("“Prices fell,” the official told reporters.", True),
        ("“They left early,” said Ada Byron.", False),
        ("Ada Byron closed the mill.", False),
        ("It is unclear who owns the mill.", False),
    ],
)
def test_leans_on_before(text: str, leans: bool) -> None:
    assert leans_on_before(text) is leans


def _document(text: str) -> tuple[Document, list[Span]]:
    return Document("a.txt", text, "0", kept=(Span(0, len(text)),)), sentences(text)


def test_the_sentence_that_names_the_subject_is_joined_as_one_exact_span() -> None:
    document, spans = _document("Rain fell. Ada Byron ran the mill. She closed it in 1950.")
    (joined,) = with_context(document, spans[2], spans)
    assert joined.of(document.text) == "Ada Byron ran the mill. She closed it in 1950."


def test_across_boilerplate_the_neighbour_is_a_span_of_its_own() -> None:
    text = "Ada Byron ran the mill.\n\nadvert here\n\nShe closed it in 1950."
    document = Document("a.txt", text, "0")
    first, last = Span(0, 23), Span(text.index("She"), len(text))
    assert with_context(document, last, [first, last]) == [first, last]


def test_a_heading_before_is_no_context() -> None:
    document, spans = _document("THE MILL\n\nShe closed it in 1950.")
    assert with_context(document, spans[1], spans) == [spans[1]]
