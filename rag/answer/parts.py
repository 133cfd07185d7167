"""A question of several questions taken apart, so that each is searched and answered for itself.

"Who led the talks, and what did they agree on?" asks two things that may stand in two documents.
Talk about the sources ("do the reports agree?") is no question to search for: it is taken off and
asks for several sources to be shown.
"""

from __future__ import annotations

import re

from rag.answer.question import SOURCES, asks
from rag.sentences import sentences

_MOST = 3
_LEAST_WORDS = 3
_WH = r"(?:who|whom|whose|what|when|where|which|why|how)"
_AUXILIARY = (
    r"(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|should|may|might|must)"
)
_PREPOSITION = r"(?:in|on|at|for|to|from|by|with|since|until|under|of|about|during|after|before)"
# A second question begins where a question word opens a clause with a verb of its own.
_ANOTHER = re.compile(
    rf"""(?ix)(?:,?\s+and\s+(?:then\s+|also\s+)?|;\s*)
    (?=(?:{_PREPOSITION}\s+)?
       (?:{_WH}(?:\s+[\w’'-]+){{0,3}}?\s+{_AUXILIARY}\b|who\s+(?!the\b|an?\b)[a-z]+|{_WH}['’]s\b))"""
)
_AGREE_ON = re.compile(
    rf"""(?ix)^\W*(?:do|does|did)\s+(?:all\s+|both\s+)?(?:the\s+|these\s+|those\s+)?(?:\w+\s+){{0,2}}?
    (?:{SOURCES})\s+(?:all\s+)?(?:agree|disagree|differ|contradict\s+(?:each\s+other|one\s+another)
    |say\s+the\s+same(?:\s+thing)?)\s*(?:on|about|over|as\s+to|regarding|when\s+it\s+comes\s+to)?\s+(?=\w)"""
)
_TALK = re.compile(rf"(?i)\b(?:{SOURCES}|both sides)\b")
_OPENER = re.compile(r"(?i)^(?:and|but|so|also|then)\b[\s,]*")


def split_question(text: str) -> tuple[str, ...]:
    """The questions asked in `text`, at most three, each as typed; one when it cannot be split."""
    asked = [s for s in _sentences(text) if asks(s)] or [text]
    parts = [part for sentence in asked for part in _clauses(sentence)]
    if not 1 < len(parts) <= _MOST or any(len(part.split()) < _LEAST_WORDS for part in parts):
        return (text,)
    return tuple(parts)


def without_source_talk(text: str) -> str:
    """What is asked once talk about the sources is taken off; `text` itself when nothing is left.

    "Where was it held? Do the reports agree?" asks "Where was it held?".
    """
    said = _sentences(text)
    kept = [each for each in said if not _TALK.search(each)]
    if kept and len(kept) < len(said) and any(asks(s) for s in kept):
        text = " ".join(kept)
    topic = _AGREE_ON.sub("", text)
    return topic if len(topic.split()) >= _LEAST_WORDS else text


def _sentences(text: str) -> list[str]:
    return [span.of(text) for span in sentences(text)]


def _clauses(sentence: str) -> list[str]:
    cuts = [match for match in _ANOTHER.finditer(sentence) if asks(sentence[: match.start()])]
    starts = [0, *(match.end() for match in cuts)]
    ends = [*(match.start() for match in cuts), len(sentence)]
    return [
        _OPENER.sub("", sentence[start:end].strip(" ,"))
        for start, end in zip(starts, ends, strict=True)
    ]
