"""Bare definite phrases of a follow-up: "the group" that was "the working group", "the other one".

Takes a question and the conversation so far, gives the question with the phrase as it was first
named.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.frames import parse
from rag.grammar import DETERMINERS, DO, FUNCTION, PREPOSITIONS, Token, tokens
from rag.mentions import mentions
from rag.referents import after_determiner, asked
from rag.types import Answer


def expand_definite(question: str, turns: Sequence[Answer]) -> str:
    """ "the group" -> "the working group", when an earlier turn names one group more fully."""
    toks = tokens(question)
    for i in range(len(toks) - 2, -1, -1):
        determiner, noun = toks[i], toks[i + 1]
        if determiner.lower not in ("the", "that", "this") or not _is_bare(toks, i):
            continue
        fuller = _fuller(noun.text, question, turns)
        if fuller:
            question = f"{question[: noun.start]}{fuller}{question[noun.end :]}"
    return question


def _is_bare(toks: Sequence[Token], i: int) -> bool:
    """True when the noun behind the determiner at `i` stands alone, before the verb or the end."""
    noun = toks[i + 1]
    if not noun.text.islower() or not noun.is_content or noun.text == "of":
        return False
    after = toks[i + 2] if i + 2 < len(toks) else None
    if after is None or not after.is_word or after.is_auxiliary:
        return True
    if after.lower == "of":
        return False
    return after.lower in PREPOSITIONS or (i > 0 and toks[i - 1].lower in DO)


def _fuller(noun: str, question: str, turns: Sequence[Answer]) -> str:
    """The fullest earlier phrase around `noun` that the question does not already hold."""
    for turn in reversed(turns):
        for mention in mentions(asked(turn)):
            words = after_determiner(mention.text)
            is_head = words[-1] == noun or f"{noun} of " in mention.text
            if len(words) > 1 and is_head and not _shares(words, noun, question):
                return " ".join(words)
    return ""


def other_one(turns: Sequence[Answer]) -> str:
    """The last question asked of the other entity that its name may mean."""
    question = asked(turns[-1])
    found = mentions(question)
    named = [m for m in found if m.kind == "person"] or [m for m in found if m.is_name]
    named = named or [m for m in found if m.text.split()[0].casefold() in DETERMINERS]
    if not named:
        noun = parse(question).noun
        return question.replace(noun, f"other {noun}", 1) if noun else ""
    old = named[0]
    bare = " ".join(after_determiner(old.text))
    return question.replace(old.text, f"the other {bare}", 1)


def _shares(words: Sequence[str], noun: str, question: str) -> bool:
    """True when the question already holds what tells the noun apart."""
    return any(
        re.search(rf"\b{re.escape(w)}\b", question)
        for w in words
        if w != noun and w not in FUNCTION
    )
