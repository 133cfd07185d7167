"""The vector index in Chroma: derived from the catalog, rebuildable at any time.

Every change of the catalog gives a new generation (a folder of its own, or a collection on a
Chroma server), and a pointer file is switched when it passed its probe. Readers follow the
pointer, so they never see a half-written index. In a folder the new generation is a copy of the
last one with the difference applied; it is built in full when there is none, when it is damaged,
when too much changed, and on a server, which cannot copy a collection. Distances become cosine
similarities here and nowhere else.
"""

from __future__ import annotations

import random
import secrets
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag.catalog import Catalog
from rag.chroma_client import close_client, one_sentence, open_client
from rag.errors import IndexMismatchError, StoreError
from rag.generations import Generation, Generations

Vectors = NDArray[np.float32]
OnRows = Callable[[int, int], None]
"""Told how many of how many rows are written."""

_COLLECTION = "footnote"
_PROBES = 5
_PAGE = 5000  # Chroma refuses more than 5,461 rows at once
# Deleted rows stay in the HNSW graph and cost recall and time, so beyond this share of changed
# rows the index is built in full.
_MAX_CHANGED = 0.25
# With ef_search 200 recall@10 against exact search on scifact is over 0.99 (evals/retrieval.py).
_CONFIGURATION = {"hnsw": {"space": "cosine", "ef_construction": 200, "ef_search": 200}}


@dataclass(frozen=True, slots=True)
class Difference:
    """What separates a generation from the catalog, chunk ids."""

    gone: list[str]
    new: list[str]

    def __len__(self) -> int:
        return len(self.gone) + len(self.new)


