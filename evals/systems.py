"""What can be evaluated: anything that answers a question with an `Answer`.

Register another with `SYSTEMS["name"] = factory`; a factory takes the open pipeline and returns
the system. `bm25` and `fusion` are plain baselines on the same documents (see `baselines`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from rag.errors import SettingsError
from rag.types import Answer, ScoredChunk

if TYPE_CHECKING:
    from rag.pipeline import Pipeline


class System(Protocol):
    """A question-answering system under evaluation; safe to use from several threads."""

    name: str

    def answer(self, question: str) -> Answer:
        """The answer to a question that stands by itself."""

    def conversation(self) -> Callable[[str], Answer]:
        """A new conversation: a function that answers its turns in order."""


@runtime_checkable
class Searches(Protocol):
    """A system whose retrieval can be measured apart from its answers."""

    def search(self, question: str, *, top_k: int) -> list[ScoredChunk]:
        """The chunks found for a question, best first."""


class Footnote:
    """The pipeline as people use it; dialogues go through `rag.Chat`."""

    name = "footnote"

    def __init__(self, pipeline: Pipeline) -> None:
        self.pipeline = pipeline

    def answer(self, question: str) -> Answer:
        """The pipeline's answer."""
        return self.pipeline.ask(question)

    def conversation(self) -> Callable[[str], Answer]:
        """A chat of its own on the same pipeline."""
        from rag.chat import Chat

        return Chat(pipeline=self.pipeline).ask

    def search(self, question: str, *, top_k: int) -> list[ScoredChunk]:
        """The pipeline's retrieval."""
        return self.pipeline.search(question, top_k=top_k)


def _bm25(pipeline: Pipeline) -> System:
    from evals.baselines import BestBm25Sentence

    return BestBm25Sentence(pipeline.documents())


def _fusion(pipeline: Pipeline) -> System:
    from evals.baselines import FusedSentences

    return FusedSentences(pipeline.documents(), pipeline.encoder)


SYSTEMS: dict[str, Callable[[Pipeline], System]] = {
    "footnote": Footnote,
    "bm25": _bm25,
    "fusion": _fusion,
}


def open_system(name: str, pipeline: Pipeline) -> System:
    """The system registered as `name`. Raises SettingsError for an unknown name."""
    if name not in SYSTEMS:
        raise SettingsError(f"No system named {name!r}. Known: {', '.join(sorted(SYSTEMS))}.")
    return SYSTEMS[name](pipeline)
