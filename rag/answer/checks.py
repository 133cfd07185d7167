"""The checks a claim must pass beside one stretch of a source: facts, polarity, speakers, order.

Takes a claim and a `Stretch` (one to three source sentences with what stands before them), gives
a `Finding`: how much of the claim is there, and the problems in words. Any problem means that the
stretch does not say the claim.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rag.answer import lexicon as lex
from rag.answer.align import Alignment, Gap, align
from rag.answer.claims import Token, is_fragment, key_of, read_tokens
from rag.answer.placing import (
    added_words,
    changed_roles,
    mixed_sentences,
    moved_facts,
    replaced_words,
)
from rag.answer.relations import EXACT, similarity
from rag.answer.speakers import attributions, is_verbatim, quotations
from rag.dates import weekday_before
from rag.types import DocumentMetadata

MIN_COVERAGE = 0.72
SHORT_CLAIM = 3
"""Content words; a claim this short leaves no context that would show a change of meaning."""
NO_METADATA = DocumentMetadata()
_DENIALS = frozenset(
    key_of(word)
    for word in lex.words(
        """refuse deny fail reject decline cease stop prevent avoid lack unable unlikely false
        doubt forbid ban prohibit cancel impossible oppose dispute"""
    )
)


@dataclass(frozen=True)
class Stretch:
    """One to three sentences of a source, what stands before them, and the document's own data."""

    text: str
    before: str = ""
    metadata: DocumentMetadata = NO_METADATA


@dataclass(frozen=True)
class Finding:
    """What comparing a claim with a stretch found."""

    coverage: float
    problems: tuple[str, ...]
    uses_context: bool = False
    """True when a name of the claim stands before the stretch, which says he, it or the group."""

    @property
    def is_support(self) -> bool:
        """True when the stretch says the claim."""
        return not self.problems


def compare(claim: str, stretch: Stretch) -> Finding:
    """Lay `claim` beside `stretch` and list everything that keeps it from being said there."""
    aligned = align(claim, stretch.text)
    resolved = _resolved_names(aligned, stretch)
    implied = _implied_dates(stretch)
    problems = [
        *_missing_facts(aligned, stretch, resolved | implied),
        *replaced_words(aligned, resolved, implied),
        *_polarity_problems(aligned),
        *added_words(aligned, resolved),
        *moved_facts(aligned, claim, stretch.text),
        *changed_roles(aligned, claim, stretch.text),
        *mixed_sentences(claim, stretch.text),
        *_speaker_problems(claim, stretch, resolved),
        *_quotation_problems(claim, stretch),
    ]
    coverage = _coverage(aligned, resolved | implied)
    if len(aligned.claim) <= SHORT_CLAIM and min(aligned.strength, default=0.0) < EXACT:
        problems.append("so short a claim must be there word for word")
    elif is_fragment(read_tokens(claim)) and not _stands_together(aligned):
        problems.append("a name alone must be there as one")
    if coverage < MIN_COVERAGE:
        problems.append(f"only {coverage:.0%} of its words are there")
    return Finding(coverage, tuple(problems), bool(resolved & _context_names(stretch)))


def _coverage(aligned: Alignment, known: set[str]) -> float:
    if not aligned.claim:
        return 0.0
    extra = sum(
        1
        for token, found in zip(aligned.claim, aligned.strength, strict=True)
        if not found and token.key in known
    )
    return min(1.0, aligned.coverage + extra / len(aligned.claim))


def _stands_together(aligned: Alignment) -> bool:
    """True when the source has the claim's names in one piece, in the same form of the word."""
    names = [token for token in aligned.claim if token.is_capital]
    claimed = [_surface(token) for token in names]
    given = [_surface(token) for token in aligned.source]
    size = len(claimed)
    return any(given[n : n + size] == claimed for n in range(len(given) - size + 1))


def _surface(token: Token) -> str:
    return token.text.lower().replace(".", "")


def _context_names(stretch: Stretch) -> set[str]:
    return {token.key for token in read_tokens(stretch.before) if token.kind == "name"}


