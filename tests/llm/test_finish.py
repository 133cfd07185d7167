"""Why a model stopped, as each provider writes it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from rag.answer.calls import Caller
from rag.answer.prompt import Message
from rag.llm_errors import LlmCallError

ASKED = [Message("user", "?")]


class Scripted:
    """Says two pieces, the last with a record of its own."""

    def __init__(self, *records: Any) -> None:
        self.records = records
        self.metadata = SimpleNamespace(context_window=100)

    def stream_chat(self, _messages: object) -> Iterator[SimpleNamespace]:
        for record in self.records:
            yield SimpleNamespace(delta="word ", raw=record)


def reply_to(*records: Any) -> tuple[str, bool]:
    reply = Caller(Scripted(*records)).start(ASKED, deadline=time.monotonic() + 5)
    return "".join(reply), reply.is_cut


def choice(reason: str | None) -> SimpleNamespace:
    return SimpleNamespace(finish_reason=reason)


@pytest.mark.parametrize(
    "record",
    [
        {"finish_reason": "length"},
        {"choices": [{"finish_reason": "length"}]},
        SimpleNamespace(choices=[choice("length")]),
        SimpleNamespace(data=SimpleNamespace(choices=[choice("length")])),
        {"type": "message_delta", "delta": SimpleNamespace(stop_reason="max_tokens")},
        {"done": True, "done_reason": "length"},
        {"finish_reason": SimpleNamespace(name="MAX_TOKENS")},
    ],
)
def test_a_cut_answer_is_known_whoever_says_it(record):
    assert reply_to(None, record) == ("word word ", True)


def test_a_model_that_never_gives_reasons_is_believed():
    assert reply_to(None, None) == ("word word ", False)


def test_a_stream_that_gives_reasons_and_ends_without_one_broke_off():
    with pytest.raises(LlmCallError, match="without saying why"):
        reply_to({"finish_reason": None}, {"finish_reason": None})


def test_a_finished_answer_is_whole():
    assert reply_to({"finish_reason": None}, {"finish_reason": "stop"}) == ("word word ", False)


def test_a_length_limit_raised_as_an_error_is_told_as_one():
    def failing(_messages: object) -> Iterator[SimpleNamespace]:
        raise RuntimeError("Response was terminated early: MAX_TOKENS")
        yield

    model = Scripted()
    model.stream_chat = failing  # type: ignore[method-assign]
    with pytest.raises(LlmCallError, match="length limit"):
        Caller(model).start(ASKED, deadline=time.monotonic() + 5)
