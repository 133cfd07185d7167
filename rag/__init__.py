"""Footnote: answers about a folder of documents, every sentence with an exact citation.

    import rag
    answer = rag.query("who led the US delegation?")

Names are imported when first used, so that `import rag` costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rag.api import query
    from rag.chat import Chat
    from rag.errors import RagError
    from rag.pipeline import Pipeline
    from rag.settings import RagSettings, load_settings
    from rag.types import Answer, Citation, Event, Filters

_HOMES = {
    "query": "rag.api",
    "Chat": "rag.chat",
    "RagError": "rag.errors",
    "Pipeline": "rag.pipeline",
    "RagSettings": "rag.settings",
    "load_settings": "rag.settings",
    "Answer": "rag.types",
    "Citation": "rag.types",
    "Event": "rag.types",
    "Filters": "rag.types",
}
__all__ = [
    "Answer", "Chat", "Citation", "Event", "Filters", "Pipeline", "RagError", "RagSettings",
    "load_settings", "query",
]  # fmt: skip
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'rag' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
