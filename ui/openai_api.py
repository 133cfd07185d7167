"""`/v1/chat/completions` and `/v1/models` in OpenAI's format, so that its clients work unchanged.

The last user message is the question, the ones before it the conversation. The text carries the
citations as footnotes; the whole answer is in the extra field `footnote`.
"""

from __future__ import annotations

import json
import logging
import time
import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import BaseModel, Field

from rag.errors import QuestionError, RagError
from rag.types import Answer
from ui.api import EVENT_STREAM, STREAM_HEADERS, error_response
from ui.wording import spoken_date
from ui.workspace import Workspace

if TYPE_CHECKING:
    from rag.chat import Chat

LOG = logging.getLogger(__name__)
MODEL = "footnote"
MAX_EARLIER = 3
"""Earlier questions that are gone through again to understand the last one."""


class Part(BaseModel):
    """A piece of a message's content; only text is read."""

    type: str = "text"
    text: str = Field("", max_length=20_000)


class Message(BaseModel):
    """A message of the conversation."""

    role: str
    content: str | list[Part] | None = None

    def as_text(self) -> str:
        """The message's text."""
        if isinstance(self.content, list):
            return "\n".join(part.text for part in self.content if part.type == "text").strip()
        return (self.content or "").strip()


class Completion(BaseModel):
    """A request for a completion; fields that mean nothing here are ignored."""

    model: str = MODEL
    messages: list[Message] = Field(min_length=1, max_length=200)
    stream: bool = False


def openai_routes(workspace: Workspace) -> APIRouter:
    """The routes below /v1."""
    router = APIRouter(prefix="/v1", tags=["OpenAI format"])

    @router.get("/models")
    def models() -> dict[str, Any]:
        """The one model there is."""
        return {"object": "list", "data": [_model()]}

    @router.get("/models/{name}", response_model=None)
    def model(name: str) -> Response:
        """The model by name."""
        if name != MODEL:
            message = {"message": f"There is no model {name}; use {MODEL}.", "type": "not_found"}
            return JSONResponse({"error": message}, 404)
        return JSONResponse(_model())

    @router.post("/chat/completions", response_model=None)
    def complete(body: Completion) -> Response:
        """Answer the last user message, in whole or as chunks."""
        try:
            questions = _questions(body.messages)
            with workspace.slot():
                chat = _chat(workspace, questions[:-1])
                answer = chat.ask(questions[-1])
        except RagError as error:
            return error_response(error)
        identity = {
            "id": f"chatcmpl-{uuid.uuid4().hex}", "created": int(time.time()), "model": MODEL
        }  # fmt: skip
        if body.stream:
            chunks = _chunks(identity, answer)
            return StreamingResponse(chunks, media_type=EVENT_STREAM, headers=STREAM_HEADERS)
        return JSONResponse(_whole(identity, answer))

    return router


def answer_text(answer: Answer) -> str:
    """The answer with its citations as footnotes below it."""
    notes = [
        f"[{each.number}] “{' '.join(each.quote.split())}” "
        + ", ".join(
            part
            for part in (each.title, each.outlet, spoken_date(each.published), each.document)
            if part
        )
        for each in answer.citations
    ]
    return "\n\n".join([answer.text, "\n".join(notes)]) if notes else answer.text


def _questions(messages: list[Message]) -> list[str]:
    questions = [text for each in messages if each.role == "user" and (text := each.as_text())]
    if not questions or messages[-1].role != "user":
        raise QuestionError("The last message is no question. End with a user message.")
    return questions[-MAX_EARLIER - 1 :]


def _chat(workspace: Workspace, earlier: list[str]) -> Chat:
    from rag.chat import Chat

    chat = Chat(pipeline=workspace.pipeline())
    for question in earlier:
        chat.ask(question)
    return chat


def _model() -> dict[str, Any]:
    return {"id": MODEL, "object": "model", "created": 0, "owned_by": "footnote"}


def _usage(answer: Answer) -> dict[str, int]:
    # Words: clients want numbers here, and no tokens are billed.
    asked, told = len(answer.question.split()), len(answer_text(answer).split())
    return {"prompt_tokens": asked, "completion_tokens": told, "total_tokens": asked + told}


def _whole(identity: dict[str, Any], answer: Answer) -> dict[str, Any]:
    message = {"role": "assistant", "content": answer_text(answer)}
    return {
        **identity, "object": "chat.completion", "usage": _usage(answer),
        "choices": [{"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}],
        "footnote": answer.to_dict(),
    }  # fmt: skip


def _chunks(identity: dict[str, Any], answer: Answer) -> Iterator[str]:
    def chunk(delta: dict[str, Any], finish: str | None = None, **extra: Any) -> str:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        data = {**identity, "object": "chat.completion.chunk", "choices": [choice], **extra}
        return f"data: {json.dumps(data, ensure_ascii=False)}\n\n"

    yield chunk({"role": "assistant", "content": ""})
    for line in answer_text(answer).splitlines(keepends=True):
        for words in _in_pieces(line):
            yield chunk({"content": words})
    yield chunk({}, "stop", footnote=answer.to_dict())
    yield "data: [DONE]\n\n"


def _in_pieces(text: str, size: int = 48) -> Iterator[str]:
    return (text[start : start + size] for start in range(0, len(text), size))
