"""Quote exactness: every quote is the slice of the source its offsets name.

Counts the citations and nearest passages with `text[start:end] != quote`, checked against
the files as read by the runner, not against the system's own copy. An empty quote and an unknown
document count as inexact. An answer without quotes has 0. The gate allows none at all.
"""

from __future__ import annotations

from evals.measures.case import Case
from rag.types import Answer, Citation, Passage


def inexact_quotes(case: Case, answer: Answer) -> float:
    """The number of quotes that are not what stands at their offsets."""
    quoted: tuple[Citation | Passage, ...] = (*answer.citations, *answer.nearest)
    return float(sum(not _is_exact(each, case) for each in quoted))


def _is_exact(quoted: Citation | Passage, case: Case) -> bool:
    text = case.texts.get(quoted.document, "")
    is_inside = 0 <= quoted.start < quoted.end <= len(text)
    return is_inside and text[quoted.start : quoted.end] == quoted.quote
