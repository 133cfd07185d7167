"""`POST /api/query`: a question in, `Answer.to_dict()` out, as JSON or as server-sent events."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Header, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from rag.errors import LlmError, QuestionError, RagError, StoreError
from rag.types import Event, Filters
from ui.workspace import CORPUS, Workspace

LOG = logging.getLogger(__name__)
EVENT_STREAM = "text/event-stream"
STREAM_HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}


class QueryFilters(BaseModel):
    """Which documents to answer from; empty fields do not restrict."""

    model_config = ConfigDict(extra="forbid")

    documents: list[str] = Field([], max_length=5000)
    outlets: list[str] = Field([], max_length=500)
    published_from: str = Field("", pattern=r"^(\d{4}-\d{2}-\d{2})?$")
    published_to: str = Field("", pattern=r"^(\d{4}-\d{2}-\d{2})?$")

    def as_filters(self) -> Filters:
        """The same as the pipeline takes it."""
        return Filters(
            tuple(self.documents), tuple(self.outlets), self.published_from, self.published_to
        )


class Query(BaseModel):
    """A question."""

    model_config = ConfigDict(extra="forbid")

    question: str = Field(min_length=1, max_length=4000, examples=["Who led the delegation?"])
    filters: QueryFilters = QueryFilters()
    collection: str = Field(CORPUS, max_length=40, description="empty: the served folder; uploads")
    stream: bool = Field(False, description="answer as server-sent events")


def api_routes(workspace: Workspace) -> APIRouter:
    """The routes below /api."""
    router = APIRouter(prefix="/api", tags=["questions"])

    @router.post("/query", response_model=None, responses={
        200: {"description": "The answer (Answer.to_dict()), or events ending with `done`."},
        422: {"description": "The question is empty, too long or malformed."},
    })  # fmt: skip
    def query(body: Query, accept: str = Header("", include_in_schema=False)) -> Response:
        """Answer a question, every sentence with its citation, or decline."""
        filters = body.filters.as_filters()
        try:
            pipeline = workspace.pipeline(body.collection)
            if body.stream or EVENT_STREAM in accept:
                events = pipeline.stream(body.question, filters=filters)
                return StreamingResponse(
                    _as_events(events, workspace.slot()),
                    media_type=EVENT_STREAM,
                    headers=STREAM_HEADERS,
                )
            with workspace.slot():
                return JSONResponse(pipeline.ask(body.question, filters=filters).to_dict())
        except RagError as error:
            return error_response(error)

    @router.get("/documents")
    def documents(request: Request) -> list[dict[str, Any]]:
        """The documents of the served folder: path, title, outlet, date."""
        del request
        return [{"document": each.path, **asdict(each.metadata)} for each in workspace.documents()]

    return router


def error_response(error: RagError) -> JSONResponse:
    """An error as JSON: what happened and what to do."""
    status = 503 if isinstance(error, StoreError | LlmError) else 404
    if isinstance(error, QuestionError):
        status = 422
    body = {"error": {"message": str(error), "type": type(error).__name__, "code": status}}
    return JSONResponse(body, status)


def event_data(event: Event) -> dict[str, Any]:
    """What an event carries, without the fields it leaves empty."""
    return {name: value for name, value in asdict(event).items() if value and name != "kind"}


def _as_events(events: Iterator[Event], slot: AbstractContextManager[object]) -> Iterator[str]:
    try:
        # Held for a step at a time, never across one: a client that reads slowly blocks nobody.
        while True:
            with slot:
                event = next(events, None)
            if event is None:
                return
            data = json.dumps(event_data(event), ensure_ascii=False)
            yield f"event: {event.kind}\ndata: {data}\n\n"
    except RagError as error:
        yield f"event: error\ndata: {json.dumps({'message': str(error)})}\n\n"
    except Exception:
        LOG.exception("streaming an answer failed")
        yield 'event: error\ndata: {"message": "Something went wrong on the server."}\n\n'
