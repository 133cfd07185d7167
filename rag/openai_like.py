"""A llama-index LLM for any server that speaks the OpenAI chat protocol.

The ready-made integration waits longer than its timeout, takes a stream without an end mark for
complete and puts the server's words, keys included, into its errors. This one has one deadline
for a call, kept by shutting the socket down; it reads at most `max_answer_chars`; it knows a
finished answer from a broken one; and it never retries (`rag.answer.calls` does).
"""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any, ClassVar

import httpx
from llama_index.core.base.llms.types import (
    ChatMessage,
    ChatResponse,
    ChatResponseGen,
    CompletionResponse,
    CompletionResponseGen,
    LLMMetadata,
    MessageRole,
)
from llama_index.core.llms import CustomLLM
from pydantic import SecretStr

from rag.llm_errors import LlmCallError, from_exception, from_status

_MAX_LINE_CHARS = 1_000_000
_MAX_ERROR_CHARS = 20_000


class OpenAiLike(CustomLLM):  # type: ignore[misc]  # the checker does not follow llama_index
    """Chat completions over HTTP, streamed or not."""

    call_options: ClassVar[frozenset[str]] = frozenset({"deadline"})
    """What `chat` and `stream_chat` take beyond llama-index's own arguments."""

    model: str
    base_url: str
    api_key: SecretStr = SecretStr("")
    context_tokens: int = 8192
    max_output_tokens: int = 512
    max_answer_chars: int = 8000
    temperature: float = 0.0
    timeout_seconds: float = 10.0

    @classmethod
    def class_name(cls) -> str:
        """Name of the class in llama-index's records."""
        return "OpenAiLike"

    @property
    def metadata(self) -> LLMMetadata:
        """Window, output length and name of the model."""
        return LLMMetadata(
            context_window=self.context_tokens,
            num_output=self.max_output_tokens,
            is_chat_model=True,
            model_name=self.model,
        )

    def chat(
        self, messages: Sequence[ChatMessage], *, deadline: float | None = None, **kwargs: Any
    ) -> ChatResponse:
        """The whole answer at once. `deadline` is a time of `time.monotonic()`."""
        text, finish = "", None
        for piece, reason in self._pieces(messages, False, deadline, kwargs):
            text, finish = text + piece, reason or finish
        return _response(text, text, finish)

    def stream_chat(
        self, messages: Sequence[ChatMessage], *, deadline: float | None = None, **kwargs: Any
    ) -> ChatResponseGen:
        """The answer piece by piece; the last response carries the finish reason in `raw`."""

        def responses() -> ChatResponseGen:
            text = ""
            for piece, finish in self._pieces(messages, True, deadline, kwargs):
                text += piece
                yield _response(text, piece, finish)

        return responses()

    def complete(
        self,
        prompt: str,
        formatted: bool = False,  # noqa: ARG002 (llama-index passes it)
        **kwargs: Any,
    ) -> CompletionResponse:
        """The prompt as one user message."""
        reply = self.chat([ChatMessage(role=MessageRole.USER, content=prompt)], **kwargs)
        return CompletionResponse(text=reply.message.content or "", raw=reply.raw)

    def stream_complete(
        self,
        prompt: str,
        formatted: bool = False,  # noqa: ARG002 (llama-index passes it)
        **kwargs: Any,
    ) -> CompletionResponseGen:
        """The prompt as one user message, streamed."""
        replies = self.stream_chat([ChatMessage(role=MessageRole.USER, content=prompt)], **kwargs)
        for reply in replies:
            yield CompletionResponse(
                text=reply.message.content or "", delta=reply.delta, raw=reply.raw
            )

    def _pieces(
        self,
        messages: Sequence[ChatMessage],
        stream: bool,
        deadline: float | None,
        extra: dict[str, Any],
    ) -> Iterator[tuple[str, str | None]]:
        """(text, finish reason) pairs; raises LlmCallError for everything that goes wrong."""
        end = min(deadline or float("inf"), time.monotonic() + 600)
        watch = _SocketWatch(end)
        body = self._body(messages, stream, extra)
        try:
            with watch, self._posted(body, end, watch) as response:
                if response.status_code != 200:
                    text = _read_capped(response, _MAX_ERROR_CHARS)
                    retry_after = response.headers.get("retry-after")
                    raise from_status(response.status_code, text, retry_after)
                if "text/event-stream" in response.headers.get("content-type", ""):
                    yield from self._streamed(response)
                else:
                    yield _whole(_read_capped(response, 20 * self.max_answer_chars + 10_000))
        except (LlmCallError, httpx.HTTPError, OSError, UnicodeDecodeError) as error:
            # A socket shut at the deadline looks like a stream that broke off.
            if watch.has_fired or time.monotonic() >= end:
                raise LlmCallError("it was not done by the deadline", "late") from None
            raise from_exception(error) from None

    def _body(
        self, messages: Sequence[ChatMessage], stream: bool, extra: dict[str, Any]
    ) -> dict[str, Any]:
        return {
            "model": self.model,
            "messages": [{"role": m.role.value, "content": m.content or ""} for m in messages],
            "temperature": self.temperature,
            "max_tokens": self.max_output_tokens,
            "stream": stream,
            **extra,
        }

    @contextmanager
    def _posted(
        self, body: dict[str, Any], end: float, watch: _SocketWatch
    ) -> Iterator[httpx.Response]:
        wait = max(0.001, min(self.timeout_seconds, end - time.monotonic()))
        key = self.api_key.get_secret_value()
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        url = f"{self.base_url}/chat/completions"
        local = httpx.URL(url).host in ("localhost", "127.0.0.1", "::1")
        verify: Any = _tls() if url.startswith("https") else False
        with (
            httpx.Client(verify=verify, timeout=wait, trust_env=not local) as client,
            client.stream(
                "POST", url, json=body, headers=headers, extensions={"trace": watch.note}
            ) as response,
        ):
            yield response

    def _streamed(self, response: httpx.Response) -> Iterator[tuple[str, str | None]]:
        finish, total = None, 0
        for data in _events(response):
            if data == "[DONE]":
                if finish is None:
                    raise LlmCallError("its stream ended without saying why", "broken_off")
                return
            piece, reason = _delta(data)
            finish, total = reason or finish, total + len(piece)
            if total > self.max_answer_chars:
                yield piece[: len(piece) - (total - self.max_answer_chars)], "length"
                return
            yield piece, reason
        raise LlmCallError("its stream broke off", "broken_off")


