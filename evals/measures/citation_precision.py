"""Citation precision: the share of an answer's citations that overlap gold evidence.

Per answered, answerable question. An answer without citations is 0 (it should have had one).
None: abstentions, unanswerable questions, questions without gold passages.
Source: Gao et al., Enabling LLMs to generate text with citations (2023), with people's gold
passages in place of an entailment model.
"""

from __future__ import annotations

from evals.measures.case import Case, all_passages, hits
from rag.types import Answer


def citation_precision(case: Case, answer: Answer) -> float | None:
    """Citations that overlap gold evidence / citations."""
    passages = all_passages(case.gold)
    if answer.abstained or not case.question.answerable or not passages:
        return None
    right = [hits(citation, passages) for citation in answer.citations]
    return sum(right) / len(right) if right else 0.0
