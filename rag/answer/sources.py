"""A source named in the question: "according to Reuters", "in the Guardian piece"."""

from __future__ import annotations

import re
from collections.abc import Iterable

_TEXT = r"(?:article|piece|report|story|text|account|version|dispatch|coverage|website|site)"
_REPORTS = r"(?:say|write|report|state|mention|tell|claim|give|describe|put|quote|name|call)"


def named_outlet(question: str, outlets: Iterable[str]) -> str:
    """The outlet of the corpus that alone is asked, or an empty string.

    Naming an outlet is not enough (it may be what the question is about): the question must ask
    what it says, and name no other. An outlet is also known by its initials.
    """
    named = [outlet for outlet in outlets if _is_named(question, outlet)]
    return named[0] if len(named) == 1 and _asks(question, named[0]) else ""


def _is_named(question: str, outlet: str) -> bool:
    return bool(re.search(rf"(?i)(?<!\w){_pattern(outlet)}(?!\w)", question))


def _asks(question: str, outlet: str) -> bool:
    name = rf"(?:the\s+)?{_pattern(outlet)}\b"
    patterns = (
        rf"\b(?:according to|as (?:reported|told|stated) by|as per)\s+{name}",
        rf"\b(?:do|does|did)\s+{name}\s+(?:\w+\s+)?{_REPORTS}\b",
        rf"\b{name}(?:['’]s?)?\s+{_TEXT}\b",
        rf"\b{_TEXT}\s+(?:by|from|of|in)\s+{name}",
        rf"^(?:in|from)\s+{name}\s*[,:]",
    )
    return any(re.search(f"(?i){pattern}", question) for pattern in patterns)


def _pattern(outlet: str) -> str:
    """The name in any case, or its initials in capitals ("it" is not the Irish Times)."""
    initials = "".join(word[0] for word in outlet.split() if word[0].isupper())
    short = rf"|(?-i:{initials})" if len(initials) > 1 else ""
    return rf"(?:{re.escape(outlet)}{short})"
