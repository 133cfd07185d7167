"""A conversation: follow-ups are understood from what was asked and answered before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rag.api import shared_pipeline
from rag.pipeline import Pipeline
from rag.settings import RagSettings
from rag.types import Answer, Event, Filters


class Chat:
    """A conversation over one corpus; `turns` holds its answers in order."""

    def __init__(
        self,
        corpus: Path | str | None = None,
        settings: RagSettings | None = None,
        *,
        pipeline: Pipeline | None = None,
    ) -> None:
        self._pipeline = pipeline or shared_pipeline(corpus, settings)
        self.turns: list[Answer] = []

    def ask(self, question: str, *, filters: Filters = Filters()) -> Answer:
        """Answer the next question of the conversation."""
        answer = self._pipeline.ask(question, filters=filters)
        self.turns.append(answer)
        return answer

    def stream(self, question: str, *, filters: Filters = Filters()) -> Iterator[Event]:
        """The next answer as events, ending with `done`."""
        for event in self._pipeline.stream(question, filters=filters):
            if event.answer:
                self.turns.append(event.answer)
            yield event
