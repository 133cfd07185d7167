"""Hands a browser its own conversation as a file: `/conversation.md` and `/conversation.json`."""

from __future__ import annotations

from fastapi import APIRouter, Cookie, HTTPException, Query
from fastapi.responses import Response

from ui.export import answer_markdown, as_json, as_markdown
from ui.sessions import COOKIE, Conversation, Conversations, is_session


def download_routes(conversations: Conversations) -> APIRouter:
    """The routes; each finds the conversation by the session cookie."""
    router = APIRouter(include_in_schema=False)

    def found(session: str) -> Conversation:
        conversation = conversations.peek(session) if is_session(session) else None
        if conversation is None or not conversation.turns:
            raise HTTPException(404, "There is no conversation to save yet.")
        return conversation

    @router.get("/conversation.md")
    def markdown(
        session: str = Cookie("", alias=COOKIE), turn: int | None = Query(None, ge=1)
    ) -> Response:
        turns = found(session).turns
        if turn is None:
            return _file(as_markdown(turns), "text/markdown", "conversation.md")
        answer = next((each.answer for each in turns if each.number == turn), None)
        if answer is None:
            raise HTTPException(404, "There is no such answer.")
        return Response(answer_markdown(answer), media_type="text/markdown; charset=utf-8")

    @router.get("/conversation.json")
    def as_data(session: str = Cookie("", alias=COOKIE)) -> Response:
        return _file(as_json(found(session).turns), "application/json", "conversation.json")

    return router


def _file(text: str, media_type: str, name: str) -> Response:
    return Response(
        text,
        media_type=f"{media_type}; charset=utf-8",
        headers={"content-disposition": f'attachment; filename="{name}"'},
    )
