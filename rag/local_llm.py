"""What models that run in this process share: one answer at a time, ended when nobody waits.

A hosted model has a socket that can be shut. A model in this process goes on computing after the
person has left, and two threads in it at once corrupt its state; so each generation takes a turn,
and asks between its steps whether it is still wanted.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from rag.llm_errors import LlmCallError

if TYPE_CHECKING:
    from llama_index.core.base.llms.types import ChatMessage, ChatResponse, ChatResponseGen

LATE = "it was not done by the deadline"


@dataclass(frozen=True)
class Wanted:
    """Tells whether an answer is still waited for."""

    deadline: float
    """A time of `time.monotonic()`."""
    has_left: Callable[[], bool]

    def is_over(self) -> bool:
        """True once the deadline has passed or the person has left."""
        return time.monotonic() >= self.deadline or self.has_left()

    def check(self) -> None:
        """Raise LlmCallError when it is over."""
        if self.is_over():
            raise LlmCallError(LATE, "late")


class LocalChat:
    """Chat methods of a model in this process, mixed into its llama-index class."""

    call_options: ClassVar[frozenset[str]] = frozenset({"deadline", "has_left"})

    def chat(self, messages: Sequence[ChatMessage], **options: Any) -> ChatResponse:
        """The whole answer at once."""
        return last(self.stream_chat(messages, **options))

    def stream_chat(
        self,
        messages: Sequence[ChatMessage],
        *,
        deadline: float | None = None,
        has_left: Callable[[], bool] | None = None,
        **_: Any,
    ) -> ChatResponseGen:
        """The answer piece by piece; the last response carries the finish reason in `raw`."""
        return self._replies(self._prompt(messages), wanted(deadline, has_left))

    def _prompt(self, messages: Sequence[ChatMessage]) -> Any:
        """The messages as the model wants them."""
        raise NotImplementedError

    def _replies(self, prompt: Any, call: Wanted) -> ChatResponseGen:
        """What the model says to `prompt`, as long as it is wanted."""
        raise NotImplementedError


def wanted(deadline: float | None, has_left: Callable[[], bool] | None) -> Wanted:
    """From the options of a call; without them it may go on for ever."""
    return Wanted(float("inf") if deadline is None else deadline, has_left or (lambda: False))


@contextmanager
def turn(lock: threading.Lock, wanted: Wanted) -> Iterator[None]:
    """Hold `lock`, waited for as long as the answer is wanted; raises LlmCallError after that."""
    while not lock.acquire(timeout=0.1):
        wanted.check()
    try:
        yield
    finally:
        lock.release()


def last(replies: Iterable[ChatResponse]) -> ChatResponse:
    """The response that holds the whole answer; raises LlmCallError when there is none."""
    collected = list(replies)
    if not collected:
        raise LlmCallError("its answer was empty", "garbled")
    return collected[-1]
