"""Brings an index in line with a folder: new files in, changed ones replaced, removed ones gone.

Files whose size and times are unchanged are not read again; files whose bytes are unchanged are
not embedded again; texts that were embedded before (by hash) are not embedded again either. A
file that cannot be read is recorded with the reason and tried again when it changes. The vector
index gets what changed, not everything anew.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rag.catalog import Catalog, FileRecord
from rag.chroma import ChromaIndex
from rag.embed import Encoder, Progress
from rag.errors import CorpusError
from rag.ingest import Ingest, file_record
from rag.load import Source, scan
from rag.lock import writer_lock
from rag.settings import ChunkingSettings

__all__ = ["Encoder", "Plan", "Progress", "SyncReport", "plan_sync", "sync", "writer_lock"]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What a sync changed; `failed` pairs paths with the reason they could not be read."""

    added: int = 0
    replaced: int = 0
    removed: int = 0
    unchanged: int = 0
    failed: tuple[tuple[str, str], ...] = ()
    rebuilt_vectors: bool = False
    """The vector index was written: what changed, or all of it."""
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
    *,
    patience_seconds: float | None = None,
) -> SyncReport:
    """Carry out the plan under the writer's lock, for which it waits `patience_seconds`.

    Raises CorpusError for a folder without a readable document, StoreLockedError when another
    process is writing, StoreError when the disk refuses. What was indexed before stays.
    """
    with writer_lock(store, timeout_seconds=patience_seconds):
        plan = plan_sync(folder, catalog)
        for source in plan.refused:
            catalog.put_failure(file_record(source, "", source.refusal))
        if plan.read:
            _prepare(encoder, progress)
        ingest = Ingest(catalog, encoder, chunking, progress)
        ingest.run(plan.read)
        for path in plan.gone:  # after reading: a moved file finds its vectors still there
            catalog.remove(path)
        failed = tuple((f.path, f.failure) for f in catalog.files().values() if f.failure)
        if catalog.counts()[0] == 0:
            raise CorpusError(_nothing_readable(folder, failed))
        rebuilt, repaired = _bring_vectors_in_line(catalog, vectors, encoder, progress)
        return SyncReport(
            ingest.outcomes["added"], ingest.outcomes["replaced"], len(plan.gone),
            plan.unchanged + ingest.outcomes["unchanged"], failed, rebuilt, repaired,
        )  # fmt: skip


def _prepare(encoder: Encoder | None, progress: Progress | None) -> None:
    """Let an encoder that takes long to start do so in view."""
    prepare = getattr(encoder, "prepare", None)
    if prepare:
        prepare(progress)


def _bring_vectors_in_line(
    catalog: Catalog, vectors: ChromaIndex, encoder: Encoder | None, progress: Progress | None
) -> tuple[bool, bool]:
    """Whether the vector index was written, and whether because it was damaged."""
    if encoder is None or vectors.is_sound(catalog):
        return False, False
    is_damaged = vectors.bring_in_line(
        catalog,
        (lambda done, total: progress("Indexing vectors", done, total)) if progress else None,
    )
    if is_damaged:
        log.warning("The vector index was damaged; it was built again from the catalog.")
    return True, is_damaged


def _has_changed(source: Source, known: FileRecord | None) -> bool:
    """By size and time of change, which permissions, links and names move as well as content."""
    return known is None or (known.size, known.changed_ns) != (source.size, source.changed_ns)


def _nothing_readable(folder: Path, failed: Sequence[tuple[str, str]]) -> str:
    if not failed:
        return f"{folder} holds no documents. Put text or Markdown files into it."
    path, reason = failed[0]
    more = f" and {len(failed) - 1} more" if len(failed) > 1 else ""
    return f"{folder} holds no readable document: {path} {reason}{more}. Mend or add files."
