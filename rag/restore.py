"""Saved answers back to life: read from JSON, their citations checked against the sources.

A citation is cut anew from its document: at the same place, or where its quote now stands when
that is one place only. What no longer resolves is left out, its sentence is no longer called
supported, and the turn says in one sentence what happened to its sources.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from rag.answer.cite import make_citation, make_passage
from rag.errors import CorpusError, RagError
from rag.types import Agreement, Answer, AnswerSentence, Citation, Document, Passage, Span

Lookup = Callable[[str], Document]
"""Path to document; raises CorpusError for an unknown one."""
Fate = Literal["kept", "moved", "changed", "gone"]


def read_turns(text: str) -> list[Answer]:
    """The answers of a saved conversation. Raises RagError when `text` does not hold one."""
    try:
        data = json.loads(text)
        if not isinstance(data, dict) or data.get("format") != "footnote-chat":
            raise ValueError("its format is not footnote-chat")
        if data.get("version") != 1:
            raise ValueError(f"its version is {data.get('version')!r}, only 1 is known")
        return TypeAdapter(list[Answer]).validate_python(data.get("turns"))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise RagError(_refusal(f"turns.{where}: {first['msg']}")) from error
    except (ValueError, RecursionError) as error:
        raise RagError(_refusal(str(error))) from error


def restored(turn: Answer, lookup: Lookup) -> Answer:
    """`turn` with the citations and passages that still resolve, and a notice for the others."""
    fates: dict[str, Fate] = {}
    kept: list[Citation] = []
    for citation in turn.citations:
        document, span = _resolved(citation, lookup, fates)
        if document and span:
            kept.append(make_citation(citation.number, document, span))
    nearest = []
    for passage in turn.nearest:
        document, span = _resolved(passage, lookup, fates)
        if document and span:
            nearest.append(make_passage(document, span, passage.score))
    lost = {c.number for c in turn.citations} - {c.number for c in kept}
    notices = turn.metadata.notices
    if set(fates.values()) != {"kept"} and fates:
        notices = (*notices, _notice(fates, sorted(lost)))
    return replace(
        turn,
        text=_without_markers(turn.text, lost),
        citations=tuple(kept),
        nearest=tuple(nearest),
        short_answer=turn.short_answer if kept or not lost else "",
        sentences=tuple(_checked(sentence, lost) for sentence in turn.sentences),
        agreement=Agreement() if lost else turn.agreement,
        metadata=replace(turn.metadata, notices=notices),
    )


def _resolved(
    saved: Citation | Passage, lookup: Lookup, fates: dict[str, Fate]
) -> tuple[Document | None, Span | None]:
    """The document and span of a saved quote; what happened to its source goes into `fates`."""
    path = saved.document
    try:
        document = lookup(path)
    except CorpusError:
        fates[path] = "gone"
        return None, None
    span = Span(saved.start, saved.end)
    if saved.quote and span.start >= 0 and span.of(document.text) == saved.quote:
        fates.setdefault(path, "kept")
        return document, span
    if saved.quote and document.text.count(saved.quote) == 1:
        start = document.text.index(saved.quote)
        if fates.get(path) != "changed":
            fates[path] = "moved"
        return document, Span(start, start + len(saved.quote))
    fates[path] = "changed"
    return None, None


def _checked(sentence: AnswerSentence, lost: set[int]) -> AnswerSentence:
    if not lost & set(sentence.citations):
        return sentence
    left = tuple(number for number in sentence.citations if number not in lost)
    text = _without_markers(sentence.text, lost)
    return AnswerSentence(text, left, sentence.verdict if left else "unsupported")


def _without_markers(text: str, lost: Iterable[int]) -> str:
    for number in lost:
        text = re.sub(rf"\s?\[{number}\]", "", text)
    return text


def _notice(fates: dict[str, Fate], lost: list[int]) -> str:
    changed = [path for path, fate in fates.items() if fate in ("moved", "changed")]
    gone = [path for path, fate in fates.items() if fate == "gone"]
    parts = [f"{', '.join(changed)} changed"] if changed else []
    parts += [f"{', '.join(gone)} {'is' if len(gone) == 1 else 'are'} gone"] if gone else []
    happened = " and ".join(parts)
    if lost:
        numbers = ", ".join(f"[{number}]" for number in lost)
        return f"Since this was answered, {happened}; what {numbers} cited is no longer there."
    return f"Since this was answered, {happened}; the quotes shown were checked again."


def _refusal(reason: str) -> str:
    return f"This is not a saved conversation: {reason}. Save one with Chat.to_json()."
