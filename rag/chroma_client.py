"""Clients of Chroma: a folder or a server opened, closed for good, their errors in one sentence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from rag.errors import StoreError


def open_client(folder: Path, url: str) -> Any:
    """A client of the server at `url`, else of `folder`."""
    import chromadb
    from chromadb.config import Settings

    settings = Settings(anonymized_telemetry=False, allow_reset=False)
    if not url:
        # Chroma keys its clients on the path string, so the path must be the resolved one.
        return chromadb.PersistentClient(str(folder.resolve()), settings=settings)
    address = urlsplit(url)
    return chromadb.HttpClient(
        host=address.hostname or "",
        port=address.port or (443 if address.scheme == "https" else 80),
        ssl=address.scheme == "https",
        settings=settings,
    )


def close_client(client: Any) -> None:
    """Let go of a client. The last one of an address also closes its connections: chromadb
    stops the shared system but leaves them open."""
    from chromadb.api.shared_system_client import SharedSystemClient

    session = getattr(getattr(client, "_server", None), "_session", None)
    with suppress(Exception):  # a client over a damaged folder may fail to close as well
        client.close()
    if session is not None and client._identifier not in SharedSystemClient._identifier_to_system:
        session.close()


@contextmanager
def one_sentence(place: object, *, is_server: bool) -> Iterator[None]:
    """Whatever Chroma, the disk or the network raises becomes a StoreError."""
    try:
        yield
    except StoreError:
        raise
    except Exception as error:  # chromadb raises its own, sqlite3's, httpx's and ValueError
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        remedy = (
            "Check the server, or unset RAG_STORAGE__CHROMA_URL to keep the index in a folder."
            if is_server
            else "Check space and permissions, or choose another folder with RAG_STORAGE__PATH."
        )
        raise StoreError(
            f"The vector index at {place} cannot be used ({_first_line(reason)}). {remedy}"
        ) from error


def _first_line(reason: object) -> str:
    return str(reason).strip().partition("\n")[0][:200] or type(reason).__name__
