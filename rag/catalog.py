"""The catalog: one SQLite file that is the truth about an index.

It holds documents (text, metadata, kept spans), chunks, vectors of chunks and of their
sentences, a full-text table for BM25, and the files that could not be read. One transaction per
document: a document is in or it is not. Chroma and everything else is derived from it.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rag.analyze import terms
from rag.errors import StoreError
from rag.types import Chunk, Document, DocumentMetadata, Filters, Span

Vectors = NDArray[np.float32]

SCHEMA_VERSION = 1
_PAGE = 400
_SCHEMA = """
CREATE TABLE IF NOT EXISTS state (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS files (
    path TEXT PRIMARY KEY, size INTEGER NOT NULL, modified_ns INTEGER NOT NULL,
    sha256 TEXT NOT NULL, failure TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS documents (
    path TEXT PRIMARY KEY, sha256 TEXT NOT NULL, text TEXT NOT NULL, title TEXT NOT NULL,
    outlet TEXT NOT NULL, author TEXT NOT NULL, place TEXT NOT NULL, published TEXT NOT NULL,
    kept TEXT NOT NULL, notice TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS chunks (
    rowid INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL,
    document TEXT NOT NULL REFERENCES documents(path) ON DELETE CASCADE,
    start INTEGER NOT NULL, "end" INTEGER NOT NULL, token_count INTEGER NOT NULL,
    sentences TEXT NOT NULL, text_sha TEXT NOT NULL, sentence_vectors BLOB);
CREATE INDEX IF NOT EXISTS chunks_by_document ON chunks(document);
CREATE TABLE IF NOT EXISTS vectors (text_sha TEXT PRIMARY KEY, vector BLOB NOT NULL);
CREATE VIRTUAL TABLE IF NOT EXISTS lexical USING fts5(terms,
    tokenize="unicode61 remove_diacritics 0");
CREATE VIRTUAL TABLE IF NOT EXISTS vocabulary USING fts5vocab(lexical, 'row');
"""


@dataclass(frozen=True, slots=True)
class FileRecord:
    """What was known of a file when it was last looked at."""

    path: str
    size: int
    modified_ns: int
    sha256: str
    failure: str


@dataclass(frozen=True, slots=True)
class EmbeddedChunk:
    """A chunk with what the index keeps beside it; vectors are None in a lexical-only index."""

    chunk: Chunk
    text_sha: str
    vector: Vectors | None
    """Shape (dim,)."""
    sentence_vectors: Vectors | None
    """Shape (n_sentences, dim)."""


class Catalog:
    """One catalog file. Threads each get a connection of their own; readers never block."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._guard = threading.Lock()

    @property
    def connection(self) -> sqlite3.Connection:
        """This thread's connection, opened at first use. Raises StoreError when it cannot be."""
        found: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if found is None:
            found = self._open()
            self._local.connection = found
        return found

    def close(self) -> None:
        """Close the connections of all threads."""
        with self._guard:
            for connection in self._connections:
                connection.close()
            self._connections.clear()
        self._local = threading.local()

    def _open(self) -> sqlite3.Connection:
        try:
            connection = sqlite3.connect(self.path, timeout=30, check_same_thread=False)
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.execute("PRAGMA foreign_keys=ON")
            connection.executescript(_SCHEMA)
        except sqlite3.Error as error:
            raise StoreError(
                f"The catalog {self.path} cannot be opened ({error}). Check the folder's "
                "permissions and free space, or delete the folder and index again."
            ) from error
        with self._guard:
            self._connections.append(connection)
        return connection

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """One atomic write that also raises `revision`. Raises StoreError when the disk refuses."""
        connection = self.connection
        try:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute(
                "INSERT INTO state VALUES ('revision', '1') ON CONFLICT(name) "
                "DO UPDATE SET value = CAST(value AS INTEGER) + 1"
            )
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise StoreError(
                f"The catalog {self.path} cannot be written ({error}). Nothing indexed before was "
                "lost. Free some space or choose another folder with RAG_STORAGE__PATH."
            ) from error
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise

    # Writing

    def put(self, document: Document, file: FileRecord, chunks: Sequence[EmbeddedChunk]) -> None:
        """Replace everything known of this document, in one transaction."""
        meta = document.metadata
        kept = json.dumps([[span.start, span.end] for span in document.kept])
        with self.transaction() as connection:
            self._delete(connection, document.path)
            connection.execute(
                "INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (document.path, document.sha256, document.text, meta.title, meta.outlet,
                 meta.author, meta.place, meta.published, kept, document.notice),
            )  # fmt: skip
            for each in chunks:
                self._insert(connection, each)
            self._put_file(connection, file)

    def put_failure(self, file: FileRecord) -> None:
        """Record that a file cannot be read; what an older version of it held is gone."""
        with self.transaction() as connection:
            self._delete(connection, file.path)
            self._put_file(connection, file)

    def touch(self, file: FileRecord) -> None:
        """Remember a file's new times when its bytes are the same."""
        with self.transaction() as connection:
            self._put_file(connection, file)

    def remove(self, path: str) -> None:
        """Forget a file and everything that came from it."""
        with self.transaction() as connection:
            self._delete(connection, path)
            connection.execute("DELETE FROM files WHERE path = ?", (path,))

    def _delete(self, connection: sqlite3.Connection, path: str) -> None:
        connection.execute(
            "DELETE FROM lexical WHERE rowid IN (SELECT rowid FROM chunks WHERE document = ?)",
            (path,),
        )
        connection.execute("DELETE FROM documents WHERE path = ?", (path,))
        connection.execute("DELETE FROM chunks WHERE document = ?", (path,))

    def _insert(self, connection: sqlite3.Connection, each: EmbeddedChunk) -> None:
        chunk = each.chunk
        cursor = connection.execute(
            'INSERT INTO chunks (id, document, start, "end", token_count, sentences, text_sha, '
            "sentence_vectors) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (chunk.id, chunk.document, chunk.span.start, chunk.span.end, chunk.token_count,
             json.dumps([[span.start, span.end] for span in chunk.sentences]), each.text_sha,
             None if each.sentence_vectors is None
             else each.sentence_vectors.astype(np.float16).tobytes()),
        )  # fmt: skip
        connection.execute(
            "INSERT INTO lexical (rowid, terms) VALUES (?, ?)",
            (cursor.lastrowid, " ".join(terms(chunk.text))),
        )
        if each.vector is not None:
            connection.execute(
                "INSERT OR REPLACE INTO vectors VALUES (?, ?)",
                (each.text_sha, each.vector.astype(np.float32).tobytes()),
            )

    def _put_file(self, connection: sqlite3.Connection, file: FileRecord) -> None:
        connection.execute(
            "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?)",
            (file.path, file.size, file.modified_ns, file.sha256, file.failure),
        )

    # Reading

    @property
    def revision(self) -> int:
        """Number of writes so far; a derived index remembers the one it was made from."""
        row = self.connection.execute("SELECT value FROM state WHERE name = 'revision'").fetchone()
        return int(row[0]) if row else 0

    def counts(self) -> tuple[int, int, int]:
        """Number of documents, of chunks, and of chunks that have a vector."""
        row = self.connection.execute(
            "SELECT (SELECT COUNT(*) FROM documents), (SELECT COUNT(*) FROM chunks), "
            "(SELECT COUNT(*) FROM chunks JOIN vectors USING (text_sha))"
        ).fetchone()
        return row[0], row[1], row[2]

    def files(self) -> dict[str, FileRecord]:
        """Everything recorded of the corpus's files, by path."""
        rows = self.connection.execute("SELECT * FROM files ORDER BY path")
        return {row[0]: FileRecord(*row) for row in rows}

    def documents(self, paths: Iterable[str] | None = None) -> list[Document]:
        """Documents in path order, all of them or those named."""
        if paths is None:
            rows = self.connection.execute("SELECT * FROM documents ORDER BY path").fetchall()
        else:
            rows = [
                row
                for page in _pages(sorted(set(paths)))
                for row in self.connection.execute(
                    f"SELECT * FROM documents WHERE path IN ({_marks(page)}) ORDER BY path", page
                )
            ]
        return [_document(row) for row in rows]

    def chunks(self, ids: Sequence[str]) -> dict[str, Chunk]:
        """Chunks by id; ids that are gone are left out."""
        found = {}
        for page in _pages(list(ids)):
            rows = self.connection.execute(
                'SELECT c.id, c.document, c.start, c."end", c.token_count, c.sentences, '
                'substr(d.text, c.start + 1, c."end" - c.start) FROM chunks c '
                f"JOIN documents d ON d.path = c.document WHERE c.id IN ({_marks(page)})",
                page,
            )
            found.update({row[0]: _chunk(row) for row in rows})
        return found

    def all_chunk_ids(self) -> list[str]:
        """Ids of all chunks, in id order."""
        return [row[0] for row in self.connection.execute("SELECT id FROM chunks ORDER BY id")]

    def vectors(self) -> Iterator[tuple[list[tuple[str, str]], Vectors]]:
        """Pages of ((chunk id, document path) pairs, vectors of shape (n, dim)), in id order."""
        cursor = self.connection.execute(
            "SELECT id, document, vector FROM chunks JOIN vectors USING (text_sha) ORDER BY id"
        )
        while rows := cursor.fetchmany(2000):
            matrix = np.stack([np.frombuffer(row[2], dtype=np.float32) for row in rows])
            yield [(row[0], row[1]) for row in rows], matrix

    def cached_vectors(self, shas: Sequence[str]) -> dict[str, Vectors]:
        """Vectors already computed for texts with these hashes."""
        found = {}
        for page in _pages(list(shas)):
            rows = self.connection.execute(
                f"SELECT text_sha, vector FROM vectors WHERE text_sha IN ({_marks(page)})", page
            )
            found.update({row[0]: np.frombuffer(row[1], dtype=np.float32) for row in rows})
        return found

    def sentence_vectors(self, ids: Sequence[str]) -> dict[str, Vectors]:
        """For each chunk id the vectors of its sentences, shape (n_sentences, dim)."""
        found = {}
        for page in _pages(list(ids)):
            rows = self.connection.execute(
                "SELECT id, sentence_vectors, json_array_length(sentences) FROM chunks "
                f"WHERE sentence_vectors IS NOT NULL AND id IN ({_marks(page)})",
                page,
            )
            for row in rows:
                flat = np.frombuffer(row[1], dtype=np.float16).astype(np.float32)
                found[row[0]] = flat.reshape(row[2], -1)
        return found

    def bm25(
        self, query: Sequence[str], *, limit: int, documents: Sequence[str] | None
    ) -> list[tuple[str, float]]:
        """Chunk ids with BM25 scores (k1 = 1.2, b = 0.75, any-term), best first, ties by id.

        `query` holds analysed terms. FTS5 gives negated scores; here higher is better.
        """
        if not query:
            return []
        match = " OR ".join(f'"{term}"' for term in dict.fromkeys(query))
        restriction, values = "", []
        if documents is not None:
            restriction = "AND c.document IN (SELECT value FROM json_each(?))"
            values = [json.dumps(list(documents))]
        rows = self.connection.execute(
            "SELECT c.id, -bm25(lexical) AS score FROM lexical JOIN chunks c "
            f"ON c.rowid = lexical.rowid WHERE lexical MATCH ? {restriction} "
            "ORDER BY score DESC, c.id LIMIT ?",
            [match, *values, limit],
        )
        return [(row[0], row[1]) for row in rows]

    def document_frequencies(self, query: Sequence[str]) -> dict[str, int]:
        """Number of chunks that hold each term; terms held by none are left out."""
        found = {}
        for page in _pages(sorted(set(query))):
            rows = self.connection.execute(
                f"SELECT term, doc FROM vocabulary WHERE term IN ({_marks(page)})", page
            )
            found.update(dict(rows.fetchall()))
        return found

    def vocabulary(self) -> dict[str, int]:
        """All terms with the number of chunks that hold them."""
        return dict(self.connection.execute("SELECT term, doc FROM vocabulary").fetchall())

    def select_documents(self, filters: Filters) -> list[str] | None:
        """Paths that pass the filters, None when they do not restrict."""
        if filters == Filters():
            return None
        where, values = ["1"], []
        for column, names in (("path", filters.documents), ("outlet", filters.outlets)):
            if names:
                where.append(f"lower({column}) IN (SELECT lower(value) FROM json_each(?))")
                values.append(json.dumps(list(names)))
        if filters.published_from or filters.published_to:
            where.append("published != '' AND published >= ? AND published <= ?")
            values += [filters.published_from, filters.published_to or "9999-12-31"]
        rows = self.connection.execute(
            f"SELECT path FROM documents WHERE {' AND '.join(where)} ORDER BY path", values
        )
        return [row[0] for row in rows]


def _pages(items: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(items), _PAGE):
        yield items[start : start + _PAGE]


def _marks(page: Sequence[str]) -> str:
    return ", ".join("?" * len(page))


def _spans(text: str) -> tuple[Span, ...]:
    return tuple(Span(start, end) for start, end in json.loads(text))


def _document(row: tuple[str, ...]) -> Document:
    path, sha256, text, title, outlet, author, place, published, kept, notice = row
    metadata = DocumentMetadata(title, outlet, author, place, published)
    return Document(path, text, sha256, metadata, _spans(kept), notice)


def _chunk(row: tuple[str, str, int, int, int, str, str]) -> Chunk:
    identity, document, start, end, token_count, sentences, text = row
    return Chunk(identity, document, Span(start, end), text, token_count, _spans(sentences))
