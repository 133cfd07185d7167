"""Brings an index in line with a folder: new files in, changed ones replaced, removed ones gone.

Files whose size and times are unchanged are not read again; files whose bytes are unchanged are
not embedded again; texts that were embedded before (by hash) are not embedded again either. A
file that cannot be read is recorded with the reason and tried again when it changes.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from rag.catalog import Catalog, EmbeddedChunk, FileRecord
from rag.chroma import ChromaIndex
from rag.chunk import chunk_document
from rag.errors import CorpusError, DocumentError, StoreError, StoreLockedError
from rag.load import Source, read_document, scan
from rag.settings import ChunkingSettings
from rag.types import Chunk, Document

Vectors = NDArray[np.float32]
log = logging.getLogger(__name__)

# A file changed this shortly before it was read may change again within the clock's resolution.
_RACY_NS = 2_000_000_000
_LOCK_SECONDS = 15.0


class Encoder(Protocol):
    """Turns texts into unit vectors."""

    @property
    def name(self) -> str:
        """Which model and which vectors: part of the fingerprint."""
        ...

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Vectors of `texts`, shape (n_texts, dim), each of length 1."""
        ...


class Progress(Protocol):
    """Told what is going on; a progress bar, or nothing."""

    def __call__(self, stage: str, done: int, total: int) -> None: ...


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What a sync changed; `failed` pairs paths with the reason they could not be read."""

    added: int = 0
    replaced: int = 0
    removed: int = 0
    unchanged: int = 0
    failed: tuple[tuple[str, str], ...] = ()
    rebuilt_vectors: bool = False
    repaired: bool = False
    """The vector index was damaged, not just behind, and was built again from the catalog."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Which files have to be read and which documents have to go."""

    read: tuple[Source, ...]
    gone: tuple[str, ...]
    refused: tuple[Source, ...]
    unchanged: int

    @property
    def is_empty(self) -> bool:
        return not (self.read or self.gone or self.refused)


def plan_sync(folder: Path, catalog: Catalog) -> Plan:
    """Compare the folder with the catalog by path, size and time; nothing is opened."""
    known = catalog.files()
    sources = scan(folder)
    refused = tuple(
        each
        for each in sources
        if each.refusal and getattr(known.get(each.path), "failure", None) != each.refusal
    )
    readable = [each for each in sources if not each.refusal]
    changed = tuple(each for each in readable if _has_changed(each, known.get(each.path)))
    present = {each.path for each in sources}
    gone = tuple(path for path in known if path not in present)
    return Plan(changed, gone, refused, len(readable) - len(changed))


def sync(
    folder: Path,
    store: Path,
    catalog: Catalog,
    vectors: ChromaIndex,
    encoder: Encoder | None,
    chunking: ChunkingSettings,
    progress: Progress | None = None,
) -> SyncReport:
    """Carry out the plan under the writer's lock.

    Raises CorpusError for a folder without a readable document, StoreLockedError when another
    process is writing, StoreError when the disk refuses. What was indexed before stays.
    """
    with writer_lock(store):
        plan = plan_sync(folder, catalog)
        known = catalog.files()
        for source in plan.refused:
            catalog.put_failure(_record(source, "", source.refusal))
        added = replaced = unchanged = 0
        for number, source in enumerate(plan.read):
            if progress:
                progress("Reading and embedding", number, len(plan.read))
            outcome = _sync_file(source, known.get(source.path), catalog, encoder, chunking)
            added += outcome == "added"
            replaced += outcome == "replaced"
            unchanged += outcome == "unchanged"
        for path in plan.gone:  # after reading: a moved file finds its vectors still there
            catalog.remove(path)
        failed = tuple((f.path, f.failure) for f in catalog.files().values() if f.failure)
        if catalog.counts()[0] == 0:
            raise CorpusError(_nothing_readable(folder, failed))
        rebuilt, repaired = _bring_vectors_in_line(catalog, vectors, encoder, progress)
        return SyncReport(
            added, replaced, len(plan.gone), plan.unchanged + unchanged, failed, rebuilt, repaired
        )


