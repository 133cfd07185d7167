"""What stands before every route: headers, who may ask, how much and how often.

Plain ASGI middleware, so that streams pass through untouched. From the outside in: response
headers and the session cookie, credentials, the origin of writing requests, rate, size.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import http.cookies
import json
import time
from collections import OrderedDict
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rag.settings import ServerSettings
from ui.sessions import COOKIE, is_session, new_session

CONTENT_SECURITY_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; object-src 'none'; "
    "frame-ancestors 'none'; base-uri 'self'; form-action 'self'"
)
HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}
OPEN_PATHS = ("/healthz", "/readyz")
MAX_BODY_BYTES = 1_000_000
UPLOAD_PATH = "/gradio_api/upload"
_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
_MAX_ADDRESSES = 4096


class RateLimit:
    """A bucket of requests per address, filled again over a minute."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait_seconds(self, address: str) -> float:
        """Take one request from the bucket of `address`; 0, or how long until the next may come."""
        now = time.monotonic()
        left, since = self._buckets.pop(address, (float(self._per_minute), now))
        left = min(self._per_minute, left + (now - since) * self._per_minute / 60)
        allowed = left >= 1
        self._buckets[address] = (left - 1 if allowed else left, now)
        while len(self._buckets) > _MAX_ADDRESSES:
            self._buckets.popitem(last=False)
        return 0.0 if allowed else (1 - left) * 60 / self._per_minute


class Gate:
    """The middleware."""

    def __init__(self, app: ASGIApp, settings: ServerSettings, limit: RateLimit) -> None:
        self.app = app
        self.settings = settings
        self.questions = limit
        # The page sends several small requests for each thing a person does.
        self.page_events = RateLimit(settings.requests_per_minute * 10)
        self.failed_logins = RateLimit(10)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008})
                return
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        send = _with_headers(send, _fresh_cookie(scope, headers))
        refusal = self._refusal(scope, headers)
        if refusal:
            await _refuse(send, *refusal)
            return
        await self.app(scope, _Limited(receive, self._max_body(scope["path"])), send)

    def _refusal(self, scope: Scope, headers: Headers) -> tuple[int, str, dict[str, str]] | None:
        path, method = scope["path"], scope["method"]
        address = (scope.get("client") or ("", 0))[0]
        if path not in OPEN_PATHS and not self._may_enter(headers):
            wait = self.failed_logins.wait_seconds(address) if "authorization" in headers else 0
            if wait:
                return 429, "Too many wrong passwords. Wait a minute.", _retry(wait)
            return 401, "Name and password, please.", {"www-authenticate": 'Basic realm="Footnote"'}
        if method in _SAFE_METHODS:
            return None
        if not is_same_origin(headers):
            return 403, "This request comes from another site.", {}
        if path.startswith("/gradio_api/"):
            wait = self.page_events.wait_seconds(address)
        else:
            wait = self.questions.wait_seconds(address)
        if wait:
            return 429, f"Too many requests. Try again in {wait:.0f} s.", _retry(wait)
        if path.startswith(UPLOAD_PATH) and not self.settings.uploads:
            return 403, "Adding files is turned off.", {}
        if _stated_length(headers) > self._max_body(path):
            return 413, "The request is too large.", {}
        return None

    def _max_body(self, path: str) -> int:
        if path.startswith(UPLOAD_PATH):
            return self.settings.max_upload_mb * 1_000_000 * 5 + MAX_BODY_BYTES
        return MAX_BODY_BYTES

    def _may_enter(self, headers: Headers) -> bool:
        auth = self.settings.auth.get_secret_value()
        token = self.settings.token.get_secret_value()
        if not auth and not token:
            return True
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return bool(token) and _equal(given.strip(), token)
        if scheme.lower() == "basic":
            pair = _decoded(given)
            password = pair.partition(":")[2]
            return (bool(auth) and _equal(pair, auth)) or (bool(token) and _equal(password, token))
        return False


def is_same_origin(headers: Headers) -> bool:
    """False for a request that a browser says another site caused."""
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc == headers.get("host", "")


def _equal(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())


def _decoded(value: str) -> str:
    try:
        return base64.b64decode(value.strip(), validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return ""


def _stated_length(headers: Headers) -> int:
    length = headers.get("content-length", "0")
    return int(length) if length.isdecimal() and len(length) < 16 else 0


def _retry(wait: float) -> dict[str, str]:
    return {"retry-after": str(max(1, round(wait)))}


def _fresh_cookie(scope: Scope, headers: Headers) -> str:
    """A new session cookie for a browser that opens the page without one, else empty."""
    if scope["path"] != "/" or scope["method"] != "GET":
        return ""
    jar: http.cookies.SimpleCookie = http.cookies.SimpleCookie()
    try:
        jar.load(headers.get("cookie", ""))
    except http.cookies.CookieError:
        jar.clear()
    if COOKIE in jar and is_session(jar[COOKIE].value):
        return ""
    secure = "; Secure" if scope.get("scheme") == "https" else ""
    return f"{COOKIE}={new_session()}; Path=/; HttpOnly; SameSite=Lax{secure}"


def _with_headers(send: Send, cookie: str) -> Send:
    async def wrapped(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers[name] = value
            if cookie:
                headers.append("set-cookie", cookie)
        await send(message)

    return wrapped


async def _refuse(send: Send, status: int, message: str, headers: dict[str, str]) -> None:
    body = json.dumps({"error": {"message": message, "type": "refused", "code": status}}).encode()
    fields: Iterable[tuple[str, str]] = (
        ("content-type", "application/json"),
        ("content-length", str(len(body))),
        *headers.items(),
    )
    start = [(name.encode(), value.encode()) for name, value in fields]
    await send({"type": "http.response.start", "status": status, "headers": start})
    await send({"type": "http.response.body", "body": body})


class _Limited:
    """Counts the body as it arrives; one that is too long ends as if the client had left."""

    def __init__(self, receive: Receive, most: int) -> None:
        self._receive = receive
        self._left = most

    async def __call__(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self._left -= len(message.get("body", b""))
            if self._left < 0:
                return {"type": "http.disconnect"}
        return message
