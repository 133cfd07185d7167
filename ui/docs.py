"""`/docs`: the HTTP interface on one page that needs no script and no other server."""

from __future__ import annotations

import html
import json

from fastapi import APIRouter, FastAPI
from fastapi.responses import HTMLResponse

from ui.assets import STYLES

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Footnote: the HTTP interface</title>
{styles}</head>
<body class="fn-page"><main class="fn-docs"><h1>The HTTP interface</h1>
<p>Described for machines in <a href="/openapi.json">openapi.json</a>. When the server has a
token, send it as <code>Authorization: Bearer …</code>.</p>{routes}</main></body></html>"""


def docs_routes(app: FastAPI) -> APIRouter:
    """The route of the page; it lists what `app` describes of itself."""
    router = APIRouter(include_in_schema=False)

    @router.get("/docs", response_class=HTMLResponse)
    def docs() -> str:
        schema = app.openapi()
        routes = [
            _route(method, path, told, schema)
            for path, methods in schema["paths"].items()
            for method, told in methods.items()
        ]
        return PAGE.replace("{styles}", STYLES).replace("{routes}", "".join(routes))

    return router


def _route(method: str, path: str, told: dict[str, object], schema: dict[str, object]) -> str:
    text = html.escape(str(told.get("description", "")))
    body = _body(told, schema)
    fields = "".join(
        f"<dt><code>{html.escape(name)}</code></dt><dd>{html.escape(_kind(field))}</dd>"
        for name, field in body.items()
    )
    heading = f"<h2><code>{method.upper()} {html.escape(path)}</code></h2>"
    return f"<section>{heading}<p>{text}</p>{f'<dl>{fields}</dl>' if fields else ''}</section>"


def _body(told: dict[str, object], schema: dict[str, object]) -> dict[str, dict[str, object]]:
    found = json.dumps(told.get("requestBody", {}))
    components = schema.get("components", {}).get("schemas", {})  # type: ignore[attr-defined]
    for name, component in components.items():
        if f'schemas/{name}"' in found:
            fields: dict[str, dict[str, object]] = component.get("properties", {})
            return fields
    return {}


def _kind(field: dict[str, object]) -> str:
    kind = str(field.get("type", field.get("$ref", "any"))).rpartition("/")[2]
    return ": ".join(part for part in (kind, str(field.get("description", ""))) if part)
