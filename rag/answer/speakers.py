"""Who says what: the speaker that a sentence names, and quotations.

Takes a sentence, gives its `Attribution`s: the tokens of the speaker and the span of the saying.
Grammar is read from the order of words alone: "X said", "said X", "according to X", "X, an
official, told Y that".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from rag.answer import lexicon as lex
from rag.answer.claims import Token, key_of, read_tokens

_CLAUSE = re.compile(r"[;:]|[.!?][\"”’']*\s|[\"“”]")
_QUOTED = re.compile(r"[“\"«]([^“”\"«»]+)[”\"»]")
_NOISE = re.compile(r"[^\w%$£€]+")


@dataclass(frozen=True, slots=True)
class Attribution:
    """A speaker as named: keys of the name, or of a pronoun when `is_pronoun`."""

    speaker: frozenset[str]
    is_pronoun: bool


@lru_cache(maxsize=4096)
def attributions(sentence: str) -> tuple[Attribution, ...]:
    """The speakers `sentence` names, in order; empty when nothing is attributed."""
    tokens = read_tokens(sentence)
    found = []
    for position, token in enumerate(tokens):
        if token.text.lower() == "according" and position + 1 < len(tokens):
            found.append(_following(sentence, tokens, position + 1, limit=8))
        elif token.kind == "word" and token.key in _speech_keys():
            before = _preceding(sentence, tokens, position)
            found.append(before or _following(sentence, tokens, position, limit=4))
    return tuple(each for each in found if each)


def quotations(sentence: str) -> list[str]:
    """What stands in double quotation marks."""
    return _QUOTED.findall(sentence)


def is_verbatim(quotation: str, source: str) -> bool:
    """True when every part of `quotation` (between ellipses) stands in `source` word for word."""
    plain = f" {_plain(source)} "
    parts = [_plain(part) for part in re.split(r"\.\.\.|…|\[[^\]]*\]", quotation)]
    return all(f" {part} " in plain for part in parts if part)


def _plain(text: str) -> str:
    return _NOISE.sub(" ", text.replace("’", "").replace("'", "").lower()).strip()


def _preceding(sentence: str, tokens: tuple[Token, ...], verb: int) -> Attribution | None:
    """Names between the start of the verb's clause and the verb, or the pronoun right before it."""
    names: list[str] = []
    pronoun = ""
    for position in range(verb - 1, max(-1, verb - 25), -1):
        token = tokens[position]
        if _CLAUSE.search(sentence[token.end : tokens[position + 1].start]):
            break
        if token.kind == "name":
            names.append(token.key)
        elif token.kind == "pronoun" and not names and verb - position <= 3:
            pronoun = pronoun or token.text.lower()
    if pronoun in ("who", "which", "that", "it", "this"):
        pronoun = ""
    if pronoun:
        return Attribution(frozenset({pronoun}), True)
    return Attribution(frozenset(names), False) if names else None


def _following(
    sentence: str, tokens: tuple[Token, ...], verb: int, *, limit: int
) -> Attribution | None:
    names: list[str] = []
    for position in range(verb + 1, min(len(tokens), verb + 1 + limit)):
        between = sentence[tokens[position - 1].end : tokens[position].start]
        if _CLAUSE.search(between) or (names and "," in between):
            break
        token = tokens[position]
        if token.kind == "name":
            names.append(token.key)
        elif token.text.lower() in ("that", "to"):
            break
    return Attribution(frozenset(names), False) if names else None


@lru_cache(maxsize=1)
def _speech_keys() -> frozenset[str]:
    return frozenset(key_of(word) for word in lex.SPEECH)
