"""What models that run in this process share: one answer at a time, ended when nobody waits.

A hosted model has a socket that can be shut. A model in this process goes on computing after the
person has left, and two threads in it at once corrupt its state; so each generation takes a turn,
and asks between its steps whether it is still wanted.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.llm_errors import LlmCallError

if TYPE_CHECKING:
    from llama_index.core.base.llms.types import ChatResponse

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
