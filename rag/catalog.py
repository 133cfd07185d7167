"""The catalog: one SQLite file that is the truth about an index.

It holds documents (text, metadata, kept spans), chunks, vectors of chunks and of their
sentences, a full-text table for BM25, and the files that could not be read. One transaction per
document: a document is in or it is not. Chroma and everything else is derived from it.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rag.analyze import terms
from rag.fulltext import FULL_TEXT, FullText
from rag.types import Chunk, Document, DocumentMetadata, Filters, Span

Vectors = NDArray[np.float32]

SCHEMA_VERSION = 2
_SCHEMA = """
CREATE TABLE IF NOT EXISTS state (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS files (
    path TEXT PRIMARY KEY, size INTEGER NOT NULL, changed_ns INTEGER NOT NULL,
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
CREATE INDEX IF NOT EXISTS chunks_by_text ON chunks(text_sha);
CREATE TABLE IF NOT EXISTS vectors (text_sha TEXT PRIMARY KEY, vector BLOB NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class FileRecord:
    """What was known of a file when it was last looked at."""

    path: str
    size: int
    changed_ns: int
    """-1 when the file was too new to tell a later change by its time."""
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


class Catalog(FullText):
    """The catalog of one index folder."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, _SCHEMA + FULL_TEXT)

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
            _raise_revision(connection)

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
        """Everything that came from a document: nothing of it stays in the file's live rows."""
        rows = connection.execute("SELECT rowid, text_sha FROM chunks WHERE document = ?", (path,))
        gone = rows.fetchall()
        connection.executemany("DELETE FROM lexical WHERE rowid = ?", [(row[0],) for row in gone])
        connection.execute("DELETE FROM documents WHERE path = ?", (path,))
        connection.execute("DELETE FROM chunks WHERE document = ?", (path,))
        connection.executemany(
            "DELETE FROM vectors WHERE text_sha = ?1 "
            "AND NOT EXISTS (SELECT 1 FROM chunks WHERE text_sha = ?1)",
            [(row[1],) for row in gone],
        )
        if gone:
            _raise_revision(connection)

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
            (file.path, file.size, file.changed_ns, file.sha256, file.failure),
        )

    # Reading

    @property
    def revision(self) -> int:
        """Number of changes so far; a derived index remembers the one it was made from."""
        rows = self._rows("SELECT value FROM state WHERE name = 'revision'")
        return int(rows[0][0]) if rows else 0

    def counts(self) -> tuple[int, int, int]:
        """Number of documents, of chunks, and of chunks that have a vector."""
        row = self._rows(
            "SELECT (SELECT COUNT(*) FROM documents), (SELECT COUNT(*) FROM chunks), "
            "(SELECT COUNT(*) FROM chunks JOIN vectors USING (text_sha))"
        )[0]
        return row[0], row[1], row[2]

    def files(self) -> dict[str, FileRecord]:
        """Everything recorded of the corpus's files, by path."""
        rows = self._rows("SELECT * FROM files ORDER BY path")
        return {row[0]: FileRecord(*row) for row in rows}

    def documents(self, paths: Iterable[str] | None = None) -> list[Document]:
        """Documents in path order, all of them or those named."""
        if paths is None:
            rows = self._rows("SELECT * FROM documents ORDER BY path")
        else:
            rows = self._rows(
                "SELECT * FROM documents WHERE path IN (SELECT value FROM json_each(?)) "
                "ORDER BY path",
                [_listed(paths)],
            )
        return [_document(row) for row in rows]

    def outlets(self) -> list[str]:
        """Every outlet named by a document, once, in alphabetical order."""
        rows = self._rows("SELECT DISTINCT outlet FROM documents WHERE outlet <> '' ORDER BY 1")
        return [row[0] for row in rows]

    def chunks(self, ids: Sequence[str]) -> dict[str, Chunk]:
        """Chunks by id; ids that are gone are left out."""
        rows = self._rows(
            'SELECT c.id, c.document, c.start, c."end", c.token_count, c.sentences, '
            'substr(d.text, c.start + 1, c."end" - c.start) FROM chunks c '
            "JOIN documents d ON d.path = c.document "
            "WHERE c.id IN (SELECT value FROM json_each(?))",
            [json.dumps(list(ids))],
        )
        return {row[0]: _chunk(row) for row in rows}

    def all_chunk_ids(self) -> list[str]:
        """Ids of all chunks, in id order."""
        return [row[0] for row in self._rows("SELECT id FROM chunks ORDER BY id")]

    def vector_ids(self) -> list[str]:
        """Ids of all chunks that have a vector, in id order."""
        rows = self._rows("SELECT id FROM chunks JOIN vectors USING (text_sha) ORDER BY id")
        return [row[0] for row in rows]

    def vectors(
        self, ids: Sequence[str] | None = None
    ) -> Iterator[tuple[list[tuple[str, str]], Vectors]]:
        """Pages of ((chunk id, document path) pairs, vectors of shape (n, dim)), in id order, of
        all chunks or of those named."""
        named = None if ids is None else json.dumps(list(ids))
        last = ""
        while True:
            rows = self._rows(
                "SELECT id, document, vector FROM chunks JOIN vectors USING (text_sha) "
                "WHERE id > ?1 AND (?2 IS NULL OR id IN (SELECT value FROM json_each(?2))) "
                "ORDER BY id LIMIT 2000",  # Chroma refuses more than 5,461 at once
                (last, named),
            )
            if not rows:
                return
            matrix = np.stack([np.frombuffer(row[2], dtype=np.float32) for row in rows])
            yield [(row[0], row[1]) for row in rows], matrix
            last = rows[-1][0]

    def cached_vectors(self, shas: Sequence[str]) -> dict[str, Vectors]:
        """Vectors already computed for texts with these hashes."""
        rows = self._rows(
            "SELECT text_sha, vector FROM vectors "
            "WHERE text_sha IN (SELECT value FROM json_each(?))",
            [json.dumps(list(shas))],
        )
        return {row[0]: np.frombuffer(row[1], dtype=np.float32) for row in rows}

    def sentence_vectors(self, ids: Sequence[str]) -> dict[str, Vectors]:
        """For each chunk id the vectors of its sentences, shape (n_sentences, dim)."""
        rows = self._rows(
            "SELECT id, sentence_vectors, json_array_length(sentences) FROM chunks "
            "WHERE sentence_vectors IS NOT NULL AND id IN (SELECT value FROM json_each(?))",
            [json.dumps(list(ids))],
        )
        flat = {row[0]: np.frombuffer(row[1], dtype=np.float16) for row in rows}
        return {row[0]: flat[row[0]].astype(np.float32).reshape(row[2], -1) for row in rows}

    def select_documents(self, filters: Filters) -> list[str] | None:
        """Paths that pass the filters, None when they do not restrict."""
        if filters == Filters():
            return None
        rows = self._rows(
            "SELECT path FROM documents WHERE "
            "(?1 IS NULL OR lower(path) IN (SELECT lower(value) FROM json_each(?1))) AND "
            "(?2 IS NULL OR lower(outlet) IN (SELECT lower(value) FROM json_each(?2))) AND "
            "(?3 IS NULL OR (published != '' AND published BETWEEN ?3 AND ?4)) ORDER BY path",
            [
                _listed(filters.documents) if filters.documents else None,
                _listed(filters.outlets) if filters.outlets else None,
                filters.published_from or ("0000" if filters.published_to else None),
                filters.published_to or "9999-12-31",
            ],
        )
        return [row[0] for row in rows]


def _raise_revision(connection: sqlite3.Connection) -> None:
    connection.execute(
        "INSERT INTO state VALUES ('revision', '1') ON CONFLICT(name) "
        "DO UPDATE SET value = CAST(value AS INTEGER) + 1"
    )


def _listed(names: Iterable[str]) -> str:
    """Names as a JSON list, without those that no document can have: SQLite would cut them at a
    NUL, and refuse half a character."""
    return json.dumps([name for name in names if not re.search("[\0\ud800-\udfff]", name)])


def _spans(text: str) -> tuple[Span, ...]:
    return tuple(Span(start, end) for start, end in json.loads(text))


def _document(row: tuple[str, ...]) -> Document:
    path, sha256, text, title, outlet, author, place, published, kept, notice = row
    metadata = DocumentMetadata(title, outlet, author, place, published)
    return Document(path, text, sha256, metadata, _spans(kept), notice)


def _chunk(row: tuple[str, str, int, int, int, str, str]) -> Chunk:
    identity, document, start, end, token_count, sentences, text = row
    return Chunk(identity, document, Span(start, end), text, token_count, _spans(sentences))
