"""Follow-ups made self-contained by rules, without a language model.

Takes a question and the conversation so far, gives the question as it would be asked alone:
pronouns become the entity they mean ("her job" -> "Jen Daskal's job"), fragments the earlier
question with that part changed ("and in 2020?"), corrections the earlier question corrected. What
cannot be said in its place is added as a topic in brackets. A question that stands by itself
comes back unchanged, and no content word that was typed is lost.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.analyze import terms
from rag.definites import expand_definite, other_one
from rag.frames import parse, topic, with_adjunct, with_entity, with_wh, without_lead
from rag.grammar import AUXILIARIES, PREPOSITIONS, WH, Token, is_verb_form, tokens, word_set
from rag.mentions import mentions
from rag.referents import (
    asked,
    described_person,
    is_within,
    place_of,
    referent,
    short_nominal,
    wanted_by,
)
from rag.types import Answer

_MAX_WORDS = 60
_MAX_TURNS = 6
_PERSON = word_set("he she him her his hers himself herself")
_THING = word_set("it its itself")
_PRONOUNS = _PERSON | _THING | word_set("they them their theirs themselves")
_POSSESSIVE = word_set("his its their hers theirs")
_LINKING = frozenset(  # terms that tie a question to the last one and ask for nothing
    terms(
        "no nope sorry actually wrong oops meant mean asked asking fine ok okay well right alright"
        " good great thanks thank see yes yeah please one hm ah oh now"
    )
)
_NEW_TOPIC = re.compile(
    r"""(?ix)\b(?: (?:(?:an)?other|new|different)\ (?:topic|subject|question|matter)
    | by\ the\ way | chang(?:e|ing)\ (?:of\ |the\ )?(?:topic|subject) | something\ else )\b"""
)
_CORRECTION = re.compile(
    r"""(?ix)^(?:(?:no|nope|sorry|actually|not\ that(?:\ one)?|wrong|oh|oops|well|i['’]m\ sorry
        |that(?:['’]s|\ is|\ was)\ (?:wrong|not\ (?:it|right)))\b
        [\s,.:;!–—-]*)*
        (?:what\ )?i\ (?:just\ |really\ |actually\ )?
        (?:(?:had\ |have\ )?(?:meant?|asked)|(?:was|am)\ asking)
        (?:\ (?:about|for|is|was|to\ ask|to\ say))?[\s,:]+
    | ^(?:no|nope|sorry|not\ that(?:\ one)?)\b[\s,.:;!–—-]+
        (?=(?:the|that|this|in|on|at|from)\b[^?]*$)"""
)
_OTHER_ONE = re.compile(r"(?i)^\W*(?:(?:no|sorry|not that(?: one)?)\W+)*the other one\W*$")
_BARE_WH = re.compile(
    r"""(?ix)^((?:(?:since|until|till|by|for|from|with|to|at|in|on|of)\ )?
    (?:who|whom|what|when|where|why|how|which)
    (?:\ (?:many|much|long|often|far|else|come|not|ones?))?(?:\ (?:times|exactly|precisely))?)
    (?:,?\ (?:is|was|are|were|did|does|do)\ (?:that|this|it|so)
    (?:\ (?:happen|occur|so|the\ case|done|be))?)?$"""
)
_SAYS_WHO = re.compile(
    r"""(?ix)^(?:says\ who|who\ (?:says|said)(?:\ (?:so|that|this|it))?|according\ to\ whom)$"""
)
_FRAGMENT = re.compile(
    r"(?i)^(?:what about|how about|what of|same (?:for|with|in)|and|or|but|also)\b[\s,]+"
)
_EXPLETIVE = re.compile(
    r"""(?ix)\b(?:
      (?:(?:is|was|be|isn['’]t|wasn['’]t)\ it|it(?:['’]s|\ is|\ was|\ (?:will|would)\ be))
        \ (?:(?:not|really|still|so|too|very)\ )*[\w-]+(?:\ (?:for|of)(?:\ [\w-]+){1,4}?)?
        \ (?:that|whether|if|who|to(?!\ (?:the|an?|this|(?-i:[A-Z]))\b))
    | (?:takes?|took)\b(?=.*\bto\b)
    | it\ (?:seems?|appears?|turns?\ out|rains?|snows?) | what\ time\ is\ it | it\ said\ that
    | it\ (?:be\ )?like\ to | (?:how|why|when|where)\ (?:is|was)\ it\ that )\b"""
)
_DEMONSTRATIVE_BEFORE = (
    AUXILIARIES | PREPOSITIONS | {"", ",", ".", "and", "or", "but", "all", "than"}
)


def rewrite(question: str, turns: Sequence[Answer]) -> str:
    """`question` made self-contained from `turns`, or unchanged when it stands by itself."""
    recent = list(turns)[-_MAX_TURNS:]
    words = question.split()
    if not recent or not words or len(words) > _MAX_WORDS or _NEW_TOPIC.search(question):
        return question
    found = (
        _corrected(question, recent)
        or _asked_again(question, recent)
        or _fragment(question, recent)
        or _resolved(question, recent)
    )
    if not found or _bare(found) == _bare(question):
        return question
    lost = set(terms(question, stopwords=False)) - _LINKING - set(terms(found))
    return _about(question, _topic(recent[-1])) if lost else found


def _corrected(question: str, turns: Sequence[Answer]) -> str:
    """ "No, I meant the foreign minister" -> the last question about the foreign minister."""
    match = _CORRECTION.match(question.strip())
    if not match:
        return other_one(turns) if _OTHER_ONE.match(question) else ""
    meant, more = _first_sentence(question.strip()[match.end() :])
    if re.match(r"(?i)the other one\b", meant):
        return other_one(turns)
    if more:
        return _about(more, meant)
    if any(t.lower in WH or t.is_auxiliary for t in tokens(meant)):
        return _resolved(meant, turns) or f"{meant}?"
    return _varied(meant, turns)


def _asked_again(question: str, turns: Sequence[Answer]) -> str:
    """ "And when was that?", "why?", "who else?": the last question with another question word."""
    typed = without_lead(question).rstrip(" ?!.")
    last = turns[-1]
    frame = parse(asked(last))
    if _SAYS_WHO.match(typed):
        return f"{typed[:1].upper()}{typed[1:]} ({_topic(last)})?"
    match = _BARE_WH.match(typed)
    if not match:
        return _with_noun(typed, turns)
    wh = match.group(1)
    short = typed.lower() == wh.lower()
    adverbial = re.search(r"(?i)\b(?:when|where|why|how|whom)\b", wh) and "many" not in wh.lower()
    if adverbial and not re.search(r"(?i)\b(?:much|else)\b", wh):
        subject = short_nominal(last) or _asked_subject(frame.noun, frame.asks_person)
        return with_wh(frame, wh[:1].upper() + wh[1:], subject)
    if not short:
        return ""  # "who is that?": a pronoun, not an ellipsis
    if wh.lower().startswith("how") and frame.noun:
        return f"{wh} {frame.noun} {frame.rest}?"
    if wh.lower().endswith("else") and wh.split()[0].lower() == frame.word and not frame.noun:
        return f"{wh} {frame.rest}?"
    return f"{wh} ({_topic(last)})?"


def _with_noun(question: str, turns: Sequence[Answer]) -> str:
    """ "How many survived?" -> "How many soldiers survived?"."""
    toks = tokens(question)
    counted = re.match(r"(?i)(how many|which)\s", question)
    rest = [t for t in toks if counted and t.start >= counted.end()]
    if not counted or not rest or not (rest[0].is_auxiliary or is_verb_form(rest[0].lower)):
        return ""
    if len(rest) > 1 and not rest[0].is_auxiliary and rest[1].is_content:
        return ""
    nouns = (parse(asked(turn)).noun for turn in reversed(turns))
    noun = next((noun for noun in nouns if noun), "")
    if not noun:
        return ""
    whole = f"{counted.group(1)} {noun} {question[counted.end() :]}?"
    return _resolved(whole, turns) or whole


def _asked_subject(noun: str, asks_person: bool) -> str:
    if noun:
        return noun if noun.split()[-1].endswith("s") else f"the {noun}"
    return "someone" if asks_person else "something"


def _fragment(question: str, turns: Sequence[Answer]) -> str:
    """ "What about China?", "and per year?": the last question with that part changed."""
    text = question.strip()
    lead = _FRAGMENT.match(text)
    rest = without_lead(text[lead.end() :] if lead else text).rstrip(" ?!.")
    rest = re.sub(r"(?i)^(?:what|how) about\s+", "", rest)
    toks = tokens(rest)
    if not toks or any(t.lower in WH or t.is_auxiliary or t.text == "," for t in toks):
        return ""
    if any(t.lower in _PRONOUNS for t in toks):
        return ""
    if not lead:
        opening = toks[0].lower in PREPOSITIONS | {"the", "per", "every"} or toks[0].is_capital
        if not opening or len(toks) > 4 or "?" not in text or len(mentions(f"about {rest}")) > 1:
            return ""
    return _varied(rest, turns)


def _varied(part: str, turns: Sequence[Answer]) -> str:
    """The last question with `part` (a time, a place or an entity) in the fitting spot."""
    previous = re.sub(r"\s*\([^()]*\)", "", without_lead(asked(turns[-1])))
    part = part.strip(" .?!")
    if tokens(part)[0].lower in PREPOSITIONS | {"per", "every", "each", "last", "next"}:
        return with_adjunct(previous, part)
    return with_entity(previous, part)


def _resolved(question: str, turns: Sequence[Answer]) -> str:
    """The question with its pronouns and bare definite phrases replaced by what they mean."""
    text = without_lead(question)
    if text != question.strip():
        text = text[:1].upper() + text[1:]
    toks = tokens(text)
    edits: list[tuple[int, int, str]] = []
    unknown: set[str] = set()
    for i, token in enumerate(toks):
        if not _needs_referent(text, toks, i):
            continue
        meaning = _meaning(toks, i, turns)
        if not meaning:
            unknown.add(token.lower)
        else:
            edits.append((token.start, token.end, meaning))
    for start, end, meaning in reversed(edits):
        text = text[:start] + (meaning if start else meaning[:1].upper() + meaning[1:]) + text[end:]
    expanded = expand_definite(text, turns)
    if not edits and not unknown and expanded == text:
        return ""
    if not unknown:
        return expanded
    person = described_person(turns) if unknown & _PERSON else ""
    return _about(expanded, person or _topic(turns[-1]))


def _needs_referent(text: str, toks: Sequence[Token], i: int) -> bool:
    """True for a word that points out of the question."""
    word = toks[i].lower
    before = toks[i - 1].lower if i else ""
    after = toks[i + 1].lower if i + 1 < len(toks) else ""
    if word in ("it", "itself") and _EXPLETIVE.search(text):
        return False
    if word in _PRONOUNS:
        return not is_within(toks, i, word)
    if word in ("that", "this", "these", "those"):
        if i and after in ("", "?", ".", "!"):
            return True
        if before not in _DEMONSTRATIVE_BEFORE or (word == "that" and i and after in _PRONOUNS):
            return False
        return bool(re.sub(r"\W", "", word)) and not _is_stated(toks, i)
    if word == "then":
        return after in ("", "?") and i > 0
    return word == "there" and before not in AUXILIARIES and after not in AUXILIARIES


def _is_stated(toks: Sequence[Token], i: int) -> bool:
    """True for "this week", "that year": no entity is meant that an earlier turn could name."""
    following = toks[i + 1].lower if i + 1 < len(toks) else ""
    return toks[i].lower == "this" and following in (
        "morning", "week", "month", "year", "article", "document", "corpus", "text", "collection",
    )  # fmt: skip


def _meaning(toks: Sequence[Token], i: int, turns: Sequence[Answer]) -> str:
    """What the word at `i` stands for, ready to be put in its place; empty when not known."""
    word = toks[i].lower
    if word == "there":
        place = place_of(turns)
        return f"in {place}" if place else ""
    if word not in _PRONOUNS:
        return _demonstrated(toks, turns)
    if word in _THING and i > 1 and toks[i - 1].lower in AUXILIARIES and toks[0].lower == "which":
        return ""  # "which business was it?"
    kind = wanted_by(word)
    before = toks[i - 1] if i else None
    is_object = before is not None and before.is_word and before.lower not in AUXILIARIES | WH
    found = referent(kind, turns, word, is_object=is_object and word == "it")
    follows = toks[i + 1] if i + 1 < len(toks) else None
    possessive = word in _POSSESSIVE or (word == "her" and follows and follows.is_content)
    if not found or not possessive:
        return found
    return f"{found}’" if found.endswith("s") and kind == "plural" else f"{found}’s"


def _demonstrated(toks: Sequence[Token], turns: Sequence[Answer]) -> str:
    """ "Who is that?" means the last person; other demonstratives are left to the topic."""
    words = " ".join(t.lower for t in toks if t.is_word)
    return referent("person", turns, "") if re.fullmatch("who (is|was) (that|this)", words) else ""


def _topic(turn: Answer) -> str:
    """What a turn was about: its short answer and its question without the question words."""
    about = topic(asked(turn))
    short = short_nominal(turn)
    return f"{short}, {about}" if short and short.lower() not in about.lower() else about


def _about(question: str, subject: str) -> str:
    """The question with a topic in brackets; "Who is that?" takes it in the place of "that"."""
    pointing = re.match(
        r"(?i)((?:who|what|where) (?:is|was|are|were)) (?:that|this|it|he|she|they)\W*$", question
    )
    if pointing:
        return f"{pointing.group(1)} {subject}?"
    return f"{question.rstrip(' ?!.')} ({subject})?" if subject else question


def _first_sentence(text: str) -> tuple[str, str]:
    """The first sentence without its mark, and what follows."""
    parts = re.split(r"(?<=[^\W\d]{2})([.?!;])\s+(?=\S)", text, maxsplit=1)
    return (parts[0], parts[-1].strip()) if len(parts) == 3 else (text.strip(" .?!"), "")


def _bare(text: str) -> str:
    return " ".join(t.lower for t in tokens(without_lead(text)) if t.is_word)
