"""Calling a language model within one deadline: retries, breaker, a stream that can be left.

Takes messages, gives a `Reply`: pieces of text, then why it ended. There is one layer of retries
(at most two more tries, full jitter, tenacity) for a call that has not said anything yet. The
model runs in a thread of its own, so that a model that hangs cannot keep the person waiting.
"""

from __future__ import annotations

import logging
import queue
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import tenacity

from rag.answer.breaker import Breaker, RetryBudget
from rag.answer.prompt import Message
from rag.llm_errors import NO_FAULT, RETRIED, LlmCallError, from_exception
from rag.tokens import count_tokens

if TYPE_CHECKING:
    from llama_index.core.llms import LLM

logger = logging.getLogger(__name__)

MAX_REQUESTS = 3
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.25, 4.0
_ABSENT: Any = object()
_CUT = ("length", "max_tokens", "MAX_TOKENS")


@dataclass
class Reply:
    """An answer under way: iterate it once, then look at `is_cut`."""

    pieces: Iterator[str]
    is_cut: bool = False
    """True when the model reached its length limit."""
    close: Callable[[], None] = lambda: None

    def __iter__(self) -> Iterator[str]:
        return self.pieces


class Caller:
    """Calls one model; shared by all questions, safe for several threads."""

    def __init__(self, llm: LLM, *, breaker: Breaker | None = None) -> None:
        self._llm = llm
        self._breaker = breaker or Breaker()
        self._budget = RetryBudget()
        self.count_tokens: Callable[[str], int] = getattr(llm, "count_tokens", count_tokens)
        """Tokens of a text, by the model's own vocabulary where it tells."""

    @property
    def context_tokens(self) -> int | None:
        """The window that the model says it has; None when it does not say."""
        try:
            return int(self._llm.metadata.context_window)
        except (ValueError, NotImplementedError):
            return None  # llama-index's class does not know this model's name

    def start(
        self,
        messages: Sequence[Message],
        *,
        deadline: float,
        cancelled: Callable[[], bool] = lambda: False,
        requests: int = MAX_REQUESTS,
    ) -> Reply:
        """Send `messages` and wait for the first piece of the answer.

        `deadline` is a time of `time.monotonic()`. Raises LlmCallError when no try worked.
        """
        self._breaker.check()
        self._budget.count_call()
        attempts = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(requests),
            retry=tenacity.retry_if_exception(lambda e: self._is_worth_a_retry(e, deadline)),
            wait=_pause,
            sleep=lambda seconds: _sleep(seconds, deadline, cancelled),
            reraise=True,
        )
        try:
            return attempts(self._open, messages, deadline, cancelled)
        except LlmCallError as error:
            self.failed(error)
            raise

    def succeeded(self) -> None:
        """Note that an answer came to its end."""
        self._breaker.note(success=True)

    def failed(self, error: LlmCallError) -> None:
        """Note a failure, unless the model had no part in it."""
        if error.kind not in NO_FAULT:
            self._breaker.note(success=False)

    def _is_worth_a_retry(self, error: BaseException, deadline: float) -> bool:
        if not isinstance(error, LlmCallError) or error.kind not in RETRIED:
            return False
        left = deadline - time.monotonic()
        if left <= 0 or (error.retry_after or 0.0) >= left:
            return False
        return self._budget.take()

    def _open(
        self, messages: Sequence[Message], deadline: float, cancelled: Callable[[], bool]
    ) -> Reply:
        stream = _Stream(self._llm, messages, deadline, cancelled)
        first = next(stream.pieces(), None)
        if first is None and not stream.is_cut:
            raise LlmCallError("its answer was empty", "garbled")
        reply = Reply(iter(()), close=stream.close)

        def pieces() -> Iterator[str]:
            try:
                if first is not None:
                    yield first
                yield from stream.pieces()
                reply.is_cut = stream.is_cut
            finally:
                stream.close()

        reply.pieces = pieces()
        return reply


