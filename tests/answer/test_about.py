"""Questions about an article itself: date, author and outlet, from where the text states them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.answer.about import asked_field
from rag.pipeline import Pipeline
from rag.settings import RagSettings
from tests.conftest import HashingEncoder

TEXTS = {
    "mill.txt": "Old mill reopens\n\nBy Nora Flint, The Courier\n\nPublished: 4 March 2021\n\nThe old mill of "
    "Millbrook reopened on Tuesday. The Courier was there. Mayor Ada Byron cut the ribbon.",
    "ferry.txt": "Ferry runs again\n\nThe ferry between the islands runs again after a storm. Captain Olsen "
    "called it a relief.",
}


@pytest.fixture
def pipeline(tmp_path: Path, encoder: HashingEncoder, settings: RagSettings) -> Iterator[Pipeline]:
    folder = tmp_path / "papers"
    folder.mkdir()
    for name, text in TEXTS.items():
        (folder / name).write_text(text, encoding="utf-8")
    opened = Pipeline.open(folder, settings, encoder=encoder)
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("question", "quote"),
    [
        ("When was the article about the mill published?", "4 March 2021"),
        ("what date is on the story of the old mill", "4 March 2021"),
        ("Who wrote the article on the mill?", "Nora Flint"),
        ("Which newspaper ran the story about Millbrook?", "The Courier"),
    ],
)
def test_the_answer_is_cut_from_where_the_article_states_it(
    pipeline: Pipeline, question: str, quote: str
) -> None:
    answer = pipeline.ask(question)
    (citation,) = answer.citations
    assert citation.quote == answer.short_answer == quote
    assert TEXTS["mill.txt"][citation.start : citation.end] == quote
    assert citation.start < TEXTS["mill.txt"].index("The old mill of")


def test_an_article_that_does_not_say_leads_to_a_refusal_that_says_so(pipeline: Pipeline) -> None:
    answer = pipeline.ask("When was the article about the ferry published?")
    assert answer.abstained
    assert answer.text == "The article does not say when it was published."


def test_an_article_about_something_else_is_not_made_up(pipeline: Pipeline) -> None:
    assert pipeline.ask("Who wrote the article about elephants?").abstained


@pytest.mark.parametrize(
    "question",
    [
        "When did the mill reopen?",
        "When was the report of the commission published?",
        "Who cut the ribbon in the story of Millbrook?",
        "What does the article say about the mayor?",
    ],
)
def test_questions_about_the_content_are_none_about_the_article(question: str) -> None:
    assert asked_field(question) is None
