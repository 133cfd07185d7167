"""The server: the chat page, the HTTP interface and the article page in one FastAPI app.

`create_app` takes an open pipeline; `serve` runs the app until it is interrupted.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

# Read by gradio and by the hub's client when they are imported.
os.environ.update(
    GRADIO_ANALYTICS_ENABLED="False",
    GRADIO_SHARE="False",
    GRADIO_MCP_SERVER="False",
    # Statistics for a page that is turned off, made with pandas after every single event.
    GRADIO_ANALYTICS_CACHE_FREQUENCY=str(10**9),
    HF_HUB_DISABLE_TELEMETRY="1",
    HF_HUB_OFFLINE="1",
)

from fastapi import APIRouter, FastAPI, Response
from fastapi.middleware.cors import CORSMiddleware
from fastapi.staticfiles import StaticFiles
from starlette.middleware.trustedhost import TrustedHostMiddleware

from rag.errors import SettingsError
from rag.settings import RagSettings, ServerSettings
from ui.assets import STATIC, STATIC_PATH
from ui.exposure import allowed_hosts, check_exposure, is_loopback
from ui.security import Gate, RateLimit
from ui.sessions import Conversations
from ui.workspace import Workspace

if TYPE_CHECKING:
    from rag.pipeline import Pipeline


def create_app(pipeline: Pipeline, settings: RagSettings) -> FastAPI:
    """The app over an open pipeline. Raises SettingsError for settings that would be unsafe."""
    from ui.api import api_routes
    from ui.article import article_routes
    from ui.docs import docs_routes
    from ui.downloads import download_routes
    from ui.mount import mount_page
    from ui.openai_api import openai_routes

    check_exposure(settings.server)
    _receive_files_in_private()
    workspace = Workspace(pipeline, settings)
    conversations = Conversations()
    limit = RateLimit(settings.server.requests_per_minute)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        conversations.stop_all()
        workspace.close()

    app = FastAPI(
        title="Footnote",
        version="0.1.0",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        summary="Answers about a folder of documents, every sentence with an exact citation.",
    )
    app.include_router(_health_routes(workspace))
    app.include_router(api_routes(workspace))
    app.include_router(openai_routes(workspace))
    app.include_router(article_routes(workspace))
    app.include_router(download_routes(conversations))
    app.include_router(docs_routes(app))
    app.mount(STATIC_PATH, StaticFiles(directory=STATIC), name="footnote-static")
    _mount_mcp(app, workspace)
    mount_page(app, workspace, conversations)
    # The last one added is the outermost. An empty list of origins: no other site may read.
    app.add_middleware(CORSMiddleware, allow_origins=[])
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=allowed_hosts(settings.server))
    app.add_middleware(Gate, settings=settings.server, limit=limit)
    return app


def serve(pipeline: Pipeline, settings: RagSettings) -> None:
    """Serve until interrupted. Raises SettingsError when the address cannot be used."""
    import uvicorn

    check_exposure(settings.server)
    listener = _listen(settings.server)
    app = create_app(pipeline, settings)
    config = uvicorn.Config(
        app,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=3,
        limit_concurrency=512,
    )
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    print(f"Footnote is at http://{shown}:{port}/ (stop it with Ctrl+C)", flush=True)
    if not is_loopback(settings.server.host):
        print(
            "Anyone who can reach this address and has the password can read the documents. "
            "Passwords travel in clear without TLS: put a proxy with TLS in front.",
            file=sys.stderr,
        )
    try:
        with contextlib.suppress(KeyboardInterrupt):
            uvicorn.Server(config).run(sockets=[listener])
    finally:
        listener.close()
        pipeline.close()


def _listen(server: ServerSettings) -> socket.socket:
    family = socket.AF_INET6 if ":" in server.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((server.host, server.port))
    except OSError as error:
        listener.close()
        raise SettingsError(
            f"{server.host}:{server.port} cannot be listened on ({error.strerror}). "
            "Choose another port with --port, or 0 for any free one."
        ) from error
    listener.listen(128)
    listener.set_inheritable(True)
    return listener


def _receive_files_in_private() -> None:
    """Let Gradio keep what browsers send in a folder of this process alone, gone at its end."""
    if "GRADIO_TEMP_DIR" not in os.environ:
        folder = tempfile.mkdtemp(prefix="footnote-")
        os.environ["GRADIO_TEMP_DIR"] = folder
        atexit.register(shutil.rmtree, folder, ignore_errors=True)


def _health_routes(workspace: Workspace) -> APIRouter:
    router = APIRouter(tags=["health"])

    @router.get("/healthz")
    def healthz() -> dict[str, str]:
        """The process answers."""
        return {"status": "ok"}

    @router.get("/readyz")
    def readyz(response: Response) -> dict[str, str]:
        """The index is open and holds documents (503 until it does)."""
        if workspace.is_ready():
            return {"status": "ready"}
        response.status_code = 503
        return {"status": "not ready"}

    return router


def _mount_mcp(app: FastAPI, workspace: Workspace) -> None:
    """The `ask` tool at /mcp, when the `mcp` extra is installed."""
    try:
        from ui.mcp_server import mount_mcp
    except ModuleNotFoundError:
        return
    mount_mcp(app, workspace)
