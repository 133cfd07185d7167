"""One short question to the configured language model, to see whether it answers."""

from __future__ import annotations

import time
from dataclasses import dataclass

from rag.answer.calls import Caller
from rag.answer.prompt import Message
from rag.llms import resolve_llm
from rag.settings import LlmSettings

_ASKED = (Message("user", "Reply with the single word: ready"),)


@dataclass(frozen=True, slots=True)
class Trial:
    """What the model wrote, and after how many seconds."""

    reply: str
    seconds: float


def try_llm(settings: LlmSettings) -> Trial | None:
    """Ask the model within `settings.deadline_seconds`; None when none is configured.

    Raises RagError when it cannot be opened or does not answer.
    """
    started = time.monotonic()
    model = resolve_llm(settings)
    if model is None:
        return None
    pieces = Caller(model).start(_ASKED, deadline=started + settings.deadline_seconds)
    reply = " ".join("".join(pieces).split())
    return Trial(reply, time.monotonic() - started)