class _SocketWatch:
    """Shuts a call's socket down at the deadline, whatever the reading thread is doing."""

    def __init__(self, end: float) -> None:
        self.has_fired = False
        self._socket: Any = None
        self._timer = threading.Timer(max(0.0, end - time.monotonic()), self._fire)
        self._timer.daemon = True

    def note(self, name: str, info: dict[str, Any]) -> None:
        """httpcore's trace hook: remember the socket once it is connected."""
        if name in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            self._socket = info["return_value"].get_extra_info("socket")
            if self.has_fired:
                self._fire()

    def __enter__(self) -> _SocketWatch:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    def _fire(self) -> None:
        self.has_fired = True
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(2)


@cache
def _tls() -> ssl.SSLContext:
    return httpx.create_ssl_context()


def _response(text: str, piece: str, finish: str | None) -> ChatResponse:
    message = ChatMessage(role=MessageRole.ASSISTANT, content=text)
    return ChatResponse(message=message, delta=piece, raw={"finish_reason": finish})


def _read_capped(response: httpx.Response, limit: int) -> str:
    parts, size = [], 0
    for part in response.iter_text():
        parts.append(part)
        size += len(part)
        if size > limit:
            break
    return "".join(parts)[:limit]


def _events(response: httpx.Response) -> Iterator[str]:
    """The data of the server-sent events; comments and other fields are passed over."""
    rest = ""
    for part in response.iter_text():
        lines = (rest + part).split("\n")
        rest = lines.pop()
        if len(rest) > _MAX_LINE_CHARS:
            raise LlmCallError("one line of its stream was too long", "garbled")
        for line in lines:
            if line.startswith("data:"):
                yield line[5:].strip()
    if rest.startswith("data:"):
        yield rest[5:].strip()


def _delta(data: str) -> tuple[str, str | None]:
    record = _record(data)
    choices = record.get("choices")
    if choices == [] and record.get("usage"):
        return "", None
    choice = _choice(record)
    piece = (choice.get("delta") or {}).get("content") or ""
    return _text(piece), choice.get("finish_reason")


def _whole(body: str) -> tuple[str, str | None]:
    choice = _choice(_record(body))
    text = _text((choice.get("message") or {}).get("content") or "")
    if choice.get("finish_reason") is None:
        raise LlmCallError("its answer did not say that it was finished", "broken_off")
    return text, choice["finish_reason"]


def _record(data: str) -> dict[str, Any]:
    try:
        record = json.loads(data)
    except ValueError:
        raise LlmCallError("its answer was no valid JSON", "garbled") from None
    if not isinstance(record, dict):
        raise LlmCallError("its answer was no JSON object", "garbled")
    if record.get("error"):
        raise LlmCallError("it reported an error in place of an answer", "broken_off")
    return record


def _choice(record: dict[str, Any]) -> dict[str, Any]:
    choices = record.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        raise LlmCallError("its answer held no choices", "garbled")
    choice: dict[str, Any] = choices[0]
    return choice


def _text(content: Any) -> str:
    if not isinstance(content, str):
        raise LlmCallError("its answer held no text", "garbled")
    return content
