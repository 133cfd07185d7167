"""An SQLite file shared by threads and processes: connections, transactions, clear errors."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rag.errors import StoreError


class Database:
    """One SQLite file in WAL mode. Threads each get a connection; readers never block."""

    def __init__(self, path: Path, schema: str) -> None:
        self.path = path
        self._schema = schema
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

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """One atomic write. Raises StoreError when the disk refuses."""
        connection = self.connection
        try:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            _roll_back(connection)
            raise StoreError(
                f"The catalog {self.path} cannot be written ({error}). Nothing indexed before was "
                "lost. Free some space or choose another folder with RAG_STORAGE__PATH."
            ) from error
        except BaseException:
            _roll_back(connection)
            raise

    def _rows(self, query: str, values: Sequence[Any] = ()) -> list[Any]:
        """All rows of a query. Raises StoreError when the file is damaged."""
        try:
            return self.connection.execute(query, values).fetchall()
        except sqlite3.DatabaseError as error:
            raise StoreError(
                f"The catalog {self.path} cannot be read ({error}). "
                f"Delete the folder {self.path.parent} and index again."
            ) from error

    def _open(self) -> sqlite3.Connection:
        connection = None
        try:
            connection = sqlite3.connect(self.path, timeout=30, check_same_thread=False)
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.execute("PRAGMA foreign_keys=ON")
            connection.executescript(self._schema)
        except sqlite3.Error as error:
            if connection is not None:
                connection.close()
            raise StoreError(
                f"The catalog {self.path} cannot be opened ({error}). Check the folder's "
                "permissions and free space, or delete the folder and index again."
            ) from error
        with self._guard:
            self._connections.append(connection)
        return connection


def _roll_back(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:
        connection.execute("ROLLBACK")
