"""One writer for an index folder, held by a lock file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rag.errors import StoreError, StoreLockedError

_LOCK_SECONDS = 15.0


@contextmanager
def writer_lock(store: Path, *, timeout_seconds: float | None = None) -> Iterator[None]:
    """One writer for an index folder. Raises StoreLockedError when it stays locked, StoreError
    when the folder cannot be written."""
    import filelock

    try:
        store.mkdir(parents=True, exist_ok=True, mode=0o700)
        patience = _LOCK_SECONDS if timeout_seconds is None else timeout_seconds
        lock = filelock.FileLock(store / "writer.lock", timeout=patience)
        lock.acquire()
    except filelock.Timeout as error:
        raise StoreLockedError(
            f"Another process is writing the index in {store}. Wait for it to finish, or end it."
        ) from error
    except OSError as error:
        raise StoreError(
            f"The index folder {store} cannot be written ({error.strerror}). "
            "Choose another one with RAG_STORAGE__PATH."
        ) from error
    try:
        yield
    finally:
        lock.release()
