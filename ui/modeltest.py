"""Tells whether the chosen language model answers."""

from __future__ import annotations

from rag.errors import RagError
from rag.llms import redacted
from rag.settings import LlmSettings
from rag.trial import try_llm

_MAX_SHOWN_CHARS = 80


def try_model(settings: LlmSettings) -> str:
    """One sentence: the model answered within so many seconds, or why it did not.

    It takes at most `settings.deadline_seconds`.
    """
    try:
        trial = try_llm(settings)
    except RagError as error:
        said = redacted(str(error), settings).rstrip(".")
        return f"{settings.model} did not answer: {said}."
    if trial is None:
        return "No language model is used: answers are quoted from the articles."
    return f"{settings.model} answered “{trial.reply[:_MAX_SHOWN_CHARS]}” in {trial.seconds:.1f} s."
