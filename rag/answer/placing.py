"""Is every word of a claim where the source has it? Replaced, added, moved words; changed roles.

Each check takes an `Alignment` and yields problems in words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from rag.answer.align import Alignment, Gap
from rag.answer.claims import Token, read_tokens
from rag.answer.relations import is_opposite, similarity
from rag.sentences import sentences

MAX_ADDED_WORDS = 1
"""In a row, and none at the end of the claim. Settled on squad2 and clapnq: additions caught rise
from 4 % to 100 %, sentences of clapnq's human answers that pass fall from 86.5 % to 82.5 %."""
STRONG_WORDS = frozenset(["all", "every", "most", "only", "always", "first", "last", "none"])
"""They claim more than the same sentence without them."""
_CLAUSE = re.compile(
    r"[,;:()–—]|\b(?:and|but|or|nor|so|yet|while|whereas|although|though|because|since|when|where|"
    r"after|before|until|unless|if|than|as|that|which|who|whose|whom)\b",
    re.IGNORECASE,
)
_PLACE_AND_TIME = ("in", "on", "at", "near", "during", "since", "until", "around")


def replaced_words(aligned: Alignment, resolved: set[str], implied: set[str]) -> Iterator[str]:
    """Facts and words of the claim that stand where the source has other ones."""
    strength = dict(zip(map(id, aligned.claim), aligned.strength, strict=True))
    for gap in aligned.gaps():
        if not gap.claim or not gap.source:
            continue
        yield from _swapped_facts(gap, aligned, implied)
        fresh = [t for t in gap.claim if not strength[id(t)] and t.key not in resolved]
        yield from _opposites(gap)
        if gap.is_inner or len(gap.source) <= 2:
            yield from _other_words(gap, fresh)


def added_words(aligned: Alignment, resolved: set[str]) -> Iterator[str]:
    """Words in a row that the source has nowhere: a circumstance that was added."""
    strength = dict(zip(map(id, aligned.claim), aligned.strength, strict=True))
    for token in aligned.claim:
        if token.text.lower() in STRONG_WORDS and not strength[id(token)]:
            yield f"{token.text!r} is not there"
    for gap in aligned.gaps():
        fresh = [
            token.text
            for token in gap.claim
            if token.kind == "word" and not strength[id(token)] and token.key not in resolved
        ]
        is_last = gap.claim[-1:] == aligned.claim[-1:]
        if len(fresh) > (0 if is_last else MAX_ADDED_WORDS):
            yield f"“{' '.join(fresh)}” is not there"


def moved_facts(aligned: Alignment, claim: str, source: str) -> Iterator[str]:
    """A name or number that the source has elsewhere, among other words."""
    paired = {i for i, _ in aligned.pairs}
    for position, token in enumerate(aligned.claim):
        if position in paired or not aligned.strength[position]:
            continue
        bound = token.is_fact or token.is_capital or token.text.lower() in STRONG_WORDS
        if not bound or _bound_elsewhere(token, aligned):
            continue
        if not _moved_with_its_phrase(token, aligned, claim, source):
            yield f"{token.text!r} stands elsewhere in the source"


def changed_roles(aligned: Alignment, claim: str, source: str) -> Iterator[str]:
    """Two names keep their order, but only one side is in the passive: who did it has changed."""
    for first, second, third in zip(
        aligned.pairs, aligned.pairs[1:], aligned.pairs[2:], strict=False
    ):
        (i, j), (_, verb), (k, m) = first, second, third
        one, other = aligned.claim[i], aligned.claim[k]
        if not (one.is_capital and other.is_capital and (k - i, m - j) == (2, 2)):
            continue
        mine = _says_by(claim[aligned.claim[i + 1].end : other.start])
        yours = _says_by(source[aligned.source[verb].end : aligned.source[m].start])
        if mine != yours:
            yield f"{one.text!r} and {other.text!r} have changed roles"


def mixed_sentences(claim: str, source: str) -> Iterator[str]:
    """A clause joined from the words of two sentences by a word that is in neither.

    Names may come from another sentence: there they stand for "he" and "the group".
    """
    parts = [read_tokens(span.of(source)) for span in sentences(source)]
    if len(parts) < 2:
        return
    for clause in _CLAUSE.split(claim):
        words = [token for token in read_tokens(clause) if token.kind == "word"]
        held = [{n for n, part in enumerate(parts) if _is_in(word, part)} for word in words]
        found = [where for where in held if where]
        if 0 < len(found) < len(held) and not set.intersection(*found):
            yield f"“{clause.strip()}” mixes the words of two sentences"


