"""Questions about an article itself: date, author and outlet, from where the text states them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.answer.about import asked_about
from rag.pipeline import Pipeline
from rag.settings import RagSettings
from tests.conftest import HashingEncoder

TEXTS = {
    "mill.txt": "Old mill reopens\n\nBy Nora Flint, The Courier\n\nPublished: 4 March 2021\n\nThe old mill of "
    "Millbrook reopened on Tuesday. The Courier was there. Mayor Ada Byron cut the ribbon. Visitors "
    "came by ferry.",
    "ferry.txt": "Ferry runs again\n\nThe ferry between the islands runs again after a storm. Captain Olsen "
    "called it a relief.",
    "bridge.txt": "Bridge to close\n\nRIVERTON (AP) — The bridge closes on Monday. It came as a surprise to the "
    "capital.",
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
        ("who was the Courier article about the mill written by?", "Nora Flint"),
        ("What is the Millbrook article's publication date?", "4 March 2021"),
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


def test_an_agency_is_cited_from_the_dateline_not_from_inside_a_word(pipeline: Pipeline) -> None:
    (citation,) = pipeline.ask("Which news agency ran the story about the bridge?").citations
    assert TEXTS["bridge.txt"][: citation.end].endswith("RIVERTON (AP")


def test_an_article_that_does_not_say_leads_to_a_refusal_that_says_so(pipeline: Pipeline) -> None:
    answer = pipeline.ask("When was the article about the ferry published?")
    assert answer.abstained  # the mill's article has a date and the word "ferry"
    assert answer.text == "No publication date was found in the article."
    assert answer.nearest[0].document == "ferry.txt"


def test_an_article_about_something_else_is_not_made_up(pipeline: Pipeline) -> None:
    assert pipeline.ask("Who wrote the article about elephants?").abstained


def test_a_compound_question_is_not_cut_short(pipeline: Pipeline) -> None:
    answer = pipeline.ask("Who wrote the article about the mill, and who cut the ribbon?")
    assert "Ada Byron" in answer.text


@pytest.mark.parametrize(
    "question",
    [
        "When was the article about the mill posted?",
        "What date is on the article that quotes Xinhua?",
        "In what year was the article published?",
        "When did the Reuters story run?",
        "When did the paper publish the article about the mill?",
        "Who is the author of the column?",
        "By whom was the article on the bridge written?",
        "Which newspaper did the story appear in?",
        "Which outlet is the article from?",
        "Who published the article about the mill?",
        "Where was the article about the mill published?",
    ],
)
def test_ordinary_wordings_are_understood(question: str) -> None:
    assert asked_about(question) is not None


@pytest.mark.parametrize(
    "question",
    [
        "When did the mill reopen?",
        "When was the report of the commission published?",
        "Who cut the ribbon in the story of Millbrook?",
        "What does the article say about the mayor?",
        "When, according to the article, was the hostage released?",
        "When did the suspect in the story appear in court?",
        "When was Toy Story released?",
        "When was Article 5 of the treaty written?",
        "What date does the article give for the opening of the mill?",
        "What is the date of the election in the story?",
        "Who does the story say was hired by the museum?",
        "Who is behind the attack described in the article?",
        "Who wrote the letter mentioned in the article?",
        "What does the author of the article argue?",
        "Which reporter was killed while working on a story in Gaza?",
        "Which agency carried out the raid described in the article?",
        "Where was the piece of wreckage posted?",
    ],
)
def test_questions_about_the_content_are_none_about_the_article(question: str) -> None:
    assert asked_about(question) is None
