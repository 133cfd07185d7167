"""Exact match and token F1 of the answer against the gold answers, best over several golds.

Both compare words after SQuAD's normalisation (lower case, no punctuation, no articles). The
short answer is compared when there is one, else the text without citation markers.
F1 = 2PR / (P + R) over the multiset of words. An abstention is 0; so is an empty answer.
None: unanswerable questions and questions without gold answers.
Source: the official SQuAD evaluation script (Rajpurkar et al., 2016).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from evals.measures.case import Case
from evals.text import squad_tokens, without_markers
from rag.types import Answer


def exact_match(case: Case, answer: Answer) -> float | None:
    """1.0 when the answer's words are those of a gold answer."""
    return _best(case, answer, lambda said, gold: float(said == gold))


def token_f1(case: Case, answer: Answer) -> float | None:
    """The best F1 of the answer's words against a gold answer's."""
    return _best(case, answer, words_f1)


def _best(
    case: Case, answer: Answer, compare: Callable[[list[str], list[str]], float]
) -> float | None:
    golds = [squad_tokens(gold) for gold in case.question.answers]
    if not case.question.answerable or not golds:
        return None
    said = squad_tokens(answer.short_answer or without_markers(answer.text))
    if answer.abstained or not said:
        return 0.0
    return max(compare(said, gold) for gold in golds)


def words_f1(said: list[str], gold: list[str]) -> float:
    """F1 of the words said against those of a gold answer; neither is empty."""
    shared = sum((Counter(said) & Counter(gold)).values())
    return 2 * shared / (len(said) + len(gold))
