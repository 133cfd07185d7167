"""Short answers right: the few words shown first say what a gold answer says.

Per answer that gives a short answer to a question with gold answers: 1 if its words and those of
a gold answer share at least half by F1 (SQuAD's normalisation), or one holds all words of the
other. A short answer to an unanswerable question is 0.
None: answers without a short answer, and answerable questions without gold answers.
"""

from __future__ import annotations

from collections import Counter

from evals.measures.case import Case
from evals.measures.match import words_f1
from evals.text import squad_tokens
from rag.types import Answer


def short_answer(case: Case, answer: Answer) -> float | None:
    """1.0 when the short answer is right, 0.0 when it is wrong."""
    said = squad_tokens(answer.short_answer)
    golds = [words for words in map(squad_tokens, case.question.answers) if words]
    if not said or (case.question.answerable and not golds):
        return None
    return float(any(_agree(said, gold) for gold in golds))


def _agree(said: list[str], gold: list[str]) -> bool:
    shared = sum((Counter(said) & Counter(gold)).values())
    return shared in (len(said), len(gold)) or words_f1(said, gold) >= 0.5
