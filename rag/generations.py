"""Generations of the vector index on disk: a folder each, and a pointer file to the current one.

A finished generation is never written again: what changes is written into a copy of it or into a
new folder, and the pointer is switched to that. A process that dies on the way leaves the current
one as it was, and a folder that the next change removes.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Collection
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from urllib.parse import quote

DATABASE = "chroma.sqlite3"


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
    changes: int = 0
    """Rows added and removed since it was last built in full."""


class Generations:
    """The folder that holds them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._pointer = folder / "current.json"
        self._seen: tuple[int, Generation | None] = (-1, None)

    def current(self) -> Generation | None:
        """The generation the pointer names, None when none was built or it cannot be read."""
        try:
            stamp = self._pointer.stat().st_mtime_ns
            if stamp != self._seen[0]:
                data = json.loads(self._pointer.read_text(encoding="utf-8"))
                self._seen = (stamp, Generation(**data))
        except (OSError, ValueError, TypeError):
            return None
        return self._seen[1]

    def has_pointer(self) -> bool:
        """True when one was built, even if its pointer cannot be read."""
        return self._pointer.exists()

    def is_intact(self, generation: Generation) -> bool:
        """True unless the stored segment files differ from those that were finished."""
        return generation.files == segment_digests(self.folder / generation.name)

    def copy(self, source: str, target: str) -> None:
        """A copy of a generation under a new name, also while readers have it open."""
        copy_generation(self.folder / source, self.folder / target)

    def copy_current(self, elsewhere: Path) -> None:
        """The current generation and the pointer to it, for a folder of their own elsewhere.

        A generation that cannot be copied is left out: it is missed, and built again, there.
        """
        current = self.current()
        if current is None:
            return
        elsewhere.mkdir()
        try:
            copy_generation(self.folder / current.name, elsewhere / current.name)
        except (OSError, sqlite3.Error):
            shutil.rmtree(elsewhere / current.name, ignore_errors=True)
        write_pointer(elsewhere / self._pointer.name, current)

    def finish(self, generation: Generation) -> None:
        """Make a generation that is written the current one, at once and for every process."""
        files = segment_digests(self.folder / generation.name)
        write_pointer(self._pointer, replace(generation, is_finished=True, files=files))

    def keep_only(self, names: Collection[str]) -> None:
        """Remove all other generations, and what builds that did not finish left behind."""
        for path in self.folder.iterdir():
            if path.is_dir() and path.name not in names:
                shutil.rmtree(path, ignore_errors=True)

    def remove(self, name: str) -> None:
        """Remove one generation."""
        shutil.rmtree(self.folder / name, ignore_errors=True)


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


def copy_generation(source: Path, target: Path) -> None:
    """Copy a generation's folder. Files are copied, not linked: Chroma writes them in place."""
    shutil.copytree(source, target, ignore=shutil.ignore_patterns(f"{DATABASE}*"))
    copy_database(source / DATABASE, target / DATABASE)


def copy_database(source: Path, target: Path) -> None:
    """A consistent copy of an SQLite file, also while others write it or from a read-only disk.

    Raises OSError or sqlite3.Error when it cannot be read.
    """
    try:
        address = f"file:{quote(str(source))}?mode=ro"
        with (
            closing(sqlite3.connect(address, uri=True)) as old,
            closing(sqlite3.connect(target)) as new,
        ):
            old.backup(new)
    except sqlite3.Error:  # its log cannot be merged there; it is when the copy is opened
        for suffix in ("", "-wal", "-journal"):
            if suffix == "" or Path(f"{source}{suffix}").exists():
                shutil.copyfile(f"{source}{suffix}", f"{target}{suffix}")


def write_pointer(path: Path, generation: Generation) -> None:
    """Replace the pointer file in one step."""
    with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8") as new:
        json.dump(asdict(generation), new)
        new.flush()
        os.fsync(new.fileno())
    Path(new.name).replace(path)


def _sha256(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