class ChromaIndex:
    """The current generation, opened lazily and reopened when another process switched it."""

    def __init__(self, folder: Path, url: str = "") -> None:
        self._generations = Generations(folder / "chroma")
        self._url = url
        self._prefix = folder.name
        self._guard = threading.Lock()
        self._opened: tuple[str, Any, Any] | None = None
        self._previous: tuple[str, Any, Any] | None = None

    def current(self) -> Generation | None:
        """The generation in use, None when none was built."""
        return self._generations.current()

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

    def is_sound(self, catalog: Catalog) -> bool:
        """Parity probe: same revision, same number of rows, and a few vectors find themselves."""
        generation = self.current()
        if generation is None or generation.revision != catalog.revision:
            return False
        try:
            return self._generations.is_intact(generation) and self._probe(generation, catalog)
        except Exception:  # noqa: BLE001 - whatever a damaged store raises, it gets rebuilt
            return False

    def bring_in_line(self, catalog: Catalog, progress: OnRows | None = None) -> bool:
        """Make an index that is not sound fit the catalog; True when it was damaged, False when
        it was merely behind. Raises as `rebuild` does."""
        generation = self.current()
        if generation is None:
            is_damaged = self._generations.has_pointer()
        else:
            is_damaged = generation.revision == catalog.revision
            if not is_damaged and not self._url:
                try:
                    if self._update(generation, catalog, progress):
                        return False
                except StoreError:  # also when the disk is full: then building fails as well
                    is_damaged = True
        self.rebuild(catalog, progress)
        return is_damaged

    def rebuild(self, catalog: Catalog, progress: OnRows | None = None) -> None:
        """Write a new generation from the catalog, probe it, switch to it, drop the oldest.

        Raises IndexMismatchError when the new generation does not hold what was written, and
        StoreError when the disk or the server refuses.
        """
        generation = self._named(catalog)
        with self._written(generation, catalog) as client:
            collection = client.create_collection(
                self._collection_name(generation.name),
                configuration=_CONFIGURATION,
                embedding_function=None,
            )
            _add(collection, catalog, None, generation.rows, progress)

    def close(self) -> None:
        """Let go of the open generation."""
        with self._guard:
            for opened in (self._opened, self._previous):
                if opened:
                    close_client(opened[2])
            self._opened = self._previous = None

    def _update(self, last: Generation, catalog: Catalog, progress: OnRows | None) -> bool:
        """Apply what changed to a copy of the last generation; False when too much did.

        Raises StoreError when the last one is damaged or the disk refuses.
        """
        with self._sentences():
            if not self._generations.is_intact(last):
                raise IndexMismatchError("The stored vector index is not as it was written.")
            difference = self._difference(last, catalog)
        generation = replace(self._named(catalog), changes=last.changes + len(difference))
        if generation.changes > _MAX_CHANGED * generation.rows:
            return False
        with self._written(generation, catalog, difference.new, copied=last.name) as client:
            collection = client.get_collection(_COLLECTION, embedding_function=None)
            for start in range(0, len(difference.gone), _PAGE):
                collection.delete(ids=difference.gone[start : start + _PAGE])
            _add(collection, catalog, difference.new, len(difference.new), progress)
        return True

    def _difference(self, generation: Generation, catalog: Catalog) -> Difference:
        """By ids alone: an id is made from the text and its place, so equal ids are equal rows."""
        held = set(_ids(self._collection(generation)))
        if len(held) != generation.rows:
            raise IndexMismatchError("The stored vector index has lost rows.")
        wanted = catalog.vector_ids()
        return Difference(
            sorted(held.difference(wanted)), [each for each in wanted if each not in held]
        )

    def _named(self, catalog: Catalog) -> Generation:
        revision = catalog.revision
        name = f"g{revision}-{secrets.token_hex(4)}"
        return Generation(name, revision, catalog.counts()[2])

    @contextmanager
    def _written(
        self,
        generation: Generation,
        catalog: Catalog,
        new: Sequence[str] = (),
        *,
        copied: str = "",
    ) -> Iterator[Any]:
        """A client to write a generation with, which becomes the current one when it passes its
        probe; whatever goes wrong, the one before stays and the unfinished one is removed."""
        before = self.current()
        try:
            with self._sentences():
                self._generations.folder.mkdir(parents=True, exist_ok=True)
                if copied:
                    self._generations.copy(copied, generation.name)
                client = self._client(generation.name)
                try:
                    yield client
                finally:
                    close_client(client)
                if not self._probe(generation, catalog, new):
                    raise IndexMismatchError(
                        "The new vector index does not hold what was written into it. "
                        "Check the disk and index again."
                    )
                self._generations.finish(generation)
        except StoreError:
            self._discard(generation.name)
            raise
        # Readers may still hold the one before.
        self._prune({generation.name, before.name if before else ""})

    def _probe(self, generation: Generation, catalog: Catalog, new: Sequence[str] = ()) -> bool:
        """Right number of rows, and some vectors, new ones among them, find themselves."""
        collection = self._collection(generation)
        if collection.count() != generation.rows or generation.rows != catalog.counts()[2]:
            return False
        if generation.rows == 0:
            return True
        chance = random.Random(generation.revision)  # noqa: S311
        keys, _ = next(catalog.vectors())
        picked = chance.sample([identity for identity, _ in keys], min(_PROBES, len(keys)))
        picked += chance.sample(new, min(_PROBES, len(new)))
        _, vectors = next(catalog.vectors(picked))
        found = collection.query(query_embeddings=vectors, n_results=1, include=["distances"])
        return all(distances and distances[0] < 1e-3 for distances in found["distances"])

    def _prune(self, names: set[str]) -> None:
        """Drop older generations, and what was left unfinished."""
        if not self._url:
            self._generations.keep_only(names)
            return
        client = self._client("")
        kept = {self._collection_name(name) for name in names}
        for name in (collection.name for collection in client.list_collections()):
            if name.startswith(f"{self._prefix}-g") and name not in kept:
                client.delete_collection(name)
        close_client(client)

    def _discard(self, name: str) -> None:
        """Remove what a failed build left behind, so that it does not fill the disk."""
        with self._guard:
            if self._opened and self._opened[0] == name:
                close_client(self._opened[2])
                self._opened = None
        if not self._url:
            self._generations.remove(name)

    def _sentences(self) -> AbstractContextManager[None]:
        place = self._url or self._generations.folder
        return one_sentence(place, is_server=bool(self._url))

    def _collection(self, generation: Generation) -> Any:
        with self._guard:
            if self._opened is None or self._opened[0] != generation.name:
                client = self._client(generation.name)
                collection = client.get_collection(
                    self._collection_name(generation.name), embedding_function=None
                )
                # Of the two before, the last may still be in use by another thread.
                if self._previous:
                    close_client(self._previous[2])
                self._previous, self._opened = self._opened, (generation.name, collection, client)
            return self._opened[1]

    def _collection_name(self, generation: str) -> str:
        return f"{self._prefix}-{generation}" if self._url else _COLLECTION

    def _client(self, generation: str) -> Any:
        return open_client(self._generations.folder / generation, self._url)


def _add(
    collection: Any,
    catalog: Catalog,
    ids: Sequence[str] | None,
    total: int,
    progress: OnRows | None,
) -> None:
    """Rows of the catalog, all or those named, into a collection that does not hold them."""
    done = 0
    for keys, vectors in catalog.vectors(ids):
        collection.upsert(
            ids=[identity for identity, _ in keys],
            embeddings=vectors,
            metadatas=[{"document": document} for _, document in keys],
        )
        done += len(keys)
        if progress:
            progress(done, total)


def _ids(collection: Any) -> Iterator[str]:
    """All ids of a collection, read in pages."""
    start = 0
    while page := collection.get(limit=_PAGE, offset=start, include=[])["ids"]:
        yield from page
        start += len(page)