def _resolved_names(aligned: Alignment, stretch: Stretch) -> set[str]:
    """Names that stand before the stretch or in its title, where it says he, it or the group."""
    named = [
        token
        for token, found in zip(aligned.claim, aligned.strength, strict=True)
        if not found and token.kind in ("name", "word")
    ]
    if not named:
        return set()
    about = stretch.metadata
    known = [t for t in read_tokens(stretch.before) if t.kind == "name"]
    titles = read_tokens(f"{about.title}. {about.outlet} {about.author} {about.place}")
    known += [token for token in titles if token.is_capital]
    slots = [gap for gap in aligned.gaps() if gap.claim]
    return {
        token.key
        for token in named
        if any(similarity(token, other) for other in known)
        and any(token in gap.claim and _stands_for(gap) for gap in slots)
    }


def _stands_for(gap: Gap) -> bool:
    """True when no other name stands in the source where the claim has its name."""
    return not any(token.is_capital for token in gap.source)


def _missing_facts(aligned: Alignment, stretch: Stretch, known: set[str]) -> Iterator[str]:
    for token, found in zip(aligned.claim, aligned.strength, strict=True):
        if found or not token.is_fact or token.key in known:
            continue
        if token.kind == "name" and _spelled_out(token, stretch.text):
            continue
        yield f"{token.kind} {token.text!r} is not there"


def _implied_dates(stretch: Stretch) -> set[str]:
    """Day, month and year of the weekdays named, counted back from the date of publication."""
    published = stretch.metadata.published
    implied: set[str] = set()
    for token in read_tokens(stretch.text):
        if published and token.kind == "date":
            implied.add(published[:4])
            day = weekday_before(published, token.key)
            if day:
                implied |= {day[:4], lex.MONTHS[int(day[5:7]) - 1], str(int(day[8:]))}
    return implied


def _spelled_out(acronym: Token, source: str) -> bool:
    """CDC for Centers for Disease Control: its letters open the words of a name in the source."""
    letters = acronym.text.replace(".", "")
    if not (letters.isupper() and len(letters) >= 2):
        return False
    initials = "".join(t.text[0] for t in read_tokens(source) if t.text[:1].isupper())
    return letters in initials


def _polarity_problems(aligned: Alignment) -> Iterator[str]:
    for i, j in aligned.pairs:
        token, other = aligned.claim[i], aligned.source[j]
        if token.negated != other.negated:
            yield f"{token.text!r} is {'negated' if token.negated else 'not negated'} only here"
        elif other.hedged and not token.hedged and not token.negated:
            yield f"the source is less certain of {other.text!r}"
    for gap in aligned.gaps():
        claimed, given = _denials(gap.claim), _denials(gap.source[-2:] if gap.is_inner else ())
        if claimed and not _denials(gap.source) and not _found(claimed, aligned):
            yield f"{claimed[0].text!r} is not there"
        elif given and not _denials(gap.claim) and not any(t.negated for t in gap.claim):
            yield f"the source says {given[0].text!r}"


def _denials(tokens: tuple[Token, ...]) -> list[Token]:
    return [token for token in tokens if token.key in _DENIALS and not token.negated]


def _found(tokens: list[Token], aligned: Alignment) -> bool:
    keys = {other.key for other in aligned.source}
    return all(token.key in keys for token in tokens)


def _speaker_problems(claim: str, stretch: Stretch, resolved: set[str]) -> Iterator[str]:
    claimed = [each for each in attributions(claim) if not each.is_pronoun]
    if not claimed:
        return
    given = attributions(stretch.text)
    names = frozenset().union(*(each.speaker for each in given if not each.is_pronoun))
    about = stretch.metadata
    own = {t.key for t in read_tokens(f"{about.outlet} {about.title} {about.author}")}
    if any(each.is_pronoun for each in given) or not names:
        names |= _context_names(stretch) | resolved
    for each in claimed:
        if given and names and not each.speaker & names and not each.speaker & own:
            yield f"the source does not give this to {' '.join(sorted(each.speaker))}"


def _quotation_problems(claim: str, stretch: Stretch) -> Iterator[str]:
    for quotation in quotations(claim):
        if not is_verbatim(quotation, stretch.text):
            yield f"the quotation “{quotation}” is not word for word"
