"""`rag.query`: one question, one answer; the index is kept open between calls."""

from __future__ import annotations

import threading
from pathlib import Path

from rag.pipeline import Pipeline, default_corpus
from rag.settings import RagSettings, load_settings
from rag.types import Answer, Filters

_MOST_OPEN = 4
_open: dict[tuple[Path, RagSettings], Pipeline] = {}
_guard = threading.Lock()


def query(
    question: str,
    corpus: Path | str | None = None,
    settings: RagSettings | None = None,
    *,
    filters: Filters = Filters(),
) -> Answer:
    """Answer `question` about a folder (default: seeds/), building or refreshing its index first.

    Raises RagError subclasses: QuestionError, CorpusError, SettingsError, StoreError.
    """
    return shared_pipeline(corpus, settings).ask(question, filters=filters)


def shared_pipeline(
    corpus: Path | str | None = None, settings: RagSettings | None = None
) -> Pipeline:
    """The pipeline of this process for a folder and settings, opened at first use."""
    chosen = settings or load_settings()
    key = (Path(corpus or default_corpus()).expanduser().resolve(), chosen)
    with _guard:
        if key not in _open:
            pipeline = Pipeline(corpus, chosen)
            while len(_open) >= _MOST_OPEN:
                _open.pop(next(iter(_open))).close()
            _open[key] = pipeline
        return _open[key]
