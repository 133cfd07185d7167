"""A question as a frame: the words it asks with, and the rest that a follow-up may keep.

Takes an earlier question (already self-contained), gives it back with another question word,
another entity or another time and place, or as a topic without its question words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from rag.dates import WEEKDAYS
from rag.grammar import (
    AUXILIARIES,
    DETERMINERS,
    DO,
    PREPOSITIONS,
    WH,
    Token,
    is_plural,
    is_role,
    is_verb_form,
    tokens,
)
from rag.mentions import Mention, mentions

_MAX_TOPIC_WORDS = 18
_TIME_UNITS = "second|minute|hour|day|night|week|weekend|month|quarter|season|year|decade|century"
_MONTHS = (
    "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    "|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?"
)
_DAYS = "|".join(WEEKDAYS)
_TIME = re.compile(
    rf"\b(?:(?:every|each|per|last|this|next|a)\s(?:{_TIME_UNITS}|{_DAYS})\b|(?:daily|weekly|monthly|yearly)\b"
    rf"|(?:in|since|until|before|after|during|by)\s(?:early\s|late\s)?(?:(?:{_MONTHS})\s)?\d{{3,4}}s?\b"
    rf"|(?:on|in|since|until|before|after|by)\s(?:(?:{_MONTHS})\.?(?:\s\d{{1,2}})?(?:,?\s\d{{4}})?|{_DAYS})\b"
    rf"|(?:before|after|since|until|during)\s(?:the|that|this)\s[\w’'-]+(?:\s[\w’'-]+)?)",
    re.IGNORECASE,
)
_PLACE = re.compile(r"\b(?:in|at|from|near)\s(?:the\s)?[A-Z][\w.’'-]*(?:\s[A-Z][\w.’'-]*)*")
_PAREN = re.compile(r"\s*\(([^()]*)\)")


@dataclass(frozen=True, slots=True)
class Frame:
    """`wh` ("Which Chinese body", empty for yes/no) and what follows it, without the "?"."""

    wh: str
    rest: str

    @property
    def word(self) -> str:
        """The question word alone: who, what, which, how, ..."""
        return next((t.lower for t in tokens(self.wh) if t.lower in WH), "")

    @property
    def noun(self) -> str:
        """What "which", "what", "how many" asks of: "Chinese body"; else empty."""
        found = re.match(r"(?i)(?:\w+ )?(?:which|what|whose|how (?:many|much))\s+(.+)", self.wh)
        return found.group(1) if found else ""

    @property
    def is_inverted(self) -> bool:
        """True when an auxiliary and then the subject follow: "did | Pelosi visit Taiwan"."""
        toks = tokens(self.rest)
        if len(toks) < 2 or not (toks[0].is_auxiliary or toks[0].text in ("'s", "’s")):
            return False
        if toks[0].lower in DO or toks[1].lower in DETERMINERS or toks[1].is_capital:
            return True
        verbal = re.search(r"(?:ed|ing|en)$", toks[1].lower) or is_verb_form(toks[1].lower)
        verbal = verbal or toks[1].lower in PREPOSITIONS
        return not verbal and len(toks) > 2

    @property
    def asks_person(self) -> bool:
        """True for who, whom, whose and for "which senator"."""
        head = self.noun.split()[-1] if self.noun else ""
        return self.word in ("who", "whom", "whose") or bool(head and is_role(head))

    @property
    def is_definition(self) -> bool:
        """True for "who is X" and "what is X"."""
        toks = tokens(self.rest)
        if self.noun or self.word not in ("who", "what") or not toks:
            return False
        if toks[0].lower not in ("is", "are", "was", "were", "'s", "’s"):
            return False
        after = self.rest[toks[0].end :].strip()
        found = mentions(f"{self.word} is {after}")
        return len(found) == 1 and found[0].text == after


@lru_cache(maxsize=512)
def parse(question: str) -> Frame:
    """The frame of a question; leading "and", "so" and the like are left out."""
    text = without_lead(_PAREN.sub("", question)).rstrip(" ?!.")
    toks = tokens(text)
    start = next((i for i, t in enumerate(toks[:2]) if t.lower in WH), None)
    if start is None or (start == 1 and toks[0].lower not in PREPOSITIONS):
        return Frame("", text)
    end = start + 1
    if toks[start].lower in ("which", "what", "whose", "how") and end < len(toks):
        end = _wh_end(toks, end)
    cut = toks[end].start if end < len(toks) else len(text)
    return Frame(text[:cut].strip(), text[cut:].strip())


def without_lead(question: str) -> str:
    """The question without leading words that only link it to what was said before."""
    lead = (
        r"(?i)^(?:(?:and|but|so|or|also|then|now|ok(?:ay)?|well|fine|right|alright|good|great|thanks"
        r"|thank you|i see|oh|ah|hm+|yes|yeah|no|sorry|please)\b[\s,.;:!–—-]+)+"
    )
    rest = re.sub(lead, "", question.strip())
    return rest or question.strip()


def topic(question: str) -> str:
    """What the question is about, without its question words; at most 18 words."""
    flat = _PAREN.sub(r" \1", question)
    frame = parse(flat)
    rest = tokens(frame.rest)
    skip = rest[0].end if rest and (rest[0].is_auxiliary or not rest[0].is_word) else 0
    kept = f"{frame.noun} {frame.rest[skip:].strip()}".split()
    while kept and kept[0].casefold() in ("that", "this", "it", "there"):
        kept = kept[1:]
    return " ".join(kept[:_MAX_TOPIC_WORDS])


def with_wh(frame: Frame, wh: str, subject: str) -> str:
    """The frame asked with another question word: "Why" + "did Pelosi visit Taiwan".

    `subject` stands in for what the earlier question asked, where that was its subject.
    """
    if not frame.wh:
        return f"{wh} {frame.rest[:1].lower()}{frame.rest[1:]}?"
    if frame.is_inverted:
        return f"{wh} {frame.rest}?"
    toks = tokens(frame.rest)
    if toks and toks[0].lower in AUXILIARIES - DO:
        after = frame.rest[toks[0].end :].strip()
        return f"{wh} {toks[0].text} {subject} {after}?"
    return f"{wh} is it that {subject} {frame.rest}?"


def with_adjunct(question: str, adjunct: str) -> str:
    """The question with another time or place ("per year", "in Canada") in the fitting spot."""
    body = question.rstrip(" ?!.")
    for kind in (_TIME, _PLACE):
        if kind.match(adjunct):
            old = kind.search(body)
            if old and old.start() > 0:
                return f"{body[: old.start()]}{adjunct}{body[old.end() :]}?"
            break
    return f"{body} {adjunct}?"


def with_entity(question: str, phrase: str) -> str:
    """The question with `phrase` in the place of the entity most like it."""
    body = question.rstrip(" ?!.")
    new = next(iter(mentions(f"about {phrase}")), None)
    frame = parse(body)
    bare = tokens(phrase)[0].lower not in DETERMINERS and not (new and new.is_name)
    if bare and frame.noun:
        return f"{body.replace(frame.noun, phrase, 1)}?"
    old = _parallel(phrase, new, mentions(body))
    if old is None or phrase.casefold() in body.casefold():
        return f"{body} (about {phrase})?"
    spot = old.text
    if bare and " of " in spot:
        spot = spot.rpartition(" of ")[2]
    return f"{body.replace(spot, phrase, 1)}?"


def _wh_end(toks: Sequence[Token], end: int) -> int:
    """Where "which Chinese body", "how many people", "how long" ends."""
    if toks[end].is_auxiliary or not toks[end].is_word:
        return end
    if toks[end - 1].lower == "what" and not toks[end].is_content:
        return end + (toks[end].lower == "else")
    if toks[end - 1].lower == "how":
        many = toks[end].lower in ("many", "much")
        end += 1
        if not many:
            return end
    ahead = toks[end : end + 5]
    stop = next((i for i, t in enumerate(ahead) if not t.is_content), len(ahead))
    if stop < len(ahead) and ahead[stop].is_auxiliary:
        return end + stop
    if stop <= 1:
        return end + stop
    # "which outlets interviewed Daskal": without an auxiliary the noun is one word, with the
    # capitalised words before it.
    lead = next((i for i, t in enumerate(ahead[:stop]) if not t.is_capital), 0)
    lead -= lead > 0 and is_plural(ahead[lead - 1].lower)  # "how many Americans | die"
    return end + lead + 1


def _parallel(phrase: str, new: Mention | None, old: Sequence[Mention]) -> Mention | None:
    """The mention of the earlier question that `phrase` should replace."""
    words = {t.lower for t in tokens(phrase) if t.is_content}
    stems = {word[:4] for word in words if len(word) > 3}
    for mention in old:
        if words & {t.lower for t in tokens(mention.text)}:
            return mention
    # "the Chinese side" is not put in the place of "China".
    others = [m for m in old if not stems & {t.lower[:4] for t in tokens(m.text)}]
    if new is None or not others:
        return others[0] if others else None
    if new.is_name and new.kind == "unknown":
        others.reverse()  # "and Spain?" more often means the object than the subject
    return min(others, key=lambda m: (not _is_like(m, new), m.is_name != new.is_name))


def _is_like(a: Mention, b: Mention) -> bool:
    if "unknown" in (a.kind, b.kind):
        return "person" not in (a.kind, b.kind)
    return a.kind == b.kind or {a.kind, b.kind} <= {"group", "place"}