class _Stream:
    """A model's stream, pumped by a thread into a queue that is read with a deadline."""

    def __init__(
        self,
        llm: LLM,
        messages: Sequence[Message],
        deadline: float,
        cancelled: Callable[[], bool],
    ) -> None:
        self._queue: queue.Queue[str | Exception | None] = queue.Queue(maxsize=256)
        self._deadline = deadline
        self._cancelled = cancelled
        self._left = threading.Event()
        self.is_cut = False
        self._ended = False
        threading.Thread(target=self._pump, args=(llm, messages), daemon=True).start()

    def pieces(self) -> Iterator[str]:
        """Non-empty pieces up to the end; raises LlmCallError at the deadline or on a failure."""
        while not self._ended:
            item = self._next()
            if item is None:
                self._ended = True
            elif isinstance(item, Exception):
                self._ended = True
                raise from_exception(item) from None
            elif item:
                yield item

    def close(self) -> None:
        """Leave the stream; the thread ends at its next piece or at the deadline."""
        self._left.set()

    def _next(self) -> str | Exception | None:
        while True:
            left = self._deadline - time.monotonic()
            if left <= 0 or self._cancelled():
                self.close()
                if left <= 0:
                    raise LlmCallError("it was not done by the deadline", "late")
                raise LlmCallError("it was stopped", "stopped")
            with suppress(queue.Empty):
                return self._queue.get(timeout=min(left, 0.05))

    def _options(self, llm: LLM) -> dict[str, Any]:
        """Of the options that this model takes, those that tell it when to stop."""
        known = {"deadline": self._deadline, "has_left": self._left.is_set}
        accepted: frozenset[str] = getattr(type(llm), "call_options", frozenset())
        return {name: value for name, value in known.items() if name in accepted}

    def _pump(self, llm: LLM, messages: Sequence[Message]) -> None:
        reason: str | None = None
        try:
            for response in _responses(llm, messages, self._options(llm)):
                if self._left.is_set():
                    return
                said = _finish_reason(response)
                reason = reason if said is None else said or reason or ""
                self._put(response.delta or "")
            if reason == "":
                raise LlmCallError("its stream ended without saying why", "broken_off")
            self.is_cut = reason in _CUT
            self._put(None)
        except Exception as error:  # noqa: BLE001 (a thread must hand on whatever an SDK raises)
            self._put(error)

    def _put(self, item: str | Exception | None) -> None:
        while not self._left.is_set():
            with suppress(queue.Full):
                self._queue.put(item, timeout=0.1)
                return


def _responses(llm: LLM, messages: Sequence[Message], options: dict[str, Any]) -> Iterator[Any]:
    """Responses with `delta`, streamed when the model can, else one with the whole answer."""
    from llama_index.core.llms import ChatMessage

    chat = [ChatMessage(role=message.role, content=message.text) for message in messages]
    try:
        stream = llm.stream_chat(chat, **options)
    except NotImplementedError:
        whole = llm.chat(chat, **options)
        whole.delta = whole.message.content
        stream = iter([whole])
    try:
        yield from stream
    finally:
        close = getattr(stream, "close", None)
        if close:
            close()


def _finish_reason(response: Any) -> str | None:
    """Why the model stopped, as each provider spells it; "" while it goes on, None when this
    response has no place to say it."""
    reasons = [
        _field(holder, name)
        for holder in _holders(getattr(response, "raw", None))
        for name in ("finish_reason", "stop_reason", "done_reason")
    ]
    known = [reason for reason in reasons if reason is not _ABSENT]
    said = next((reason for reason in known if reason), "")
    return str(getattr(said, "name", said)) if known else None


def _holders(raw: Any) -> Iterator[Any]:
    """The parts of a provider's record that may say why it stopped."""
    for record in (raw, _field(raw, "data"), _field(raw, "delta")):
        yield record
        choices = _field(record, "choices")
        if isinstance(choices, list | tuple) and choices:
            yield choices[0]


def _field(record: Any, name: str) -> Any:
    return record.get(name, _ABSENT) if isinstance(record, dict) else getattr(record, name, _ABSENT)


def _pause(state: tenacity.RetryCallState) -> float:
    """Full jitter: anywhere between nothing and a doubling bound; never before Retry-After."""
    error = state.outcome.exception() if state.outcome else None
    bound = FIRST_PAUSE_SECONDS * 2 ** (state.attempt_number - 1)
    jitter = random.uniform(0, min(bound, LONGEST_PAUSE_SECONDS))  # noqa: S311 (no secret)
    return (getattr(error, "retry_after", None) or 0.0) + jitter


def _sleep(seconds: float, deadline: float, cancelled: Callable[[], bool]) -> None:
    end = min(time.monotonic() + seconds, deadline)
    while time.monotonic() < end and not cancelled():
        time.sleep(min(0.05, max(0.0, end - time.monotonic())))
