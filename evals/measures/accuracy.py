"""Answer accuracy: the answer says what it must and nothing that it must not.

Per answerable question: 1 if every required fact stands in the answer in one of its accepted
wordings and no forbidden string does, else 0. Searched in the text (without citation markers)
and in the short answer, after `evals.text.normalised`. An abstention is 0.
None: unanswerable questions, and questions without facts and without answers.
Source: nugget recall of TREC QA (Voorhees, 2003), all or nothing.
"""

from __future__ import annotations

from evals.measures.case import Case
from evals.text import contains, without_markers
from rag.types import Answer


def accuracy(case: Case, answer: Answer) -> float | None:
    """1.0 for an accurate answer, 0.0 for another, None when nothing says what is accurate."""
    question = case.question
    if not question.answerable or not question.facts:
        return None
    if answer.abstained:
        return 0.0
    said = f"{without_markers(answer.text)}\n{answer.short_answer}"
    has_facts = all(any(contains(said, words) for words in fact) for fact in question.facts)
    is_clean = not any(contains(said, words) for words in question.forbidden)
    return float(has_facts and is_clean)
