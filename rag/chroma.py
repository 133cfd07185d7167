"""The vector index in Chroma: derived from the catalog, rebuildable at any time.

Every change of the catalog gives a new generation (a folder of its own, or a collection on a
Chroma server) written beside the old one; a pointer file is switched when the new one passed its
probe. Readers follow the pointer, so they never see a half-written index. Distances become
cosine similarities here and nowhere else.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import tempfile
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from rag.catalog import Catalog
from rag.errors import IndexMismatchError, StoreError

Vectors = NDArray[np.float32]

_COLLECTION = "footnote"
_WRITE_PAGE = 2000  # Chroma refuses more than 5,461 rows at once
_KEPT_GENERATIONS = 2
_PROBES = 5
# ef_search 200: recall@10 against exact search is over 0.99 on scifact (`python -m evals.retrieval`).
_CONFIGURATION = {"hnsw": {"space": "cosine", "ef_construction": 200, "ef_search": 200}}


@dataclass(frozen=True, slots=True)
class Generation:
    """One finished build of the vector index."""

    name: str
    revision: int
    """Of the catalog it was made from."""
    rows: int


class ChromaIndex:
    """The current generation, opened lazily and reopened when another process switched it."""

    def __init__(self, folder: Path, url: str = "") -> None:
        self._folder = folder / "chroma"
        self._pointer = self._folder / "current.json"
        self._url = url
        self._prefix = folder.name
        self._guard = threading.Lock()
        self._opened: tuple[str, Any] | None = None
        self._pointer_seen: tuple[int, Generation | None] = (-1, None)

    def current(self) -> Generation | None:
        """The generation the pointer names, None when none was built."""
        try:
            stamp = self._pointer.stat().st_mtime_ns
            if stamp != self._pointer_seen[0]:
                data = json.loads(self._pointer.read_text(encoding="utf-8"))
                self._pointer_seen = (stamp, Generation(**data))
        except (OSError, ValueError, TypeError):
            return None
        return self._pointer_seen[1]

    def query(
        self, vector: Vectors, *, limit: int, documents: Sequence[str] | None
    ) -> list[tuple[str, float]]:
        """Chunk ids with cosine similarity to `vector`, shape (dim,), best first, ties by id."""
        generation = self.current()
        if generation is None or generation.rows == 0 or documents == []:
            return []
        where = {"document": {"$in": list(documents)}} if documents is not None else None
        result = self._collection(generation).query(
            query_embeddings=[vector.tolist()],
            n_results=min(limit, generation.rows),
            where=where,
            include=["distances"],
        )
        pairs = zip(result["ids"][0], result["distances"][0], strict=True)
        return sorted(((each, 1.0 - distance) for each, distance in pairs), key=lambda p: (-p[1], p[0]))

    def is_sound(self, catalog: Catalog) -> bool:
        """Parity probe: same revision, same number of rows, and a few vectors find themselves."""
        generation = self.current()
        if generation is None or generation.revision != catalog.revision:
            return False
        try:
            return self._probe(generation, catalog)
        except Exception:  # noqa: BLE001 - whatever a damaged store raises, it gets rebuilt
            return False

    def rebuild(self, catalog: Catalog, progress: Callable[[int, int], None] | None = None) -> None:
        """Write a new generation from the catalog, probe it, switch to it, drop the oldest.

        Raises IndexMismatchError when the new generation does not hold what was written, and
        StoreError when the disk or the server refuses.
        """
        revision = catalog.revision
        generation = Generation(f"g{revision}-{os.getpid()}", revision, catalog.counts()[2])
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._write(generation, catalog, progress)
            if not self._probe(generation, catalog):
                raise IndexMismatchError(
                    "The new vector index does not hold what was written into it. "
                    "Check the disk and index again."
                )
            self._switch(generation)
        except OSError as error:
            raise StoreError(
                f"The vector index in {self._folder} cannot be written ({error.strerror}). "
                "Choose another folder with RAG_STORAGE__PATH."
            ) from error
        self._prune(generation)

    def close(self) -> None:
        """Let go of the open generation."""
        with self._guard:
            opened, self._opened = self._opened, None
            if opened and not self._url:
                opened[1]._client_handle.close()

    def _write(
        self, generation: Generation, catalog: Catalog, progress: Callable[[int, int], None] | None
    ) -> None:
        client = self._client(generation.name)
        name = self._collection_name(generation.name)
        if any(each.name == name for each in client.list_collections()):
            client.delete_collection(name)
        collection = client.create_collection(
            name, configuration=_CONFIGURATION, embedding_function=None
        )
        done = 0
        for keys, vectors in catalog.vectors():
            collection.add(
                ids=[identity for identity, _ in keys],
                embeddings=vectors,
                metadatas=[{"document": document} for _, document in keys],
            )
            done += len(keys)
            if progress:
                progress(done, generation.rows)

    def _probe(self, generation: Generation, catalog: Catalog) -> bool:
        collection = self._collection(generation)
        if collection.count() != generation.rows or generation.rows != catalog.counts()[2]:
            return False
        if generation.rows == 0:
            return True
        keys, vectors = next(catalog.vectors())
        picks = random.Random(generation.revision).sample(range(len(keys)), min(_PROBES, len(keys)))  # noqa: S311
        found = collection.query(
            query_embeddings=vectors[picks], n_results=1, include=["distances"]
        )
        return all(distances and distances[0] < 1e-3 for distances in found["distances"])

    def _switch(self, generation: Generation) -> None:
        with tempfile.NamedTemporaryFile(
            "w", dir=self._folder, delete=False, encoding="utf-8"
        ) as handle:
            json.dump(asdict(generation), handle)
            handle.flush()
            os.fsync(handle.fileno())
        Path(handle.name).replace(self._pointer)

    def _prune(self, newest: Generation) -> None:
        """Drop all but the newest generations; readers may still hold the one before."""
        if self._url:
            client = self._client(newest.name)
            mine = [c.name for c in client.list_collections() if c.name.startswith(self._prefix)]
            for name in sorted(mine, key=_age)[:-_KEPT_GENERATIONS]:
                client.delete_collection(name)
            return
        folders = sorted((p for p in self._folder.iterdir() if p.is_dir()), key=lambda p: _age(p.name))
        for folder in folders[:-_KEPT_GENERATIONS]:
            shutil.rmtree(folder, ignore_errors=True)

    def _collection(self, generation: Generation) -> Any:
        with self._guard:
            if self._opened is None or self._opened[0] != generation.name:
                client = self._client(generation.name)
                collection = client.get_collection(
                    self._collection_name(generation.name), embedding_function=None
                )
                collection._client_handle = client
                self._opened = (generation.name, collection)
            return self._opened[1]

    def _collection_name(self, generation: str) -> str:
        return f"{self._prefix}-{generation}" if self._url else _COLLECTION

    def _client(self, generation: str) -> Any:
        import chromadb
        from chromadb.config import Settings

        settings = Settings(anonymized_telemetry=False, allow_reset=False)
        if not self._url:
            # Chroma keys its clients on the path string, so the path must be the resolved one.
            path = (self._folder / generation).resolve()
            return chromadb.PersistentClient(str(path), settings=settings)
        address = urlsplit(self._url)
        try:
            return chromadb.HttpClient(
                host=address.hostname or "",
                port=address.port or (443 if address.scheme == "https" else 80),
                ssl=address.scheme == "https",
                settings=settings,
            )
        except ValueError as error:
            raise StoreError(
                f"The Chroma server at {self._url} does not answer. Start it, or unset "
                "RAG_STORAGE__CHROMA_URL to keep the index in a local folder."
            ) from error


def _age(name: str) -> int:
    revision = name.rsplit("g", 1)[-1].split("-")[0]
    return int(revision) if revision.isdigit() else -1
