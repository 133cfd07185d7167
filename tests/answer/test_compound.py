"""Compound questions and talk about the sources."""

from __future__ import annotations

import pytest

from rag.answer.parts import split_question, without_source_talk


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (
            "Who led the talks, and what did they agree on?",
            ("Who led the talks", "what did they agree on?"),
        ),
        (
            "who bought the old bridge and where is it now",
            ("who bought the old bridge", "where is it now"),
        ),
        (
            "When was it opened? How much did it cost?",
            ("When was it opened?", "How much did it cost?"),
        ),
        (
            "Did the union sign, and in which building did that happen?",
            ("Did the union sign", "in which building did that happen?"),
        ),
    ],
)
def test_several_questions_are_taken_apart(text: str, parts: tuple[str, ...]) -> None:
    assert split_question(text) == parts


@pytest.mark.parametrize(
    "text",
    [
        "Who wrote and directed the film?",
        "How and why did the bridge fall?",
        "What did Thomas E. Dewey think of the plan?",
        "What grade did U.S. infrastructure receive in 2009?",
        "When there are many sorts, what is added to the theory?",
        "What did the minister say about costs and what the union wants?",
        "Who led the delegation?",
        "bridge opening year and cost",
        "",
    ],
)
def test_one_question_stays_one(text: str) -> None:
    assert split_question(text) == (text,)


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("Where was it held? Do the reports agree?", "Where was it held?"),
        (
            "Do the articles agree on how many people were hurt?",
            "how many people were hurt?",
        ),
        ("What has been done? Put together what the sources say.", "What has been done?"),
        ("Do the reports agree?", "Do the reports agree?"),
        ("What did the company say in its reports?", "What did the company say in its reports?"),
    ],
)
def test_talk_about_the_sources_is_taken_off(text: str, asked: str) -> None:
    assert without_source_talk(text) == asked
