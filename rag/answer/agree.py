"""Who else says so: sentences of other documents that state the same are witnesses, cited together;
near-identical wording (syndicated copies, the same quotation) counts once.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rapidfuzz import fuzz

from rag.answer.claims import read_tokens
from rag.answer.select import Ranked

SAME_FACT = 0.72
_COPY_RATIO = 82.0
_QUOTED_RATIO = 90.0
_QUOTATION = re.compile(r"[“\"]([^”\"]{30,})[”\"]")


def same_fact(a: Ranked, b: Ranked) -> bool:
    """True when two sentences of different documents say nearly the same."""
    if a.candidate.document.path == b.candidate.document.path:
        return False
    numbers, others = numbers_in(a.candidate.text), numbers_in(b.candidate.text)
    if numbers and others and not numbers & others:
        return False
    return similarity(a, b) >= SAME_FACT or _is_copy(a.candidate.text, b.candidate.text)


def count_independent(texts: Sequence[str]) -> int:
    """Number of texts when copies of each other count once."""
    kept: list[str] = []
    for text in texts:
        if not any(_is_copy(text, other) for other in kept):
            kept.append(text)
    return len(kept)


def similarity(a: Ranked, b: Ranked) -> float:
    """Cosine of the sentences' vectors; without vectors a share of common words."""
    if a.candidate.vector is None or b.candidate.vector is None:
        return fuzz.token_set_ratio(a.candidate.text, b.candidate.text) / 130
    return float(a.candidate.vector @ b.candidate.vector)


def _is_copy(a: str, b: str) -> bool:
    if fuzz.ratio(a, b) >= _COPY_RATIO:
        return True
    return _shares_quotation(a, b) or _shares_quotation(b, a)


def _shares_quotation(a: str, b: str) -> bool:
    """True when a quotation of `a` stands, nearly to the letter, in `b`."""
    return any(
        len(quote) <= len(b) and fuzz.partial_ratio(quote, b) >= _QUOTED_RATIO
        for quote in _QUOTATION.findall(a)
    )


def numbers_in(text: str) -> frozenset[str]:
    """The values of the numbers in `text`, digits and words alike."""
    return frozenset(token.key for token in read_tokens(text) if token.kind == "number")
