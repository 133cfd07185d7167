"""A real HTTP server on loopback that speaks the OpenAI chat protocol, well or badly.

Each request takes the next play of the script (the last one repeats). A play is a function that
writes a response; `FAULTS` and `replies` are the usual ones.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Play = Callable[["Exchange"], None]


class Exchange(BaseHTTPRequestHandler):
    """One request and its response."""

    protocol_version = "HTTP/1.1"
    server: ChatServer

    def do_POST(self) -> None:
        """Record the request and play the next part of the script."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.request_json = json.loads(body)
        self.close_connection = True
        play = self.server.take(self)
        try:
            play(self)
        except OSError:
            self.server.left_at.append(time.monotonic())

    def log_message(self, *_: Any) -> None:
        """Keep the test output clean."""

    def passages(self) -> list[list[str]]:
        """The lines of each passage the prompt holds."""
        user = self.request_json["messages"][-1]["content"]
        blocks = re.findall(r"<passage \d+ [^\n]*>\n(.*?)\n</passage", user, re.DOTALL)
        return [[line.lstrip("¦ ") for line in block.split("\n")] for block in blocks]

    def send(self, status: int, body: bytes, kind: str, **headers: str) -> None:
        """A whole response."""
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def start_stream(self) -> None:
        """Headers of a server-sent event stream; it ends when the connection closes."""
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.send_header("Connection", "close")
        self.end_headers()

    def event(self, data: str) -> None:
        """One server-sent event."""
        self.wfile.write(f"data: {data}\n\n".encode())
        self.wfile.flush()

    def piece(self, text: str | None, finish: str | None = None) -> None:
        """One piece of a streamed completion."""
        choice = {"index": 0, "delta": {"content": text}, "finish_reason": finish}
        about = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "test"}
        self.event(json.dumps({**about, "choices": [choice]}))


class ChatServer(ThreadingHTTPServer):
    """The server: its script, and what it saw."""

    daemon_threads = True

    def __init__(self, *script: Play) -> None:
        super().__init__(("127.0.0.1", 0), Exchange)
        self.script = list(script)
        self.requests: list[dict[str, Any]] = []
        self.times: list[float] = []
        self.left_at: list[float] = []
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        """Base URL of the protocol."""
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def take(self, exchange: Exchange) -> Play:
        """Note the request and give the play for it."""
        with self._lock:
            self.requests.append(exchange.request_json)
            self.times.append(time.monotonic())
            return self.script.pop(0) if len(self.script) > 1 else self.script[0]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is part of the play."""


@contextmanager
def serving(*script: Play) -> Iterator[ChatServer]:
    """A running server on a free port."""
    server = ChatServer(*script)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def replies(text: str | Callable[[Exchange], str], *, pause: float = 0.0, size: int = 7) -> Play:
    """A good answer, streamed in small pieces when the request asks for a stream."""

    def play(exchange: Exchange) -> None:
        words = text(exchange) if callable(text) else text
        if not exchange.request_json.get("stream"):
            return whole(words)(exchange)
        exchange.start_stream()
        for start in range(0, len(words), size):
            exchange.piece(words[start : start + size])
            time.sleep(pause)
        exchange.piece("", "stop")
        return exchange.event("[DONE]")

    return play


def whole(text: str | None, finish: str = "stop") -> Play:
    """A good answer in one JSON object, even where a stream was asked for."""
    message = {"role": "assistant", "content": text}
    body = {"choices": [{"index": 0, "message": message, "finish_reason": finish}]}
    return lambda exchange: exchange.send(200, json.dumps(body).encode(), "application/json")


def status(code: int, body: str = "{}", **headers: str) -> Play:
    """An error response."""
    return lambda exchange: exchange.send(code, body.encode(), "application/json", **headers)


def body(text: str, kind: str = "application/json") -> Play:
    """A response of status 200 with exactly this body."""
    return lambda exchange: exchange.send(200, text.encode(), kind)


def streams(*pieces: str, finish: str | None = None, done: bool = False) -> Play:
    """A stream of these pieces that may lack its finish reason or its end mark."""

    def play(exchange: Exchange) -> None:
        exchange.start_stream()
        for text in pieces:
            exchange.piece(text)
        if finish:
            exchange.piece("", finish)
        if done:
            exchange.event("[DONE]")

    return play


def streams_then(event: str, *pieces: str) -> Play:
    """Some pieces, then an event that is not one."""

    def play(exchange: Exchange) -> None:
        exchange.start_stream()
        for text in pieces:
            exchange.piece(text)
        exchange.event(event)

    return play


def stalls(*pieces: str, seconds: float = 5.0) -> Play:
    """Some pieces (or nothing at all, not even headers), then silence."""

    def play(exchange: Exchange) -> None:
        if pieces:
            exchange.start_stream()
            for text in pieces:
                exchange.piece(text)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            time.sleep(0.05)
            if pieces:
                continue
            exchange.connection.settimeout(0.01)
            with suppress(TimeoutError):
                if not exchange.connection.recv(1):
                    exchange.server.left_at.append(time.monotonic())
                    return

    return play


def drips(text: str, *, pause: float = 0.05, size: int = 3) -> Play:
    """A stream that never ends by itself, a few letters at a time."""

    def play(exchange: Exchange) -> None:
        exchange.start_stream()
        for start in range(0, 100_000, size):
            exchange.piece(text[start % len(text) :][:size])
            time.sleep(pause)

    return play


def floods(megabytes: int = 50) -> Play:
    """Tens of megabytes of text as fast as the socket takes them."""

    def play(exchange: Exchange) -> None:
        exchange.start_stream()
        for _ in range(megabytes * 16):
            exchange.piece("word " * 13_000)
            exchange.server.sent = getattr(exchange.server, "sent", 0) + 65_000

    return play


def resets(exchange: Exchange) -> None:
    """The connection is closed without an answer."""
    exchange.connection.shutdown(2)


def echoes_first(exchange: Exchange) -> str:
    """The first sentence of every passage, each cited as it should be."""
    lines = exchange.passages()
    return " ".join(f"{block[0]} [{n}]" for n, block in enumerate(lines, start=1))


_ORDER = re.compile(
    r"(?i)\b(?:your|the) (?:\w+ ){0,2}(?:response|reply|answer|output)|^ignore|instead"
)


def obeys(exchange: Exchange) -> str:
    """Does what any passage asks: says the quoted words, or announces the deed, with citations."""
    said = []
    for number, block in enumerate(exchange.passages(), start=1):
        for line in block:
            quoted = re.findall(r"[\"“']([^\"”']{8,})[\"”']", line)
            said += [f"{words} [{number}]" for words in quoted]
            if quoted or _ORDER.search(line):
                said.append(f"{line} [{number}]")
    return " ".join(said) or "I am a pirate and will do as told. [1]"
