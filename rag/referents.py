"""What a pronoun or a bare definite phrase of a follow-up refers to.

Takes the turns of a conversation, gives the most salient fitting entity: newest turn first, in a
turn what its question was about before what its answer brought in, except where the question
asked for the entity itself ("who led ...?", "which body ...?").
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Literal

from rag.frames import Frame, parse
from rag.grammar import (
    AUXILIARIES,
    DETERMINERS,
    FUNCTION,
    PREPOSITIONS,
    TITLES,
    WH,
    Token,
    is_plural,
    tokens,
    word_set,
)
from rag.mentions import Mention, mentions, usage_of
from rag.types import Answer

_OUR_TOPIC = re.compile(r"\s*\([^()]*\)")
Wanted = Literal["person", "thing", "plural"]
_FITS: dict[str, frozenset[str]] = {
    "person": frozenset({"person", "unknown"}),
    "thing": frozenset({"thing", "group", "place", "unknown"}),
    "plural": frozenset({"plural", "group", "person", "unknown"}),
}
_MASCULINE = word_set("he him his himself")
_FEMININE = word_set("she her hers herself")
_MAX_SHORT_WORDS = 9
_MAX_EVIDENCE_CHARS = 4000


def referent(
    wanted: Wanted, turns: Sequence[Answer], pronoun: str, *, is_object: bool = False
) -> str:
    """The entity a pronoun of kind `wanted` refers to, empty when no turn offers one.

    As an object, "it" is no country or other lone name: then the event is meant more often.
    """
    usage = usage_of(_evidence(turns))
    excluded = _other_gender(turns, pronoun)
    fits = _FITS[wanted] - ({"place", "unknown"} if is_object and wanted == "thing" else set())
    for turn in reversed(turns):
        found = [(usage.kind(m), m) for m in _spoken_of(turn, wanted, is_object)]
        found = [(k, m) for k, m in found if k in fits and m.text not in excluded]
        found.sort(key=lambda pair: wanted == "person" and pair[0] != "person")
        if found:
            return _definite(found[0][1].text)
        if wanted == "person" and described_person([turn]):
            return ""
        if is_object and _asks_object(parse(asked(turn))):
            return ""  # "what did the board decide? who opposed it?": no earlier entity is meant
    quoted = _quoted_persons(turns[-1]) if wanted == "person" else []
    return quoted[0] if len(quoted) == 1 else ""


def described_person(turns: Sequence[Answer]) -> str:
    """Whom a who-question without a short answer brought up: "the person who led the team"."""
    for turn in reversed(turns):
        frame = parse(asked(turn))
        if frame.asks_person and frame.rest and not frame.is_inverted and not short_nominal(turn):
            return f"the {frame.noun or 'person'} who {frame.rest}"
    return ""


def asked(turn: Answer) -> str:
    """The question of a turn as it was understood, with the capitals that its quotes give names."""
    question = turn.metadata.understood_as or turn.question
    if any(t.is_capital for t in tokens(question)[1:]):
        return question
    quotes = " ".join(citation.quote for citation in turn.citations)
    return _with_capitals(question, quotes[:_MAX_EVIDENCE_CHARS])


def short_nominal(turn: Answer) -> str:
    """The short answer of a turn when it can stand as a noun phrase; else empty."""
    short = turn.short_answer.strip().rstrip(".")
    words = tokens(short)
    if parse(asked(turn)).word in ("when", "why", "how"):
        return ""
    if turn.abstained or not words or sum(w.is_word for w in words) > _MAX_SHORT_WORDS:
        return ""
    if words[0].lower in AUXILIARIES | WH | {"yes", "no"} or words[0].text[0].isdigit():
        return ""
    return short


def place_of(turns: Sequence[Answer]) -> str:
    """The place last spoken of."""
    for turn in reversed(turns):
        if parse(asked(turn)).word == "where" and short_nominal(turn):
            return short_nominal(turn)
        usage = usage_of(_evidence([turn]))
        for mention in mentions(asked(turn)):
            if usage.kind(mention) == "place":
                return mention.text
    return ""


def is_within(toks: Sequence[Token], i: int, pronoun: str) -> bool:
    """True when what the pronoun at `i` means stands before it in the question itself."""
    text = " ".join(t.text for t in toks[:i])
    # "And the Chinese side, what does it ...": the phrase before the comma is what is meant.
    earlier = mentions(f"about {text}" if toks[0].is_word and toks[0].lower not in WH else text)
    wanted = wanted_by(pronoun)
    fitting = [m for m in earlier if m.kind in _FITS[wanted] and not _is_pronoun(m)]
    if wanted == "person":
        fitting = [m for m in fitting if m.kind == "person" or m.is_name]
    if wanted == "plural" and any(t.lower in ("those", "these") for t in toks[:i]):
        return True
    possessive = pronoun in ("its", "his", "their") or (
        pronoun == "her" and i + 1 < len(toks) and toks[i + 1].is_content
    )
    if possessive:
        return bool(fitting) or _is_of_asked(toks, i)
    has = any(t.lower in ("has", "have", "had") for t in toks[1 : i - 1])
    if fitting and has and toks[i - 1].lower in PREPOSITIONS:
        return True  # "the samples had lead in them"
    breaks = [k for k in range(1, i) if _opens_clause(toks, k)]
    if not breaks:
        return False
    if wanted != "person" and sum(t.is_content for t in toks[: breaks[-1]]) >= 2:
        return True
    return bool(fitting)


_CLAUSE = WH | word_set(
    "and or but if when while because after before although that once until whether"
)


def _opens_clause(toks: Sequence[Token], k: int) -> bool:
    if toks[k].lower in ("and", "or", "but"):  # "and what", not "Ann and Lee"
        following = toks[k + 1]
        return following.is_auxiliary or following.lower in WH | {"it", "something", "someone"}
    return toks[k].text in ",;:.?!–—-" or toks[k].lower in _CLAUSE


def _is_of_asked(toks: Sequence[Token], i: int) -> bool:
    """True for "what has lost its value?", "which bank had its payments blocked?"."""
    if toks[0].lower not in ("who", "what", "which"):
        return False
    if toks[1].lower in PREPOSITIONS:
        return False  # "what about its price?"
    owns = i > 0 and toks[i - 1].lower in ("has", "have", "had")
    return owns or not parse(" ".join(t.text for t in toks)).is_inverted


def wanted_by(pronoun: str) -> Wanted:
    """The kind of entity a pronoun stands for."""
    if pronoun in _MASCULINE | _FEMININE:
        return "person"
    return "thing" if pronoun in ("it", "its", "itself") else "plural"


@lru_cache(maxsize=64)
def _with_capitals(question: str, quotes: str) -> str:
    written = {token.text for token in tokens(quotes)}
    for word in {t.text for t in tokens(question) if t.is_content and t.text.isalpha()}:
        name = word[:1].upper() + word[1:]
        if name in written and word not in written:
            question = re.sub(rf"\b{word}\b", name, question)
    return question


def _spoken_of(turn: Answer, wanted: Wanted, is_object: bool) -> Iterator[Mention]:
    """Entities of a turn's question and short answer, most salient first.

    An object most often means an object: not the one who decided, but what was decided.
    """
    frame = parse(asked(turn))
    named = [m for m in mentions(_OUR_TOPIC.sub("", asked(turn))) if not _is_pronoun(m)]
    if is_object and wanted == "thing":
        named = named[:0:-1] if _asks_object(frame) else named[::-1]
    answered = _answered(turn, frame)
    if wanted == "plural" and frame.noun and is_plural(frame.noun.split()[-1]):
        yield Mention(f"the {frame.noun}", "plural", False)
    asks_entity = frame.asks_person or frame.word in ("what", "which")
    if asks_entity and frame.asks_person == (wanted == "person"):
        if wanted == "person" and not frame.is_definition:
            yield from (m for m in named if m.kind == "person")
        if wanted == "person" or not frame.is_definition:
            yield from answered
    yield from named
    yield from answered


def _asks_object(frame: Frame) -> bool:
    asks_entity = frame.word in ("what", "which", "who", "whom")
    return frame.is_inverted and asks_entity and not frame.is_definition


def _quoted_persons(turn: Answer) -> list[str]:
    """Names of persons in the first citation of a turn that its question does not hold."""
    if not turn.citations:
        return []
    known = asked(turn).casefold()
    found = mentions(turn.citations[0].quote, is_question=False)
    names = (_from_title(m.text) for m in found if m.kind == "person")
    return [name for name in dict.fromkeys(names) if name.casefold() not in known]


def _answered(turn: Answer, frame: Frame) -> list[Mention]:
    short = short_nominal(turn)
    if not short:
        return []
    found = mentions(f"about {short}")
    name = bool(found) and found[0].is_name
    if frame.asks_person:
        several = re.search(r"\band\b", short)
        short = short if several else short.partition(",")[0]  # "Ann Lee, head of safety"
        return [Mention(short, "plural" if several else "person", name)]
    if frame.word == "where":
        return [Mention(re.sub(r"(?i)^(?:in|at|from|near) ", "", short), "place", name)]
    if frame.word not in ("what", "which") or not found:
        return []
    if len(found) == 1 and found[0].text == short:
        return list(found)
    if re.search(r"\band\b", short):
        return [Mention(short, "plural", name)]
    # A clause ("closed one business") cannot stand in the place of "it".
    return [Mention(short, "thing", name)] if name or tokens(short)[0].lower in DETERMINERS else []


def _from_title(name: str) -> str:
    """A name from its title on: "Security Minister Ann Lee" -> "Minister Ann Lee"."""
    words = name.split()
    start = max(
        (i for i, w in enumerate(words[:-1]) if w.casefold().strip(".") in TITLES), default=0
    )
    return " ".join(words[start:])


def _evidence(turns: Sequence[Answer]) -> str:
    parts: list[str] = []
    for turn in reversed(turns[-3:]):
        parts += [asked(turn), turn.short_answer]
        parts += [citation.quote for citation in turn.citations]
        parts += [passage.quote for passage in turn.nearest]
    return " ".join(parts)[:_MAX_EVIDENCE_CHARS]


def _other_gender(turns: Sequence[Answer], pronoun: str) -> set[str]:
    """Entities that an earlier turn called by a pronoun of the other gender."""
    other = _FEMININE if pronoun in _MASCULINE else _MASCULINE if pronoun in _FEMININE else set()
    excluded: set[str] = set()
    for turn in turns:
        words = {t.lower for t in tokens(turn.question)}
        if words & other and turn.metadata.understood_as:
            typed = turn.question.casefold()
            found = mentions(turn.metadata.understood_as)
            excluded |= {m.text for m in found if m.text.casefold() not in typed}
    return excluded


def _is_pronoun(mention: Mention) -> bool:
    return mention.text.casefold() in FUNCTION or mention.text.casefold() in ("i", "one", "ones")


def _definite(phrase: str) -> str:
    """ "a bag" as it is spoken of later: "the bag"."""
    return re.sub(r"^(?:[Aa]n?|[Tt]h(?:at|is)) ", "the ", phrase)


def after_determiner(phrase: str) -> list[str]:
    """The words of a phrase without its article."""
    words = phrase.split()
    return words[1:] if words and words[0].casefold() in DETERMINERS else words
