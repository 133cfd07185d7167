"""Follow-ups as questions of their own, by the language model, when it does it faithfully.

Takes the conversation so far and the follow-up, gives a stand-alone question, or None when the
model fails or adds a name or number that nobody mentioned; `rag.followup` then does it by rules.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from rag.answer.calls import Caller
from rag.answer.claims import read_tokens
from rag.answer.prompt import Message
from rag.llm_errors import LlmCallError
from rag.tokens import count_tokens
from rag.types import Answer

SYSTEM = """\
You rewrite the last question of a conversation so that it can be understood without the \
conversation. Replace pronouns and "the same", "there", "that" by what they stand for. Add nothing \
else and do not answer. If the question already stands by itself, repeat it. Reply with the \
question only."""

MAX_HISTORY_TOKENS = 800
MAX_SECONDS = 5.0
_MAX_QUESTION_CHARS = 400


def condense(
    caller: Caller,
    turns: Sequence[Answer],
    question: str,
    *,
    seconds: float = MAX_SECONDS,
    cancelled: Callable[[], bool] = lambda: False,
) -> str | None:
    """`question` made self-contained from `turns`, or None when that cannot be trusted.

    One request, at most `seconds`; the newest turns that fit `MAX_HISTORY_TOKENS` are sent.
    """
    if not turns:
        return question
    history = recent(turns)
    messages = [Message("system", SYSTEM), Message("user", f"{history}\nLast question: {question}")]
    try:
        reply = caller.start(
            messages, deadline=time.monotonic() + seconds, cancelled=cancelled, requests=1
        )
        said = ""
        for piece in reply:
            said += piece
            if len(said) > 2 * _MAX_QUESTION_CHARS:
                break
        reply.close()
        caller.succeeded()
    except LlmCallError:
        return None
    return _trusted(said.strip().strip('"“”'), f"{history} {question}")


def recent(turns: Sequence[Answer], *, max_tokens: int = MAX_HISTORY_TOKENS) -> str:
    """The newest turns as text, oldest first, within `max_tokens`."""
    lines: list[str] = []
    for turn in reversed(turns):
        asked = turn.metadata.understood_as or turn.question
        line = f"Question: {asked}\nAnswer: {turn.short_answer or turn.text}"
        max_tokens -= count_tokens(line)
        if max_tokens < 0:
            break
        lines.append(line)
    return "\n".join(reversed(lines))


def _trusted(said: str, known: str) -> str | None:
    """`said` when it is one question whose names and numbers all come from the conversation."""
    if not said or "\n" in said or len(said) > _MAX_QUESTION_CHARS:
        return None
    heard = {token.key for token in read_tokens(known)}
    new = [token for token in read_tokens(said) if token.is_fact and token.key not in heard]
    return None if new else said
