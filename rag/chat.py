"""A conversation: follow-ups are understood from what was asked and answered before.

Each question is first made self-contained (by the language model when there is one, else by the
rules of `followup`), then asked like any other; `answer.question` is what was typed and
`answer.metadata.understood_as` what was asked. A conversation can be saved as JSON and loaded
again: each citation is then cut anew from its source, or left out with a notice when the source
changed.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rag.analyze import terms
from rag.api import shared_pipeline
from rag.errors import LlmError
from rag.followup import rewrite
from rag.pipeline import Pipeline
from rag.restore import read_turns, restored
from rag.settings import RagSettings
from rag.tokens import count_tokens
from rag.types import Answer, Event, Filters

if TYPE_CHECKING:
    from rag.answer.calls import Caller

BY_RULES = "The language model did not restate this follow-up, so it was understood by rules."
MAX_TURNS = 20
MAX_HISTORY_TOKENS = 6000
# Condensing comes before the answer, which has a deadline of its own.
_CONDENSING_SHARE = 0.3


class Chat:
    """A conversation over one corpus; `turns` holds its latest answers, oldest first.

    Safe to use from several threads: each question sees the turns finished before it was asked.
    """

    def __init__(
        self,
        corpus: Path | str | None = None,
        settings: RagSettings | None = None,
        *,
        pipeline: Pipeline | None = None,
    ) -> None:
        self._pipeline = pipeline or shared_pipeline(corpus, settings)
        self._guard = threading.Lock()
        self.turns: list[Answer] = []

    def ask(self, question: str, *, filters: Filters = Filters()) -> Answer:
        """Answer the next question of the conversation.

        Raises QuestionError for an empty or overlong question; no turn is added then.
        """
        understood, notices = self._understand(question)
        answer = self._pipeline.ask(understood, filters=filters)
        return self._remember(answer, question, understood, notices)

    def stream(self, question: str, *, filters: Filters = Filters()) -> Iterator[Event]:
        """The next answer as events, ending with `done`; closed before that, it leaves no turn."""
        understood, notices = self._understand(question)
        if understood != question:
            yield Event("status", text=f"Understood as: {understood}")
        events = self._pipeline.stream(understood, filters=filters)
        try:
            for event in events:
                if event.answer is None:
                    yield event
                else:
                    answer = self._remember(event.answer, question, understood, notices)
                    yield replace(event, answer=answer)
        finally:
            if isinstance(events, Generator):
                events.close()

    def to_json(self) -> str:
        """The conversation as JSON, to be loaded with `from_json`."""
        with self._guard:
            turns = [turn.to_dict() for turn in self.turns]
        return json.dumps({"format": "footnote-chat", "version": 1, "turns": turns})

    @classmethod
    def from_json(
        cls,
        text: str,
        corpus: Path | str | None = None,
        settings: RagSettings | None = None,
        *,
        pipeline: Pipeline | None = None,
    ) -> Chat:
        """The conversation saved in `text`, its citations checked against the corpus of today.

        Raises RagError when `text` is not a saved conversation.
        """
        turns = read_turns(text)
        chat = cls(corpus, settings, pipeline=pipeline)
        chat._pipeline.refresh()
        chat.turns = [restored(turn, chat._pipeline.document) for turn in turns[-MAX_TURNS:]]
        _bound(chat.turns)
        return chat

    def _understand(self, question: str) -> tuple[str, tuple[str, ...]]:
        """The question to ask, and notices about how it was found."""
        with self._guard:
            turns = tuple(self.turns)
        limit = self._pipeline.settings.answering.max_question_chars
        if not turns or not question.strip() or len(question) > limit:
            return question, ()
        understood, notices = self._condense(question, turns)
        if not understood:
            understood = rewrite(question, turns)
        return (understood if len(understood) <= limit else question), notices

    def _condense(self, question: str, turns: tuple[Answer, ...]) -> tuple[str, tuple[str, ...]]:
        """The language model's rewriting; empty without a model or when it is of no use."""
        caller = self._model()
        if caller is None:
            return "", ()
        from rag.condense import MAX_SECONDS, condense

        deadline = self._pipeline.settings.llm.deadline_seconds
        seconds = min(MAX_SECONDS, _CONDENSING_SHARE * deadline)
        try:
            condensed = condense(caller, turns, question, seconds=seconds)
        except LlmError:
            condensed = None
        if condensed is None or not _is_grounded(condensed, question, turns):
            return "", (BY_RULES,)
        return condensed, ()

    def _model(self) -> Caller | None:
        """The pipeline's language model behind its breaker, None when it has none."""
        return self._pipeline.answerer.caller if self._pipeline.answerer else None

    def _remember(
        self, answer: Answer, question: str, understood: str, notices: tuple[str, ...]
    ) -> Answer:
        metadata = replace(
            answer.metadata,
            understood_as=answer.metadata.understood_as
            or (understood if understood.strip() != question.strip() else ""),
            notices=(*notices, *answer.metadata.notices),
        )
        turn = replace(answer, question=question.strip(), metadata=metadata)
        with self._guard:
            self.turns.append(turn)
            _bound(self.turns)
        return turn


def _bound(turns: list[Answer]) -> None:
    """Drop the oldest turns beyond the limits; the newest one always stays."""
    del turns[:-MAX_TURNS]
    sizes = [f"{turn.question} {turn.text}" for turn in turns]
    if sum(len(text.encode()) for text in sizes) <= MAX_HISTORY_TOKENS:
        return  # a token is at least one byte: nothing to count
    total = 0
    for kept, text in enumerate(reversed(sizes)):
        total += count_tokens(text)
        if total > MAX_HISTORY_TOKENS and kept:
            del turns[: len(turns) - kept]
            return


def _is_grounded(condensed: str, question: str, turns: tuple[Answer, ...]) -> bool:
    """True for one line of which most content words come from the conversation: a model that
    followed an instruction instead of rewriting is not listened to."""
    wanted = set(terms(condensed, stopwords=False))
    if not wanted or "\n" in condensed:
        return False
    said = [question, *(f"{t.question} {t.metadata.understood_as} {t.text}" for t in turns)]
    return len(wanted & set(terms(" ".join(said)))) >= 0.6 * len(wanted)
