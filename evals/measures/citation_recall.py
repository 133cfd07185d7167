"""Citation recall: the share of gold evidence that is cited.

Per answerable question: groups of gold passages of which at least one passage is overlapped by
a citation / groups. Passages of a group say the same, so one of them is enough. An abstention
is 0. None: unanswerable questions and questions without gold passages.
"""

from __future__ import annotations

from evals.measures.case import Case, hits
from rag.types import Answer


def citation_recall(case: Case, answer: Answer) -> float | None:
    """Groups cited / groups."""
    if not case.question.answerable or not case.gold:
        return None
    if answer.abstained:
        return 0.0
    cited = [any(hits(citation, group) for citation in answer.citations) for group in case.gold]
    return sum(cited) / len(cited)
