"""The collections a page can search, and the pipelines opened over them.

One index is opened once and shared by every session. A session that chose another model or number
of sources gets a pipeline with those settings over the same index; a handful are kept.
"""

from __future__ import annotations

import contextlib
import os
import re
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from rag.errors import CorpusError, RagError
from rag.settings import ENV_PREFIX, RagSettings
from rag.types import Document
from ui.exposure import is_loopback
from ui.uploads import UploadFolder

if TYPE_CHECKING:
    from pathlib import Path

    from rag.pipeline import Pipeline

CORPUS = ""
UPLOADS = "uploads"
NO_MODEL = "none"
_VARIANTS = 4
_MODEL = re.compile(r"[a-z_-]{2,30}:[\w./:+-]{1,120}", re.ASCII)


@dataclass(frozen=True)
class Choices:
    """What a session may set for itself."""

    model: str
    max_sources: int
    unsupported: Literal["drop", "show"]

    @classmethod
    def of(cls, settings: RagSettings) -> Choices:
        """The choices that `settings` make."""
        answering = settings.answering
        return cls(settings.llm.model, answering.max_sentences, answering.unsupported)

    def applied_to(self, settings: RagSettings) -> RagSettings:
        """`settings` with these choices. Raises SettingsError when one is out of range."""
        return settings.override(
            llm={"model": self.model},
            answering={"max_sentences": self.max_sources, "unsupported": self.unsupported},
        )


class Workspace:
    """The served corpus and, when uploads are enabled, the folder of added files."""

    def __init__(self, pipeline: Pipeline, settings: RagSettings) -> None:
        self.settings = settings
        self.uploads = UploadFolder.under(settings, pipeline.corpus)
        self._main = pipeline
        self._added: Pipeline | None = None
        self._variants: OrderedDict[tuple[str, Choices], Pipeline] = OrderedDict()
        self._lock = threading.RLock()
        self._slots = threading.BoundedSemaphore(2 * (os.cpu_count() or 2))

    def pipeline(self, collection: str = CORPUS, choices: Choices | None = None) -> Pipeline:
        """The pipeline over `collection`. Raises CorpusError when nothing has been added yet."""
        base = self._main if collection == CORPUS else self._uploaded(collection)
        if choices is None or choices == Choices.of(self.settings):
            return base
        key = (collection, choices)
        with self._lock:
            if key not in self._variants:
                settings = choices.applied_to(self.settings)
                self._variants[key] = self._open(base.corpus, settings)
                while len(self._variants) > _VARIANTS:
                    self._variants.popitem(last=False)
            self._variants.move_to_end(key)
            return self._variants[key]

    @property
    def models_are_free(self) -> bool:
        """True when a reader may name a model: on a page that only its own machine reaches."""
        return is_loopback(self.settings.server.host) and not variable_that_sets("llm", "model")

    def choices(self, model: str, max_sources: float, unsupported: str) -> Choices:
        """What a reader chose, where it is theirs to choose; what the settings say elsewhere."""
        now = Choices.of(self.settings)
        named = isinstance(model, str) and bool(_MODEL.fullmatch(model))
        if model == now.model or not (model == NO_MODEL or (named and self.models_are_free)):
            model = now.model
        if variable_that_sets("llm", "model"):
            model = now.model
        if variable_that_sets("answering", "max_sentences") or not 1 <= max_sources <= 10:
            max_sources = now.max_sources
        if variable_that_sets("answering", "unsupported"):
            unsupported = now.unsupported
        return Choices(model, int(max_sources), "show" if unsupported == "show" else "drop")

    def slot(self) -> contextlib.AbstractContextManager[object]:
        """Held while an answer is computed: beyond a few at once each only takes more memory.

        A language model is waited for, not computed here, so with one there is no limit.
        """
        return self._slots if self.settings.llm.model == NO_MODEL else contextlib.nullcontext()

    def documents(self, collection: str = CORPUS) -> list[Document]:
        """Documents of `collection`, none when nothing has been added yet."""
        try:
            return self.pipeline(collection).documents()
        except CorpusError:
            return []

    def find(self, path: str, collection: str = CORPUS) -> Document | None:
        """The document at `path`, or None when it has gone."""
        try:
            return self.pipeline(collection).document(path)
        except RagError:
            return None

    def notices(self) -> tuple[str, ...]:
        """What is degraded for everybody, as sentences."""
        return tuple(self._main.status().notices)

    def is_ready(self) -> bool:
        """True when the index can be read and holds documents."""
        try:
            return self._main.status().documents > 0
        except RagError:
            return False

    def refresh_uploads(self) -> dict[str, str]:
        """Index what was added or removed; the files that cannot be read, with the reason."""
        if self.uploads is None:
            return {}
        with self._lock:
            self._variants = OrderedDict(
                (key, each) for key, each in self._variants.items() if key[0] != UPLOADS
            )
            if not self.uploads.files():
                self._close_uploaded()
                return {}
            try:
                pipeline = self._uploaded(UPLOADS)
                pipeline.sync()
            except CorpusError as error:
                self._close_uploaded()
                return {path: str(error) for path in self.uploads.files()}
            return dict(pipeline.status().failed)

    def close(self) -> None:
        """Close what this workspace opened itself."""
        with self._lock:
            self._close_uploaded()
            for each in self._variants.values():
                each.close()
            self._variants.clear()

    def _uploaded(self, collection: str) -> Pipeline:
        if collection != UPLOADS or self.uploads is None:
            raise CorpusError("No such collection.")
        with self._lock:
            if self._added is None:
                if not self.uploads.files():
                    raise CorpusError("No files have been added yet. Add one under Documents.")
                self._added = self._open(self.uploads.folder, self.settings)
            return self._added

    def _close_uploaded(self) -> None:
        if self._added is not None:
            self._added.close()
            self._added = None

    def _open(self, corpus: Path, settings: RagSettings) -> Pipeline:
        return type(self._main).open(corpus, settings, encoder=self._main.encoder)


def variable_that_sets(section: str, field: str) -> str:
    """The environment variable that sets this field, empty when none does."""
    name = f"{ENV_PREFIX}{section}__{field}".upper()
    return name if os.environ.get(name) is not None else ""
