"""A conversation as Markdown or JSON, for keeping and sharing."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from rag.types import Answer, Citation
from ui.sessions import Turn
from ui.wording import spoken_date

_MARKUP = re.compile(r"([\\`*_{}\[\]<>#|~!])")
_MARKER = re.compile(r"\s*\[(\d{1,3})\]")


def as_markdown(turns: Sequence[Turn]) -> str:
    """The turns with their citations as Markdown footnotes."""
    return "\n\n".join(_turn(turn) for turn in turns) + "\n"


def as_json(turns: Sequence[Turn]) -> str:
    """The turns as a JSON document: questions and whole answers."""
    kept = [
        {
            "question": turn.question,
            "answer": turn.answer.to_dict() if turn.answer else None,
            "failure": turn.failure,
        }
        for turn in turns
    ]
    return json.dumps({"turns": kept}, ensure_ascii=False, indent=2)


def answer_markdown(answer: Answer, *, prefix: str = "") -> str:
    """The answer's text with `[^1]` notes; `prefix` keeps notes of several answers apart."""
    cited = {citation.number for citation in answer.citations}

    def note(match: re.Match[str]) -> str:
        number = int(match[1])
        return f"\x00{number}\x00" if number in cited else match[0]

    text = _plain(_MARKER.sub(note, answer.text))
    text = re.sub(r"\x00(\d+)\x00", lambda match: f"[^{prefix}{match[1]}]", text)
    notes = "\n".join(f"[^{prefix}{each.number}]: {_note(each)}" for each in answer.citations)
    return f"{text}\n\n{notes}" if notes else text


def _turn(turn: Turn) -> str:
    heading = f"## {_plain(turn.question)}"
    if turn.answer is None:
        return f"{heading}\n\n*{_plain(turn.failure or 'No answer.')}*"
    return f"{heading}\n\n{answer_markdown(turn.answer, prefix=f'{turn.number}-')}"


def _note(citation: Citation) -> str:
    quote = _plain(citation.quote)
    where = ", ".join(
        _plain(part)
        for part in (citation.title, citation.outlet, spoken_date(citation.published))
        if part
    )
    place = f"`{citation.document.replace('`', '')}` {citation.start}–{citation.end}"
    return f"“{quote}” {where or _plain(citation.document)} ({place})"


def _plain(text: str) -> str:
    """`text` on one line with Markdown's and HTML's signs escaped."""
    return _MARKUP.sub(r"\\\1", " ".join(text.split()))
