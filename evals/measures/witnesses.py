"""Witnesses cited: an answer that needs several documents cites several.

Per answerable question that needs at least two documents (`min_documents`): 1 if the citations
that overlap gold evidence come from that many different documents, else 0. An abstention is 0.
None: all other questions.
"""

from __future__ import annotations

from evals.measures.case import Case, all_passages, hits
from rag.types import Answer


def witnesses(case: Case, answer: Answer) -> float | None:
    """1.0 when enough different documents are rightly cited."""
    needed = case.question.min_documents
    passages = all_passages(case.gold)
    if not case.question.answerable or needed < 2 or not passages:
        return None
    if answer.abstained:
        return 0.0
    found = {each.document for each in answer.citations if hits(each, passages)}
    return float(len(found) >= needed)
