"""Generations of the vector index: what is known of each, which may go, how damage is told."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

_KEPT = 2


@dataclass(frozen=True, slots=True)
class Generation:
    """One finished build of the vector index."""

    name: str
    revision: int
    """Of the catalog it was made from."""
    rows: int
    is_finished: bool = False
    files: dict[str, str] = field(default_factory=dict)
    """SHA-256 of its segment files, by relative path."""


def outdated(names: Iterable[str], newest: str) -> list[str]:
    """Generations that may go: all but the newest and the one before, which readers may hold."""
    older = sorted((name for name in names if name != newest), key=_age, reverse=True)
    return older[_KEPT - 1 :]


def segment_digests(folder: Path) -> dict[str, str]:
    """SHA-256 of the stored HNSW segments of a finished generation, by relative path.

    Loading a damaged one can end the whole process, so it is told before it is loaded. A
    segment without its pickle is not stored yet: Chroma makes it anew at every start.
    """
    return {
        path.relative_to(folder).as_posix(): _sha256(path)
        for stored in sorted(folder.glob("*/index_metadata.pickle"))
        for path in sorted(stored.parent.iterdir())
    }


def _age(name: str) -> int:
    revision = name.rsplit("g", 1)[-1].split("-")[0]
    return int(revision) if revision.isdigit() else -1


def _sha256(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
