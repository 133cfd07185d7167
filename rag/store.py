"""The index of one corpus: opened once, brought in line with its folder, looked into.

load -> clean -> chunk -> embed -> index
"""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rag import minilm
from rag.catalog import SCHEMA_VERSION, Catalog
from rag.chroma import ChromaIndex
from rag.embed import Encoder, Progress
from rag.errors import CorpusError, StoreError, StoreLockedError
from rag.index import SyncReport, plan_sync, sync
from rag.scratch import CATALOG, ScratchCopy, is_writable
from rag.settings import RagSettings
from rag.types import Document

REPAIRED = "The vector index was damaged; it was built again from the catalog."
BEING_WRITTEN = (
    "Another process is writing the index, so this answers from what was indexed before."
)
READ_ONLY = (
    "The index folder {} cannot be written, so a copy of it is used; what changes is not kept."
)
# A question waits so long for another writer before it is answered from what was indexed before.
_PATIENCE_SECONDS = 3.0


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


class Store:
    """Catalog and vectors of a corpus for one encoder (None: an index without vectors)."""

    def __init__(self, corpus: Path, settings: RagSettings, encoder: Encoder | None) -> None:
        self.corpus = corpus
        self.settings = settings
        self.encoder = encoder
        self.fingerprint = _fingerprint(settings, encoder)
        self.folder = _folder(settings, corpus, self.fingerprint)
        self._scratch = self._made_usable()
        place = self._scratch.folder if self._scratch else self.folder
        url = "" if self._scratch else settings.storage.chroma_url
        self.catalog = Catalog(place / CATALOG)
        self.vectors = ChromaIndex(place, url)
        self._last_scan = (0.0, 0.0)
        self._probed = -1
        self._passing_notices: tuple[str, ...] = ()

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
                report = self._sync(progress, patience=_PATIENCE_SECONDS if is_built else None)
                self._passing_notices = (REPAIRED,) if report.repaired else ()
            except StoreLockedError:
                if not is_built:
                    raise
                self._passing_notices = (BEING_WRITTEN,)
            started = time.monotonic()
        self._last_scan = (time.monotonic(), time.monotonic() - started)

    def sync(self, progress: Progress | None = None) -> SyncReport:
        """Bring the index in line with the folder, whatever it takes.

        Raises StoreError when the index folder cannot be written.
        """
        if self._scratch:
            raise StoreError(
                f"The index folder {self.folder} cannot be written. "
                "Choose another one with RAG_STORAGE__PATH."
            )
        return self._sync(progress)

    def document(self, path: str) -> Document:
        """One document. Raises CorpusError when the corpus has none of that path."""
        found = self.catalog.documents([path])
        if not found:
            raise CorpusError(f"No document {path!r} in {self.corpus}. See: rag status")
        return found[0]

    def status(self, notices: tuple[str, ...]) -> Status:
        """Counts, model, fingerprint, files that could not be read, and what is degraded."""
        documents, chunks, vectors = self.catalog.counts()
        failed = tuple((f.path, f.failure) for f in self.catalog.files().values() if f.failure)
        return Status(
            str(self.corpus), str(self.folder), documents, chunks, vectors,
            self.encoder.name if self.encoder else "none (lexical only)",
            self.fingerprint, failed, notices,
        )  # fmt: skip

    def notices(self) -> tuple[str, ...]:
        """What is not as usual with the index, a sentence each."""
        lasting = (READ_ONLY.format(self.folder),) if self._scratch else ()
        return (*lasting, *self._passing_notices)

    def close(self) -> None:
        """Let go of the files."""
        self.vectors.close()
        self.catalog.close()
        if self._scratch:
            self._scratch.close()

    def _sync(self, progress: Progress | None, patience: float | None = None) -> SyncReport:
        return sync(
            self.corpus, self.catalog.path.parent, self.catalog, self.vectors, self.encoder,
            self.settings.chunking, progress, patience_seconds=patience,
        )  # fmt: skip

    def _made_usable(self) -> ScratchCopy | None:
        """Make the folder; where it cannot be written, a copy of it."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise StoreError(
                f"The index folder {self.folder} cannot be made ({error.strerror}). "
                "Choose another one with RAG_STORAGE__PATH."
            ) from error
        return None if is_writable(self.folder) else ScratchCopy(self.folder)

    def _is_stale(self) -> bool:
        """True when the vector index does not fit the catalog; probed once for each revision."""
        revision = self.catalog.revision
        if revision == self._probed:
            return False
        if not self.vectors.is_sound(self.catalog):
            return True
        self._probed = revision
        return False


def _fingerprint(settings: RagSettings, encoder: Encoder | None) -> str:
    """Hash of what shapes an index: chunking, model and schema."""
    shape = {
        "chunking": settings.chunking.model_dump(mode="json"),
        "model": encoder.name if encoder else "none",
        "weights": minilm.WEIGHTS_SHA256 if isinstance(encoder, minilm.MiniLm) else "",
        "schema": SCHEMA_VERSION,
    }
    return hashlib.sha256(json.dumps(shape, sort_keys=True).encode()).hexdigest()[:12]


def _folder(settings: RagSettings, corpus: Path, fingerprint: str) -> Path:
    """One folder for each fingerprint and corpus: two folders never share an index."""
    place = hashlib.sha256(str(corpus).encode("utf-8", "surrogateescape")).hexdigest()[:8]
    return (settings.storage.path / f"{fingerprint}-{place}").resolve()