def _is_in(word: Token, sentence: tuple[Token, ...]) -> bool:
    return any(similarity(word, other) for other in sentence)


def _swapped_facts(gap: Gap, aligned: Alignment, implied: set[str]) -> Iterator[str]:
    """A name, number or date of the claim stands where the source has another one."""
    if len(gap.claim) > 4 or len(gap.source) > 6:
        return
    for token in gap.claim:
        if token.key in implied:
            continue
        rivals = [t for t in gap.source if t.kind == token.kind]
        same = [t for t in gap.source if similarity(token, t)]
        in_its_place = len(gap.claim) == 1 and len(gap.source) <= 2
        free = not in_its_place and _bound_elsewhere(token, aligned)
        if token.is_fact and rivals and not same and not free:
            yield f"{token.text!r} stands where the source has {rivals[0].text!r}"


def _bound_elsewhere(token: Token, aligned: Alignment) -> bool:
    """True when a free occurrence of the fact in the source has the same neighbour on one side.

    Where only one of claim and source is in the passive, the sides are changed.
    """
    here = aligned.claim.index(token)
    paired = {j for _, j in aligned.pairs}
    sides = (-1, 1)
    for position, other in enumerate(aligned.source):
        if position in paired or not similarity(token, other):
            continue
        for side in sides:
            mine = _beside(aligned.claim, here, side)
            yours = _beside(aligned.source, position, -side if aligned.flipped else side)
            if mine and yours and similarity(mine, yours) and _tells_apart(yours, token, aligned):
                return True
    return False


def _tells_apart(neighbour: Token, fact: Token, aligned: Alignment) -> bool:
    """False when other numbers have the same neighbour, as in "from 1 percent to 3 percent"."""
    if fact.kind != "number":
        return True
    beside = [
        other
        for position, other in enumerate(aligned.source)
        for near in (position - 1, position + 1)
        if 0 <= near < len(aligned.source) and aligned.source[near].key == neighbour.key
    ]
    return len({other.key for other in beside if other.kind == "number"}) < 2


def _beside(tokens: tuple[Token, ...], position: int, side: int) -> Token | None:
    """The next token on that side, outside the name that the token is part of."""
    step = position + side
    while 0 <= step < len(tokens) and tokens[step].is_capital and tokens[position].is_capital:
        step += side
    return tokens[step] if 0 <= step < len(tokens) else None


def _moved_with_its_phrase(token: Token, aligned: Alignment, claim: str, source: str) -> bool:
    """ "In 1983" or "on 13 August" as a whole at another place says the same."""
    start = _phrase_start(token, aligned.claim)
    opening = _word_before(claim, start)
    return opening in _PLACE_AND_TIME and any(
        similarity(token, other)
        and _word_before(source, _phrase_start(other, aligned.source)) == opening
        for other in aligned.source
    )


def _phrase_start(token: Token, tokens: tuple[Token, ...]) -> int:
    """Where the run of facts that `token` belongs to begins."""
    position = tokens.index(token)
    while position and tokens[position - 1].is_fact:
        if tokens[position].start - tokens[position - 1].end > 2:
            break
        position -= 1
    return tokens[position].start


def _word_before(text: str, position: int) -> str:
    words = text[:position].lower().split()
    words = words[:-1] if words and words[-1] in ("the", "a", "an") else words
    return words[-1].strip(",.;(") if words else ""


def _opposites(gap: Gap) -> Iterator[str]:
    for token in gap.claim:
        for other in gap.source:
            if is_opposite(token.key, other.key) and token.negated == other.negated:
                yield f"{token.text!r} is the opposite of {other.text!r}"


def _other_words(gap: Gap, fresh: list[Token]) -> Iterator[str]:
    """One or two words stand where the source has other ones that do not mean the same."""
    source = [t for t in gap.source if t.kind not in ("pronoun", "quantifier")]
    words = [t for t in fresh if t.kind == "word"]
    if words and source and len(gap.claim) <= 2 and len(source) <= 2:
        opposite = any(is_opposite(a.key, b.key) for a in words for b in source)
        if not opposite:
            yield f"{words[0].text!r} stands where the source has {source[0].text!r}"


def _says_by(text: str) -> bool:
    return "by" in text.lower().split()
