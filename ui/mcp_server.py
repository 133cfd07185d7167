"""The MCP tool `ask`: over HTTP at /mcp of the server, or over standard input and output.

    python -m ui.mcp_server [FOLDER]

Needs the extra `mcp` (pip install 'footnote-rag[mcp]').
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import AsyncIterator
from typing import Any

from fastapi import FastAPI
from mcp.server import MCPServer
from mcp.server.transport_security import TransportSecuritySettings

from rag.errors import RagError
from ui.workspace import Workspace

INSTRUCTIONS = (
    "Answers questions about the served documents. Every sentence of an answer cites the exact "
    "passage it rests on; when the documents do not say, the answer abstains."
)


def build_mcp(workspace: Workspace) -> MCPServer[Any]:
    """An MCP server with the tool `ask`."""
    server: MCPServer[Any] = MCPServer("footnote", instructions=INSTRUCTIONS, log_level="WARNING")

    @server.tool()
    def ask(question: str) -> dict[str, Any]:
        """Answer a question from the documents, with citations, or abstain.

        Returns the answer's text with [1] markers, `abstained`, and `citations` with the quoted
        passage, document, title, outlet, date and character offsets of each.
        """
        try:
            with workspace.slot():
                answer = workspace.pipeline().ask(question)
        except RagError as error:
            return {"error": str(error)}
        told = answer.to_dict()
        return {
            name: told[name] for name in ("text", "abstained", "citations", "nearest", "agreement")
        }

    return server


def mount_mcp(app: FastAPI, workspace: Workspace) -> None:
    """Serve the tool at /mcp, without sessions; host and origin are checked by the app."""
    server = build_mcp(workspace)
    inner = server.streamable_http_app(
        streamable_http_path="/", stateless_http=True, json_response=True,
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
    )  # fmt: skip
    app.mount("/mcp", inner)
    before = app.router.lifespan_context

    @contextlib.asynccontextmanager
    async def lifespan(outer: FastAPI) -> AsyncIterator[Any]:
        async with before(outer) as state, server.session_manager.run():
            yield state

    app.router.lifespan_context = lifespan


def main() -> int:
    """Serve the tool on standard input and output; the exit code."""
    from rag.pipeline import Pipeline
    from rag.settings import load_settings

    try:
        settings = load_settings()
        pipeline = Pipeline.open(sys.argv[1] if len(sys.argv) > 1 else None, settings)
    except RagError as error:
        print(error, file=sys.stderr)
        return 2
    build_mcp(Workspace(pipeline, settings)).run("stdio")
    return 0


if __name__ == "__main__":
    sys.exit(main())
