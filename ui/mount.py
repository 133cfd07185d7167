"""Mounts the Gradio page in the app, locked down, and checks that the lock holds."""

from __future__ import annotations

import asyncio
from pathlib import Path

import gradio as gr
from fastapi import FastAPI
from gradio import processing_utils
from gradio.context import LocalContext
from gradio.exceptions import InvalidPathError

from rag.errors import RagError
from rag.settings import ServerSettings
from ui.assets import SCRIPT, STYLES
from ui.page import build_page
from ui.sessions import Conversations
from ui.theme import theme
from ui.workspace import Workspace


def mount_page(app: FastAPI, workspace: Workspace, conversations: Conversations) -> None:
    """Mount the page at `/`. Raises RagError when a server path in a message is not refused."""
    # Without a running event loop Gradio makes several while it is set up and leaves them open.
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        asyncio.run(_mount_in_loop(app, workspace, conversations))
    else:
        _mount(app, workspace, conversations)


async def _mount_in_loop(app: FastAPI, workspace: Workspace, conversations: Conversations) -> None:
    _mount(app, workspace, conversations)


def _mount(app: FastAPI, workspace: Workspace, conversations: Conversations) -> None:
    settings = workspace.settings
    page = build_page(workspace, conversations)
    page.queue(max_size=128, api_open=False, default_concurrency_limit=16)
    page.state_session_capacity = 256
    gr.mount_gradio_app(
        app, page, path="/", server_name=settings.server.host, server_port=settings.server.port,
        theme=theme(), head=STYLES + SCRIPT, footer_links=[], run_history=False, show_error=False,
        allowed_paths=[], blocked_paths=_blocked(workspace),
        max_file_size=f"{settings.server.max_upload_mb}mb", ssr_mode=False,
        enable_monitoring=False, mcp_server=False, pwa=False,
    )  # fmt: skip
    # Gradio checks the paths in messages only once it believes the page was launched, which
    # mounting alone does not tell it.
    page.has_launched = True
    _check_paths_are_refused(page)


def _blocked(workspace: Workspace) -> list[str]:
    server: ServerSettings = workspace.settings.server
    places = [
        workspace.settings.storage.path,
        workspace.pipeline().corpus,
        server.feedback.parent,
        Path(__file__).parent.parent / "rag",
    ]
    return [str(place.expanduser().resolve()) for place in places]


def _check_paths_are_refused(page: gr.Blocks) -> None:
    message = {"path": __file__, "meta": {"_type": "gradio.FileData"}}
    token = LocalContext.blocks.set(page)
    try:
        block = next(iter(page.blocks.values()))
        processing_utils.move_files_to_cache(message, block, check_in_upload_folder=True)
    except InvalidPathError:
        return
    finally:
        LocalContext.blocks.reset(token)
    raise RagError(
        "The page would hand out files of the server, so it is not served. "
        f"Install the gradio release named in requirements.lock (found {gr.__version__})."
    )