@contextmanager
def writer_lock(store: Path, *, timeout_seconds: float = _LOCK_SECONDS) -> Iterator[None]:
    """One writer for an index folder. Raises StoreLockedError when it stays locked, StoreError
    when the folder cannot be written."""
    import filelock

    try:
        store.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = filelock.FileLock(store / "writer.lock", timeout=timeout_seconds)
        lock.acquire()
    except filelock.Timeout as error:
        raise StoreLockedError(
            f"Another process is writing the index in {store}. Wait for it to finish, or end it."
        ) from error
    except OSError as error:
        raise StoreError(
            f"The index folder {store} cannot be written ({error.strerror}). "
            "Choose another one with RAG_STORAGE__PATH."
        ) from error
    try:
        yield
    finally:
        lock.release()


def text_sha(text: str) -> str:
    """Key of a text in the vector cache."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def embed_chunks(
    document: Document, chunks: Sequence[Chunk], catalog: Catalog, encoder: Encoder | None
) -> list[EmbeddedChunk]:
    """Chunks with the vectors of their texts and of their sentences, each text embedded once."""
    shas = [text_sha(chunk.text) for chunk in chunks]
    if encoder is None:
        return [EmbeddedChunk(c, sha, None, None) for c, sha in zip(chunks, shas, strict=True)]
    known = catalog.cached_vectors(shas)
    wanted: dict[str, int] = {}
    for chunk, sha in zip(chunks, shas, strict=True):
        if sha not in known:
            wanted.setdefault(chunk.text, len(wanted))
        for span in chunk.sentences:
            wanted.setdefault(span.of(document.text), len(wanted))
    matrix = _checked(encoder.encode(list(wanted)))
    return [
        EmbeddedChunk(
            chunk,
            sha,
            known[sha] if sha in known else matrix[wanted[chunk.text]],
            matrix[[wanted[span.of(document.text)] for span in chunk.sentences]],
        )
        for chunk, sha in zip(chunks, shas, strict=True)
    ]


def _sync_file(
    source: Source,
    known: FileRecord | None,
    catalog: Catalog,
    encoder: Encoder | None,
    chunking: ChunkingSettings,
) -> str:
    try:
        document = read_document(source)
    except DocumentError as error:
        catalog.put_failure(_record(source, "", str(error)))
        return "failed"
    record = _record(source, document.sha256, "")
    if known and known.sha256 == document.sha256 and not known.failure:
        catalog.touch(record)
        return "unchanged"
    chunks = chunk_document(document, chunking, getattr(encoder, "count_pieces", None))
    catalog.put(document, record, embed_chunks(document, chunks, catalog, encoder))
    return "replaced" if known and not known.failure else "added"


def _bring_vectors_in_line(
    catalog: Catalog, vectors: ChromaIndex, encoder: Encoder | None, progress: Progress | None
) -> tuple[bool, bool]:
    """Whether the vector index was written anew, and whether because it was damaged."""
    if encoder is None or vectors.is_sound(catalog):
        return False, False
    is_damaged = vectors.is_damaged(catalog.revision)
    if is_damaged:
        log.warning("The vector index was damaged; it is built again from the catalog.")
    vectors.rebuild(
        catalog,
        (lambda done, total: progress("Indexing vectors", done, total)) if progress else None,
    )
    return True, is_damaged


def _has_changed(source: Source, known: FileRecord | None) -> bool:
    """By size and time of change, which permissions, links and names move as well as content."""
    return known is None or (known.size, known.changed_ns) != (source.size, source.changed_ns)


def _record(source: Source, sha256: str, failure: str) -> FileRecord:
    racy = time.time_ns() - source.changed_ns < _RACY_NS
    return FileRecord(source.path, source.size, -1 if racy else source.changed_ns, sha256, failure)


def _checked(matrix: Vectors) -> Vectors:
    if not np.isfinite(matrix).all() or (np.linalg.norm(matrix, axis=1) < 1e-6).any():
        raise StoreError("The embedding model returned empty or infinite vectors. Check the model.")
    return matrix


def _nothing_readable(folder: Path, failed: Sequence[tuple[str, str]]) -> str:
    if not failed:
        return f"{folder} holds no documents. Put text or Markdown files into it."
    path, reason = failed[0]
    more = f" and {len(failed) - 1} more" if len(failed) > 1 else ""
    return f"{folder} holds no readable document: {path} {reason}{more}. Mend or add files."
