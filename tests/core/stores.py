"""An index folder put together as a pipeline does, for tests of its parts."""

from __future__ import annotations

import time
from pathlib import Path

from rag.catalog import Catalog
from rag.chroma import ChromaIndex
from rag.index import Encoder, SyncReport, sync
from rag.settings import ChunkingSettings


class Store:
    """A folder, its catalog and vectors, put together as a pipeline does."""

    def __init__(self, corpus: Path, store: Path, encoder: Encoder | None) -> None:
        store.mkdir(parents=True, exist_ok=True)
        self.corpus, self.path, self.encoder = corpus, store, encoder
        self.catalog = Catalog(store / "catalog.sqlite")
        self.vectors = ChromaIndex(store)

    def sync(self) -> SyncReport:
        return sync(
            self.corpus, self.path, self.catalog, self.vectors, self.encoder, ChunkingSettings()
        )

    def close(self) -> None:
        self.vectors.close()
        self.catalog.close()


def age(folder: Path) -> None:
    """Wait until the corpus's files are old enough to be told apart by their times."""
    newest = max(path.stat().st_ctime for path in folder.rglob("*"))
    time.sleep(max(0.0, newest + 2.1 - time.time()))


def rows(store: Store) -> tuple[int, int, int]:
    return store.catalog.counts()


def generation_folder(store: Store) -> Path:
    generation = store.vectors.current()
    assert generation is not None
    return store.path / "chroma" / generation.name


def ships(count: int, *, of: str = "") -> str:
    """A text that gives `count` chunks: furniture between its sentences keeps them apart."""
    lines = (f"Ship {of}{number} sailed." for number in range(count))
    return "\n\nADVERTISING\n\n".join(lines)
