"""Follow-ups rewritten by a model are taken only when nothing was added."""

from __future__ import annotations

import pytest

from rag.condense import condense, recent
from rag.types import Answer
from tests.llm import server as play
from tests.llm.helpers import answerer_for

TURNS = [Answer("Who runs the Velm museum?", "Anna Lind runs the Velm museum. [1]", False)]


def rewrite(reply, **llm):
    serve = reply if callable(reply) else play.replies(reply)
    with play.serving(serve) as server:
        caller = answerer_for(server, **llm).caller
        return condense(caller, TURNS, "When did she start?", seconds=0.5)


def test_a_faithful_rewriting_is_taken():
    assert rewrite("When did Anna Lind start?") == "When did Anna Lind start?"


@pytest.mark.parametrize(
    "reply",
    [
        "When did Anna Berg start?",
        "Did Anna Lind start in 1998?",
        "She started long ago.\nAsk again.",
        "x" * 500,
        play.status(500),
        play.streams("When did"),
        play.stalls(seconds=1),
    ],
)
def test_anything_else_is_left_to_the_rules(reply):
    assert rewrite(reply) is None


def test_a_first_question_stands_by_itself():
    assert condense(None, [], "Who runs it?") == "Who runs it?"


def test_history_is_bounded_by_tokens_newest_first():
    turns = [Answer(f"Question {n}?", "word " * 50, False) for n in range(20)]
    history = recent(turns, max_tokens=200)
    assert "Question 19?" in history
    assert "Question 15?" not in history
