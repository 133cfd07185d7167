"""Tokens of a text, and numbers that are spelled over several of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from rag.answer import lexicon as lex

Kind = Literal["word", "name", "number", "date", "pronoun", "quantifier", "function"]
FACTS = ("name", "number", "date")


@dataclass(frozen=True, slots=True)
class Token:
    """A word of a sentence; `key` is what is compared, `start` and `end` are its characters."""

    text: str
    start: int
    end: int
    key: str
    kind: Kind
    negated: bool = False
    hedged: bool = False

    @property
    def is_fact(self) -> bool:
        """True for names, numbers and dates: what a claim may not invent."""
        return self.kind in FACTS

    @property
    def is_capital(self) -> bool:
        """True for names and for words that may be one because they open a sentence."""
        return self.kind == "name" or (self.kind == "word" and self.text[:1].isupper())


def joined_numbers(tokens: list[Token]) -> Iterator[Token]:
    """The tokens with "two hundred and fifty" as one, its value as the key."""
    position = 0
    while position < len(tokens):
        count, value = _number_run(tokens, position)
        if count > 1:
            first, last = tokens[position], tokens[position + count - 1]
            text = " ".join(token.text for token in tokens[position : position + count])
            yield Token(text, first.start, last.end, f"{value:.12g}", "number")
        else:
            yield _single(tokens[position])
        position += max(count, 1)


def _single(token: Token) -> Token:
    lower = token.text.lower()
    if lower in lex.UNITS or lower in lex.TENS or lower in lex.SCALES:
        value = {**lex.UNITS, **lex.TENS, **lex.SCALES}[lower]
        return replace(token, key=f"{value:.12g}")
    return token


def _number_run(tokens: list[Token], position: int) -> tuple[int, float]:
    """How many tokens from `position` on spell one number, and its value."""
    total, count, joined = 0.0, 0, 0
    current: float | None = None
    for token in tokens[position : position + 8]:
        lower = token.text.lower()
        value = _plain_value(token)
        if lower in lex.SCALES:
            scale = lex.SCALES[lower]
            if scale == 100:
                current = (current or 1) * scale
            else:
                total, current = total + (current or 1) * scale, 0.0
        elif value is not None and current is None:
            current = value
        elif value is not None and current is not None and _adds(current, value, token):
            current += value
        elif lower == "and" and joined and current is not None and current % 100 == 0:
            joined += 1
            continue
        else:
            break
        joined += 1
        count = joined
    return count, total + (current or 0.0)


def _plain_value(token: Token) -> float | None:
    lower = token.text.lower()
    if lower in lex.UNITS or lower in lex.TENS:
        return float({**lex.UNITS, **lex.TENS}[lower])
    if token.kind == "number" and re.fullmatch(r"\d+(?:\.\d+)?", token.key):
        return float(token.key)
    return None


def _adds(current: float, value: float, token: Token) -> bool:
    """Twenty + five, two hundred + fifty; never 5 + 7, which are two numbers."""
    if token.text[:1].isdigit():
        return False
    return (current % 100 == 0 and current > 0 and value < 100) or (
        current % 10 == 0 and current % 100 >= 20 and value < 10
    )
