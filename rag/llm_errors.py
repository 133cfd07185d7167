"""Failures of a language model, sorted by what can be done about them."""

from __future__ import annotations

import re
import time
from email.utils import parsedate_to_datetime
from typing import Literal

from rag.errors import LlmError

FailureKind = Literal[
    "busy", "unreachable", "too_long", "refused", "garbled", "broken_off", "late", "stopped"
]
"""busy: 429 and 5xx; unreachable: no connection; too_long: context overflow; refused: 4xx;
garbled: an answer that cannot be read; broken_off: the stream ended early; late: out of time; stopped: the person left."""

NO_FAULT: tuple[FailureKind, ...] = ("too_long", "stopped")
"""Not the model's failures: they do not count towards leaving it alone."""
RETRIED: tuple[FailureKind, ...] = ("busy", "unreachable")
_TOO_LONG = re.compile(
    r"(?i)context[_ ](?:length|window|size)|maximum context|too many tokens|"
    r"prompt is too long|exceeds? the (?:available )?context"
)


class LlmCallError(LlmError):
    """One call failed. `retry_after` is what the server asked for, in seconds."""

    def __init__(
        self, message: str, kind: FailureKind, *, retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.retry_after = retry_after


def from_status(status: int, body: str, retry_after: str | None) -> LlmCallError:
    """The failure that an HTTP status other than 200 means."""
    if status in (400, 413, 422) and _TOO_LONG.search(body):
        return LlmCallError("the passages did not fit its context window", "too_long")
    if status in (408, 409, 425, 429) or status >= 500:
        what = "is busy (429)" if status == 429 else f"answered with status {status}"
        return LlmCallError(f"it {what}", "busy", retry_after=seconds_to_wait(retry_after))
    if status in (401, 403):
        return LlmCallError(f"it refused the key ({status}); check RAG_LLM__API_KEY", "refused")
    return LlmCallError(f"it answered with status {status}", "refused")


def from_exception(error: Exception) -> LlmCallError:
    """The failure that an exception of any SDK means, judged by its status and class name."""
    if isinstance(error, LlmCallError):
        return error
    status = getattr(error, "status_code", None) or getattr(error, "code", None)
    if isinstance(status, int) and 400 <= status < 600:
        response = getattr(error, "response", None)
        headers = getattr(response, "headers", None) or {}
        return from_status(status, str(error), headers.get("retry-after"))
    name = type(error).__name__
    if _TOO_LONG.search(str(error)):
        return LlmCallError("the passages did not fit its context window", "too_long")
    if "MAX_TOKENS" in str(error):  # google's class raises it after the last piece
        return LlmCallError("it reached its length limit", "broken_off")
    if re.search(r"Timeout", name):
        return LlmCallError("it did not answer in time", "unreachable")
    if isinstance(error, OSError) or re.search(r"Connect|Network|Protocol|Transport", name):
        return LlmCallError("it could not be reached", "unreachable")
    return LlmCallError(f"its answer could not be read ({name})", "garbled")


def seconds_to_wait(header: str | None) -> float | None:
    """A Retry-After header (seconds or an HTTP date) as seconds from now."""
    if not header:
        return None
    try:
        return max(0.0, float(header))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(header).timestamp() - time.time())
    except (ValueError, TypeError):
        return None
