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
import secrets
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from rag.catalog import Catalog
from rag.errors import IndexMismatchError, StoreError
from rag.generations import Generation, outdated, segment_digests

Vectors = NDArray[np.float32]

_COLLECTION = "footnote"
_PROBES = 5
# With ef_search 200 recall@10 against exact search on scifact is over 0.99 (evals/retrieval.py).
_CONFIGURATION = {"hnsw": {"space": "cosine", "ef_construction": 200, "ef_search": 200}}


class ChromaIndex:
    """The current generation, opened lazily and reopened when another process switched it."""

    def __init__(self, folder: Path, url: str = "") -> None:
        self._folder = folder / "chroma"
        self._pointer = self._folder / "current.json"
        self._url = url
        self._prefix = folder.name
        self._guard = threading.Lock()
        self._opened: tuple[str, Any, Any] | None = None
        self._previous: tuple[str, Any, Any] | None = None
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
        with self._sentences():
            result = self._collection(generation).query(
                query_embeddings=[vector.tolist()],
                n_results=min(limit, generation.rows),
                where=where,
                include=["distances"],
            )
        pairs = zip(result["ids"][0], result["distances"][0], strict=True)
        scored = [(identity, 1.0 - distance) for identity, distance in pairs]
        return sorted(scored, key=lambda pair: (-pair[1], pair[0]))

    def is_damaged(self, revision: int) -> bool:
        """For an index that is not sound: True when it was built for this revision or its pointer
        cannot be read, False when it is merely behind or was never built."""
        generation = self.current()
        if generation is None:
            return self._pointer.exists()
        return generation.revision == revision

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
        name = f"g{revision}-{secrets.token_hex(4)}"
        generation = Generation(name, revision, catalog.counts()[2])
        try:
            with self._sentences():
                self._folder.mkdir(parents=True, exist_ok=True)
                self._write(generation, catalog, progress)
                if not self._probe(generation, catalog):
                    raise IndexMismatchError(
                        "The new vector index does not hold what was written into it. "
                        "Check the disk and index again."
                    )
                generation = replace(
                    generation, is_finished=True, files=segment_digests(self._folder / name)
                )
                self._switch(generation)
        except StoreError:
            self._discard(name)
            raise
        self._prune(generation)

    def close(self) -> None:
        """Let go of the open generation."""
        with self._guard:
            for opened in (self._opened, self._previous):
                if opened:
                    _close(opened[2])
            self._opened = self._previous = None

    def _write(
        self, generation: Generation, catalog: Catalog, progress: Callable[[int, int], None] | None
    ) -> None:
        client = self._client(generation.name)
        try:
            collection = client.create_collection(
                self._collection_name(generation.name),
                configuration=_CONFIGURATION,
                embedding_function=None,
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
        finally:
            _close(client)

    def _probe(self, generation: Generation, catalog: Catalog) -> bool:
        if generation.is_finished and generation.files != segment_digests(
            self._folder / generation.name
        ):
            return False
        collection = self._collection(generation)
        if collection.count() != generation.rows or generation.rows != catalog.counts()[2]:
            return False
        if generation.rows == 0:
            return True
        keys, vectors = next(catalog.vectors())
        count = min(_PROBES, len(keys))
        picks = random.Random(generation.revision).sample(range(len(keys)), count)  # noqa: S311
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
        """Drop older generations but one: readers may still hold the one before."""
        if self._url:
            client = self._client(newest.name)
            listed = [collection.name for collection in client.list_collections()]
            mine = [name for name in listed if name.startswith(f"{self._prefix}-g")]
            for name in outdated(mine, self._collection_name(newest.name)):
                client.delete_collection(name)
            _close(client)
            return
        folders = [path.name for path in self._folder.iterdir() if path.is_dir()]
        for name in outdated(folders, newest.name):
            shutil.rmtree(self._folder / name, ignore_errors=True)

    def _discard(self, name: str) -> None:
        """Remove what a failed build left behind, so that it does not fill the disk."""
        with self._guard:
            if self._opened and self._opened[0] == name:
                _close(self._opened[2])
                self._opened = None
        if not self._url:
            shutil.rmtree(self._folder / name, ignore_errors=True)

    @contextmanager
    def _sentences(self) -> Iterator[None]:
        """Whatever Chroma, the disk or the network raises becomes a StoreError."""
        try:
            yield
        except StoreError:
            raise
        except Exception as error:  # chromadb raises its own, sqlite3's, httpx's and ValueError
            reason = error.strerror if isinstance(error, OSError) and error.strerror else error
            remedy = (
                "Check the server, or unset RAG_STORAGE__CHROMA_URL to keep the index in a folder."
                if self._url
                else "Check space and permissions, or choose another folder with RAG_STORAGE__PATH."
            )
            place = self._url or self._folder
            raise StoreError(
                f"The vector index at {place} cannot be used ({_first_line(reason)}). {remedy}"
            ) from error

    def _collection(self, generation: Generation) -> Any:
        with self._guard:
            if self._opened is None or self._opened[0] != generation.name:
                client = self._client(generation.name)
                collection = client.get_collection(
                    self._collection_name(generation.name), embedding_function=None
                )
                # Of the two before, the last may still be in use by another thread.
                if self._previous:
                    _close(self._previous[2])
                self._previous, self._opened = self._opened, (generation.name, collection, client)
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
        return chromadb.HttpClient(
            host=address.hostname or "",
            port=address.port or (443 if address.scheme == "https" else 80),
            ssl=address.scheme == "https",
            settings=settings,
        )


def _close(client: Any) -> None:
    """Let go of a client. The last one of an address also closes its connections: chromadb
    stops the shared system but leaves them open."""
    from chromadb.api.shared_system_client import SharedSystemClient

    session = getattr(getattr(client, "_server", None), "_session", None)
    with suppress(Exception):  # a client over a damaged folder may fail to close as well
        client.close()
    if session is not None and client._identifier not in SharedSystemClient._identifier_to_system:
        session.close()


def _first_line(reason: object) -> str:
    return str(reason).strip().partition("\n")[0][:200] or type(reason).__name__
