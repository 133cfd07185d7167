"""Every fault of a server ends in a cited answer with one line saying why, within the deadline."""

from __future__ import annotations

import logging
import re
import time

import pytest

from rag.answer.breaker import FAILURES_TO_OPEN, Breaker, RetryBudget
from rag.answer.llm import LlmAnswerer
from rag.llm_errors import LlmCallError
from rag.llms import resolve_llm
from tests.llm import server as play
from tests.llm.helpers import answerer_for, make_evidence, settings_for

HTML = "<html><body>Bad gateway</body></html>"
OVERFLOW = '{"error": {"message": "This model\'s maximum context length is 512 tokens"}}'
GOOD = "The harbour of Velm opened on 3 May 1998 [1]."
FAULTS = {
    "500": (play.status(500), 3, "status 500"),
    "503 with Retry-After 0": (play.status(503, Retry_After="0"), 3, "status 503"),
    "reset": (play.resets, 3, "could not be reached"),
    "429 with Retry-After 3600": (play.status(429, Retry_After="3600"), 1, "busy"),
    "hang": (play.stalls(seconds=3), 3, "time|deadline"),
    "HTML": (play.body(HTML, "text/html"), 1, "JSON"),
    "cut JSON": (play.body('{"choices": [{"mess'), 1, "JSON"),
    "empty choices": (play.body('{"choices": []}'), 1, "no choices"),
    "null content": (play.whole(None), 1, "empty"),
    "empty content": (play.whole(""), 1, "empty"),
    "empty stream": (play.streams("", finish="stop", done=True), 1, "empty"),
    "cut stream": (play.streams("The harbour of"), 1, "broke off"),
    "no [DONE]": (play.streams("It has a harbour", finish="stop"), 1, "broke off"),
    "no finish reason": (play.streams("It has a harbour", done=True), 1, "without saying why"),
    "malformed event": (play.streams_then("{not json", "The harbour"), 1, "JSON"),
    "error event": (play.streams_then('{"error": {"message": "boom"}}', "The"), 1, "error"),
    "stall": (play.stalls("The harbour"), 1, "time|deadline"),
    "drip": (play.drips("never a full stop "), 1, "deadline"),
    "400": (play.status(400), 1, "status 400"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_fault_gives_the_extractive_answer_in_time_with_a_notice(name, evidence, fallback):
    fault, requests, why = FAULTS[name]
    with play.serving(fault) as server:
        started = time.monotonic()
        answer = answerer_for(server).answer("When?", evidence, fallback=fallback)
        assert time.monotonic() - started < 1.5
        assert len(server.requests) <= requests
    assert answer.text == f"{fallback().citations[0].quote} [1]"
    assert len(answer.metadata.notices) == 1
    assert re.search(why, answer.metadata.notices[0])


def test_unreachable_server_gives_the_extractive_answer(evidence, fallback):
    with play.serving(play.resets) as server:
        settings = settings_for(server)
    answer = LlmAnswerer(resolve_llm(settings.llm), settings).answer(
        "When?", evidence, fallback=fallback
    )
    assert "could not be reached" in answer.metadata.notices[0]


def test_one_failure_is_retried_after_a_jittered_pause(evidence, fallback):
    with play.serving(play.status(500), play.resets, play.replies(GOOD)) as server:
        answer = answerer_for(server, deadline_seconds=5).answer("?", evidence, fallback=fallback)
        assert len(server.requests) == 3
    assert answer.metadata.answerer == "openai-like:test"
    assert answer.citations[0].quote == "The harbour of Velm opened on 3 May 1998."
    assert answer.metadata.notices == ()


def test_retry_after_is_waited_for_when_it_fits(evidence, fallback):
    with play.serving(play.status(429, Retry_After="0.4"), play.replies(GOOD)) as server:
        answer = answerer_for(server, deadline_seconds=5).answer("?", evidence, fallback=fallback)
        assert server.times[1] - server.times[0] >= 0.4
    assert not answer.metadata.notices


def test_retry_after_longer_than_what_is_left_falls_back_at_once(evidence, fallback):
    with play.serving(play.status(429, Retry_After="3600")) as server:
        started = time.monotonic()
        answerer_for(server, deadline_seconds=30).answer("?", evidence, fallback=fallback)
        assert time.monotonic() - started < 0.5


def test_401_never_shows_the_key(evidence, fallback, caplog):
    said = '{"error": "Incorrect API key provided: sk-secret-12345678"}'
    caplog.set_level(logging.DEBUG)
    with play.serving(play.status(401, said)) as server:
        answer = answerer_for(server).answer("?", evidence, fallback=fallback)
        assert len(server.requests) == 1
    assert "RAG_LLM__API_KEY" in answer.metadata.notices[0]
    assert "sk-secret" not in f"{answer}{caplog.text}"


def test_length_limit_drops_the_unfinished_sentence_and_says_so(evidence, fallback):
    text = f"{GOOD} Mayor Ilsa Korda said the port"
    with play.serving(play.streams(text, finish="length", done=True)) as server:
        answer = answerer_for(server).answer("?", evidence, fallback=fallback)
    assert answer.text == "The harbour of Velm opened on 3 May 1998. [1]"
    assert "length limit" in answer.metadata.notices[0]


def test_stream_that_breaks_off_keeps_only_checked_sentences(evidence, fallback):
    with play.serving(play.streams(f"{GOOD} It handles 240 ", "ships")) as server:
        answer = answerer_for(server).answer("?", evidence, fallback=fallback)
    assert answer.text == "The harbour of Velm opened on 3 May 1998. [1]"
    assert "not complete: its stream broke off" in answer.metadata.notices[0]


def test_context_overflow_is_tried_again_with_fewer_passages(evidence, fallback):
    with play.serving(play.status(400, OVERFLOW), play.replies(GOOD)) as server:
        answer = answerer_for(server).answer("?", evidence, fallback=fallback)
        sent = [r["messages"][1]["content"].count("</passage") for r in server.requests]
    assert sent == [3, 1]
    assert answer.citations
    assert not answer.metadata.notices


def test_passages_are_cut_to_the_context_window_before_sending(evidence, fallback):
    long = make_evidence(*["The harbour of Velm opened on 3 May 1998. " * 30] * 4)
    with play.serving(play.replies(GOOD)) as server:
        settings = {"context_tokens": 1200, "max_output_tokens": 64}
        answerer_for(server, **settings).answer("?", long, fallback=fallback)
        assert 1 <= server.requests[0]["messages"][1]["content"].count("</passage") < 4


def test_50_mb_stream_is_cut_and_its_connection_closed(evidence, fallback):
    with play.serving(play.floods(50)) as server:
        started = time.monotonic()
        answer = answerer_for(server).answer("?", evidence, fallback=fallback)
        assert time.monotonic() - started < 1.5
        time.sleep(0.2)
        assert server.left_at
        assert server.sent < 20_000_000
    assert not answer.abstained
    assert answer.metadata.notices


def test_the_socket_is_closed_at_the_deadline(evidence, fallback):
    with play.serving(play.drips("never a full stop ", pause=0.02)) as server:
        started = time.monotonic()
        answerer_for(server, deadline_seconds=0.8).answer("?", evidence, fallback=fallback)
        time.sleep(0.3)
        assert server.left_at
        assert server.left_at[0] - started < 1.1


def test_a_silent_server_loses_its_connection_too(evidence, fallback):
    with play.serving(play.stalls(seconds=4)) as server:
        started = time.monotonic()
        llm = answerer_for(server, deadline_seconds=0.8, timeout_seconds=30)
        llm.answer("?", evidence, fallback=fallback)
        time.sleep(0.3)
        assert server.left_at
        assert server.left_at[0] - started < 1.1


def test_a_stopped_client_ends_the_call(evidence, fallback):
    with play.serving(play.drips("never a full stop ", pause=0.02)) as server:
        started = time.monotonic()
        answerer_for(server, deadline_seconds=5).answer(
            "?", evidence, fallback=fallback, cancelled=lambda: time.monotonic() - started > 0.3
        )
        assert time.monotonic() - started < 0.8
        time.sleep(0.3)
        assert server.left_at


def test_leaving_the_event_stream_closes_the_connection(evidence, fallback):
    text = f"{GOOD} "
    with play.serving(play.drips(text, pause=0.001, size=20)) as server:
        events = answerer_for(server, deadline_seconds=5).stream("?", evidence, fallback=fallback)
        while next(events).kind != "verdict":
            pass
        events.close()
        time.sleep(0.3)
        assert server.left_at


def test_breaker_opens_after_five_failures_in_a_row(evidence, fallback):
    with play.serving(play.status(400)) as server:
        answerer = answerer_for(server)
        for _ in range(FAILURES_TO_OPEN + 3):
            answer = answerer.answer("?", evidence, fallback=fallback)
        assert len(server.requests) == FAILURES_TO_OPEN
    assert "left alone" in answer.metadata.notices[0]


def test_people_who_stop_do_not_open_the_breaker(evidence, fallback):
    with play.serving(play.drips("never a full stop ", pause=0.02)) as server:
        answerer = answerer_for(server)
        for _ in range(FAILURES_TO_OPEN + 1):
            answer = answerer.answer("?", evidence, fallback=fallback, cancelled=lambda: True)
    assert "it was stopped" in answer.metadata.notices[0]


def test_breaker_lets_one_call_try_again_after_a_while():
    breaker = Breaker(open_seconds=0.05)
    for _ in range(FAILURES_TO_OPEN):
        breaker.note(success=False)
    with pytest.raises(LlmCallError):
        breaker.check()
    time.sleep(0.06)
    breaker.check()
    with pytest.raises(LlmCallError):
        breaker.check()
    breaker.note(success=True)
    breaker.check()


def test_retry_budget_keeps_retries_under_a_tenth_of_calls():
    budget = RetryBudget()
    taken = 0
    for _ in range(1000):
        budget.count_call()
        taken += budget.take()
    assert taken <= 104
