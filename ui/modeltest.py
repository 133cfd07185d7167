"""Tells whether the chosen language model answers."""

from __future__ import annotations

import logging
import time

from rag.errors import RagError
from rag.llms import redacted, resolve_llm
from rag.settings import LlmSettings

LOG = logging.getLogger(__name__)


def try_model(settings: LlmSettings) -> str:
    """One sentence: the model answered within so many seconds, or why it did not."""
    started = time.perf_counter()
    try:
        model = resolve_llm(settings)
        if model is None:
            return "No language model is used: answers are quoted from the articles."
        reply = model.complete("Reply with the single word: ready")
    except RagError as error:
        return redacted(f"{settings.model} did not answer. {error}", settings)
    except Exception as error:  # noqa: BLE001 - every provider has errors of its own
        LOG.warning("the model test failed: %s", redacted(str(error), settings))
        return f"{settings.model} did not answer. Check its address and its key."
    words = " ".join(str(reply).split())[:80]
    return f"{settings.model} answered “{words}” in {time.perf_counter() - started:.1f} s."
