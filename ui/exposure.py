"""Who can reach the server, and by which names it may be called."""

from __future__ import annotations

from rag.errors import SettingsError
from rag.settings import ServerSettings

LOOPBACK = ("127.0.0.1", "localhost", "[::1]", "::1")


def is_loopback(host: str) -> bool:
    """True when only this machine can reach a server listening on `host`."""
    return host in LOOPBACK or host.startswith("127.")


def allowed_hosts(settings: ServerSettings) -> list[str]:
    """Names by which the server may be called; any when it listens on every address."""
    if settings.host in ("0.0.0.0", "::"):  # noqa: S104 - compared, not bound
        return ["*"]
    return [*LOOPBACK, settings.host]


def check_exposure(server: ServerSettings) -> None:
    """Raises SettingsError for an address that others can reach, without a password or token."""
    auth, token = server.auth.get_secret_value(), server.token.get_secret_value()
    if auth and not all(auth.partition(":")):
        raise SettingsError("RAG_SERVER__AUTH is not of the form user:password. Change it.")
    if not is_loopback(server.host) and not (auth or token):
        raise SettingsError(
            f"Listening on {server.host} would let anyone on the network read the documents. "
            "Set RAG_SERVER__AUTH=user:password or RAG_SERVER__TOKEN, or leave the host at "
            "127.0.0.1."
        )
