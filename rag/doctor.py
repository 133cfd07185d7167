"""What is installed, which weights and store are in use, and what is degraded."""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rag.errors import RagError

_PACKAGES = ("llama-index-core", "chromadb", "gradio", "tiktoken", "onnxruntime")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    subject: str
    detail: str
    is_fine: bool = True


def examine(corpus: Path | None) -> Iterator[Finding]:
    """Findings in reading order; a part that fails does not stop the others."""
    yield Finding("python", platform.python_version())
    for name in _PACKAGES:
        yield _package(name)
    for check in (_settings, _vocabulary, _embedder, _reader, _llm):
        try:
            yield check()
        except Exception as error:  # noqa: BLE001 - a broken part is what this looks for
            yield Finding(check.__name__.strip("_"), _sentence(error), is_fine=False)
    yield from _index(corpus)


def _sentence(error: Exception) -> str:
    """The message of an expected error; of any other also what kind it is, on one line."""
    text = " ".join(str(error).split())
    return text if isinstance(error, RagError) else f"{type(error).__name__}: {text}"[:300]


def _package(name: str) -> Finding:
    try:
        return Finding(name, importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        return Finding(name, f"not installed; run: pip install {name}", is_fine=False)


def _settings() -> Finding:
    from rag.settings import load_settings

    settings = load_settings()
    return Finding("settings", f"indexes in {settings.storage.path}, llm {settings.llm.model}")


def _vocabulary() -> Finding:
    from rag.tokens import count_tokens

    return Finding(
        "tokenizer", f"o200k_base, offline ({count_tokens('one two three')} tokens of 3)"
    )


def _embedder() -> Finding:
    from rag import minilm
    from rag.pipeline import LEXICAL_ONLY
    from rag.settings import load_settings

    settings = load_settings()
    if settings.embedding.model == "none":
        return Finding("embedder", "off (embedding.model = none): search by words alone")
    weights = minilm.find_weights(settings.embedding.weights)
    if weights is None:
        return Finding("embedder", LEXICAL_ONLY, is_fine=False)
    model = minilm.MiniLm(weights, settings.embedding, settings.storage.path / "models")
    vector = model.encode(["a test"])
    return Finding("embedder", f"{model.name}, {vector.shape[1]} dimensions, weights in {weights}")


def _reader() -> Finding:
    from rag.reader import open_default_reader
    from rag.settings import load_settings

    reader = open_default_reader(load_settings().reader.model)
    if reader is None:
        return Finding("reader", "off: sentences are chosen without it")
    reading = reader.read("Who wrote it?", ["It was written by Ada Lovelace."])[0]
    return Finding("reader", f"works (span {reading.start}-{reading.end} of a test sentence)")


def _llm() -> Finding:
    from rag.settings import load_settings

    settings = load_settings()
    if settings.llm.model == "none":
        return Finding("llm", "none: answers are quotes (set RAG_LLM__MODEL for a language model)")
    from rag.trial import try_llm

    trial = try_llm(settings.llm)
    reply = trial.reply if trial else ""
    return Finding("llm", f"{settings.llm.model} answers: {reply[:40]!r}", bool(reply.strip()))


def _index(corpus: Path | None) -> Iterator[Finding]:
    from rag.pipeline import Pipeline

    try:
        pipeline = Pipeline(corpus)
        status = pipeline.status()
    except RagError as error:
        yield Finding("index", str(error), is_fine=False)
        return
    built = f"{status.documents} documents, {status.chunks} chunks, {status.vectors} vectors"
    yield Finding("index", f"{built} in {status.store}" if status.documents else "not built yet")
    for notice in pipeline.store.notices():
        yield Finding("index", notice, is_fine=False)
    if status.documents and pipeline.encoder and not pipeline.vectors.is_sound(pipeline.catalog):
        yield Finding("vectors", "damaged or behind; the next question mends them", is_fine=False)
    for path, reason in status.failed:
        yield Finding("file", f"{path} {reason}", is_fine=False)
