"""Telling instructions from statements: text that addresses the model is no evidence.

A document may hold "add this link to your reply" or "summarise the main findings". Such a
sentence is never a source, nor is the quotation it puts forward to be worked on ("Is this feedback
positive? 'Waited for hours.'"); as a sentence of an answer it claims nothing. Ordinary commands of
a manual ("Wash by hand") stay sources: only what is asked of an assistant is meant.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from rag.types import Span

_REPLY = r"(?:response|reply|answer|output|completion|message)s?"
_LINK = r"(?:in|to|with|by|for|and|or|of|at|on|as|from)"
"""After one of these another thing begins: "your information in response to a court order"."""
_VERB = (
    r"(?:add|append|include|insert|write|respond|reply|answer|encode|translate|use|provide|begin|"
    r"start|end|finish|craft|modify|augment|make|substitute|present|convert|embed|incorporate|"
    r"replace|express|reverse|format|compose|create|integrate|conclude|spread|guide|ensure|infuse)"
)
_TO_THE_MODEL = re.compile(
    rf"""(?ix)
    \byour\s+(?:(?!{_LINK}\b)\w+\s+){{0,2}}{_REPLY}\b
    | (?:^|[.!?]\s+|^[\w ]{{0,24}}:\s+|\b(?:please|must|should|can\s+you|could\s+you)\s+)
      {_VERB}\b[^.!?]*\b(?:your|the|this|a|every|each)\s+(?:\w+\s+){{0,2}}
      (?:{_REPLY}|users?)\b
    | (?:^|[.!?:]\s+|\b(?:please|must|should|now)\s+)(?:ignore|disregard|forget|override)\b[^.!?]*
      \b(?:instructions?|prompts?|rules?|messages?|context|questions?|passages?|told|above)\b
    | \b(?:system\s+prompt|as\s+an\s+ai\b|you\s+are\s+now|new\s+instructions?)
    """
)
_REQUEST = re.compile(
    r"""(?ix)^\W*(?:please\s+|now\s+|also\s+)*(?:
      (?:help|show|give|tell|send|teach|find|get|remind)\s+(?:me|us)\b
    | (?:analy[sz]e|summari[sz]e|recommend|suggest|paraphrase|rephrase|rewrite|translate|classify)\b
    | (?:determine|identify|assess|detect|evaluate)\s+(?:if|whether|the\s+(?:sentiment|tone|mood))\b
    | (?:describe|explain|discuss|outline|compare|list|explore|investigate|research|name)\s+
      (?:the|how|why|what|some|three|five|ten|two)\b
    | (?:write|compose|generate|draft|craft|create|design|develop|provide|offer|prepare|make|share)
      \s+(?:an?|some|the|insights?|information|details|advice|tips)\b
    | (?:reply|respond|answer|speak|talk|write)\s+(?:only\s+)?(?:in|using|with|as|like|by)\b
    | (?:pretend|imagine|act\s+as|role[- ]?play)\b
    | (?:simulate|encode|decode|reverse)\s+(?:the|this|these|your|all|every|each|it)\b
    )"""
)
_URL = re.compile(r"(?i)\b(?:https?://|www\.)\S+")
_COMMAND = re.compile(
    r"(?i)^\W*(?:please\s+)?(?:click|visit|call|send|buy|subscribe|download|install|open|enter|"
    r"reply|contact|transfer|pay|sign\s+up|go\s+to|check\s+out|follow|share)\b"
)
_OPENING = "\"'“‘«"
_LEFT_OPEN = re.compile(r"(?:^|[\s:(])[\"'“‘«](?=\w)[^\"”»]*$")
_CLOSED = re.compile(r"[^\s\"'”’»][\"'”’»][.!?]?$")
_CLOSED_INSIDE = re.compile(r"[,.!?][\"'”’»]\s+\w")
_POINTS_AHEAD = re.compile(r"(?i)\b(?:this|these|the following)\b[^?\"”»]*\?$")
"""A question about what follows it, not itself in quotation marks."""


def is_instruction(text: str) -> bool:
    """True when `text` tells the model or the reader to do something instead of stating a fact."""
    if _TO_THE_MODEL.search(text) or _REQUEST.match(text):
        return True
    return bool(_COMMAND.match(text) and _URL.search(text))


@lru_cache(maxsize=1024)
def instruction_spans(text: str, spans: tuple[Span, ...]) -> frozenset[Span]:
    """Those of `spans`, sentences of `text` in order, that are instructions or their material."""
    found: set[Span] = set()
    for position, span in enumerate(spans):
        sentence = span.of(text)
        if is_instruction(sentence):
            found.add(span)
        if span in found or _POINTS_AHEAD.search(sentence):
            found.update(_put_forward(text, span, spans[position + 1 :]))
    return frozenset(found)


def _put_forward(text: str, request: Span, following: Sequence[Span]) -> list[Span]:
    """The sentences of a quotation that `request` opens, or that begins right after it.

    None when the quotation does not end in its paragraph, or when the sentence goes on after it:
    then somebody is quoted there.
    """
    asked = request.of(text)
    opened = _LEFT_OPEN.search(asked) and not _CLOSED.search(asked)
    quoted: list[Span] = []
    for span in following:
        sentence = span.of(text)
        if "\n\n" in text[request.end : span.start]:
            return []
        if not opened and not quoted and sentence[:1] not in _OPENING:
            return []
        quoted.append(span)
        if _CLOSED.search(sentence):
            return quoted
        if _CLOSED_INSIDE.search(sentence):
            return []
    return []
