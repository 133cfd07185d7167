"""Evidence cited: at least one citation points at gold evidence.

Per answerable question: 1 if a citation shares a character with a gold passage, else 0. An
abstention is 0. None: unanswerable questions and questions without gold passages.
The headline for sets that give gold sentences but no checkable facts (CLAPNQ).
"""

from __future__ import annotations

from evals.measures.case import Case, all_passages, hits
from rag.types import Answer


def evidence_cited(case: Case, answer: Answer) -> float | None:
    """1.0 when a citation overlaps gold evidence, else 0.0."""
    passages = all_passages(case.gold)
    if not case.question.answerable or not passages:
        return None
    return float(not answer.abstained and any(hits(each, passages) for each in answer.citations))
