"""Grounded accuracy, the headline: a right answer with a right citation.

Per answerable question: 1 if the answer is accurate (see `accuracy`) and at least one citation
shares a character with a gold passage, else 0. An abstention is 0.
None: where accuracy is None, or no gold passage is given.
"""

from __future__ import annotations

from evals.measures.accuracy import accuracy
from evals.measures.case import Case
from evals.measures.evidence import evidence_cited
from rag.types import Answer


def grounded(case: Case, answer: Answer) -> float | None:
    """1.0 for an accurate answer with a citation in gold evidence, else 0.0."""
    is_accurate, is_cited = accuracy(case, answer), evidence_cited(case, answer)
    if is_accurate is None or is_cited is None:
        return None
    return float(is_accurate and is_cited)
