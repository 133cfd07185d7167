"""When not to call a language model: after failures in a row, and beyond a budget of retries."""

from __future__ import annotations

import threading
import time

from rag.llm_errors import LlmCallError

FAILURES_TO_OPEN, OPEN_SECONDS = 5, 30.0
RETRY_SHARE, RETRY_RESERVE = 0.1, 4


class Breaker:
    """Stops calling a model after five failures in a row; lets one call try again after a while."""

    def __init__(self, open_seconds: float = OPEN_SECONDS) -> None:
        self._open_seconds = open_seconds
        self._failures = 0
        self._opened_at = 0.0
        self._lock = threading.Lock()

    def check(self) -> None:
        """Raise LlmCallError while calls are held back."""
        with self._lock:
            if self._failures < FAILURES_TO_OPEN:
                return
            if time.monotonic() - self._opened_at < self._open_seconds:
                raise LlmCallError(
                    f"it failed {self._failures} times in a row and is left alone for a while",
                    "unreachable",
                )
            self._opened_at = time.monotonic()  # this call tries; the others go on waiting

    def note(self, *, success: bool) -> None:
        """Count a call that worked or failed."""
        with self._lock:
            self._failures = 0 if success else self._failures + 1
            if self._failures == FAILURES_TO_OPEN:
                self._opened_at = time.monotonic()


class RetryBudget:
    """Keeps retries under a tenth of the calls, beyond a small reserve for the first ones."""

    def __init__(self) -> None:
        self._calls = self._retries = 0
        self._lock = threading.Lock()

    def count_call(self) -> None:
        """Note a first try."""
        with self._lock:
            self._calls += 1

    def take(self) -> bool:
        """True, and counted, when one more retry is within the budget."""
        with self._lock:
            if self._retries >= RETRY_RESERVE + RETRY_SHARE * self._calls:
                return False
            self._retries += 1
            return True
