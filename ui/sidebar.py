"""What happens when documents are listed, added, removed or indexed, and when a model is tried."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from rag.index import Progress
from ui import render
from ui.library import Library
from ui.modeltest import try_model
from ui.workspace import CORPUS, UPLOADS, Workspace


class SidebarHandlers:
    """The handlers of the sidebar."""

    def __init__(self, workspace: Workspace, library: Library) -> None:
        self._workspace = workspace
        self._library = library

    def list_documents(self, collection: str) -> Any:
        """The documents of a collection, all of them chosen."""
        choices = self._library.choices(_known(collection))
        return gr.update(choices=choices, value=[path for _, path in choices])

    def add_files(
        self,
        files: list[str] | None,
        progress: gr.Progress = gr.Progress(),  # noqa: B008 - how Gradio hands it over
    ) -> tuple[Any, ...]:
        """Add what the browser has sent, then search in the added files."""
        paths = [(Path(each), Path(each).name) for each in files or []]
        said = self._library.add(paths, _telling(progress))
        return (None, UPLOADS, *self._listed(UPLOADS, said))

    def remove_file(self, name: str | None, collection: str) -> tuple[Any, ...]:
        """Remove an added file."""
        said = self._library.remove(name if isinstance(name, str) else "")
        return self._listed(_known(collection), said)

    def reindex(
        self,
        collection: str,
        progress: gr.Progress = gr.Progress(),  # noqa: B008 - how Gradio hands it over
    ) -> tuple[Any, ...]:
        """Bring the index in line with the folder."""
        said = self._library.reindex(_known(collection), _telling(progress))
        return self._listed(_known(collection), said)

    def test_model(self, model: str) -> str:
        """Say whether the chosen model answers."""
        choices = self._workspace.choices(model, 1, "")
        return render.notice(try_model(choices.applied_to(self._workspace.settings).llm))

    def _listed(self, collection: str, said: str) -> tuple[Any, Any, str]:
        added = gr.update(choices=self._library.added(), value=None)
        return self.list_documents(collection), added, said


def _known(collection: str) -> str:
    return UPLOADS if collection == UPLOADS else CORPUS


def _telling(progress: gr.Progress) -> Progress:
    def tell(stage: str, done: int, total: int) -> None:
        progress((done, max(total, 1)), desc=stage)

    return tell
