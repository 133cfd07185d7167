"""Shows a whole article with one span highlighted and its boilerplate greyed.

`GET /article?document=…&start=…&end=…` is a page of its own, and with `part=1` the fragment that
the chat page puts beside the conversation.
"""

from __future__ import annotations

from fastapi import APIRouter, HTTPException, Query
from fastapi.responses import HTMLResponse

from rag.errors import RagError
from rag.types import Document, Span
from ui.assets import STYLES
from ui.markup import clean, escape
from ui.passages import Piece, paragraphs
from ui.wording import byline, headline, length_in_words, plural
from ui.workspace import Workspace

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} · Footnote</title>{styles}
</head><body class="fn-page"><main>{body}</main></body></html>"""


def article(document: Document, mark: Span | None) -> str:
    """The article as a cleaned fragment; the highlighted span has the id `cited`."""
    meta = document.metadata
    source = byline(meta.outlet, meta.published)
    facts = [source, meta.author, plural(length_in_words(document), "word")]
    text = "".join(f"<p>{_paragraph(pieces)}</p>" for pieces in paragraphs(document, mark))
    text = text.replace("<mark>", '<mark id="cited" tabindex="-1">', 1)
    return clean(
        f'<article class="fn-article"><header><p class="fn-outlet">'
        f"{escape(' · '.join(fact for fact in facts if fact))}</p>"
        f"<h2>{escape(headline(meta, document.path))}</h2></header>"
        f'<div class="fn-text">{text}</div></article>'
    )


def article_routes(workspace: Workspace) -> APIRouter:
    """The route of the article page."""
    router = APIRouter(include_in_schema=False)

    @router.get("/article", response_class=HTMLResponse)
    def show(
        document: str = Query(max_length=1000),
        start: int = Query(0, ge=0),
        end: int = Query(0, ge=0),
        collection: str = Query("", alias="in", max_length=40),
        part: bool = False,
    ) -> str:
        try:
            found = workspace.pipeline(collection).document(document)
        except RagError as error:
            raise HTTPException(404, "No such document.") from error
        if found.path != document:
            raise HTTPException(404, "No such document.")
        mark = Span(start, end) if start < end <= len(found.text) else None
        body = article(found, mark)
        return (
            body
            if part
            else PAGE.format(
                styles=STYLES, title=escape(headline(found.metadata, found.path)), body=body
            )
        )

    return router


def _paragraph(pieces: list[Piece]) -> str:
    return "".join(_piece(piece) for piece in pieces)


def _piece(piece: Piece) -> str:
    text = escape(piece.text) if piece.text.strip() else " "
    if piece.is_marked:
        return f"<mark>{text}</mark>"
    return text if piece.is_kept else f'<span class="fn-boiler">{text}</span>'
