"""An index folder that cannot be written, used through a copy of it.

Neither SQLite in WAL mode nor Chroma opens a folder it cannot write, not even to read. A copy can
be opened, probed, mended and brought in line with changed files like any other index; it goes away
with the process.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
import weakref
from pathlib import Path

from rag.errors import StoreError
from rag.generations import Generations, copy_database

CATALOG = "catalog.sqlite"


def is_writable(folder: Path) -> bool:
    """False on a read-only disk, also for root."""
    return os.access(folder, os.W_OK)


class ScratchCopy:
    """A copy of an index folder among the temporary files; removed by `close`, at the latest when
    the process ends. `folder` bears the name of the original."""

    def __init__(self, original: Path) -> None:
        """Raises StoreError when there is no index to copy or no room for the copy."""
        if not (original / CATALOG).is_file():
            raise StoreError(
                f"The index folder {original} cannot be written and holds no index. "
                "Choose another one with RAG_STORAGE__PATH."
            )
        place = Path(tempfile.mkdtemp(prefix="rag-"))
        self.close = weakref.finalize(self, shutil.rmtree, place, ignore_errors=True)
        self.folder = place / original.name
        try:
            self.folder.mkdir(mode=0o700)
            copy_database(original / CATALOG, self.folder / CATALOG)
            Generations(original / "chroma").copy_current(self.folder / "chroma")
        except (OSError, sqlite3.Error) as error:
            self.close()
            raise StoreError(
                f"The index folder {original} cannot be written, and not be copied to {place.parent}"
                f" either ({error}). Choose another one with RAG_STORAGE__PATH."
            ) from error
