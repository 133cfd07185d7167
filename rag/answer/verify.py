"""Checking a sentence of a language model against the passages it was given.

Takes a sentence, the numbers it cites and the passages; gives a `Checked`: the verdict, the exact
spans that say it, and what was wrong when none does. Deterministic and offline: alignment and
rules (`align`, `checks`), no model. A sentence counts as supported only when one stretch of one
passage holds all of it; the person's trust is worth more than a paraphrase lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from rag.answer.checks import Finding, Stretch, compare
from rag.answer.claims import Token, content, is_fragment, read_tokens
from rag.answer.instructions import instruction_spans, is_instruction
from rag.sentences import sentences
from rag.types import Document, ScoredChunk, Span, Verdict

MAX_STRETCHES = 8
MIN_CLAUSE_COVERAGE = 0.9
MAX_STITCHED_COVERAGE = 0.8
"""A sentence that one stretch nearly holds is an altered one, not one made of parts."""
_MIN_HELD = 0.4
_NEARLY = 0.05
_CONTEXT_CHARS = 700
_FRAME = re.compile(
    r"^(?:(?:according to|based on|as stated in|per|in)\s+(?:the\s+)?"
    r"(?:(?:given|provided|above|first|second|third)\s+)*"
    r"(?:passages?|sources?|articles?|texts?|documents?|context|reports?)(?:\s+\d+)?\s*,?\s*"
    r"|(?:the|this|these)\s+(?:passages?|sources?|articles?|texts?|documents?|reports?)"
    r"(?:\s+\d+)?\s+(?:says?|states?|notes?|mentions?|reports?|adds?|explains?)\s+(?:that\s+)?"
    r"|(?:yes|no|also|in addition|additionally|furthermore|moreover|finally|overall)\s*,\s+)+",
    re.IGNORECASE,
)
_TOOK_PLACE = re.compile(r"\b(?:took|takes|take|taken) place\b")
_CLAUSE = re.compile(r"(?:;|,?\s+(?:and|but|while|whereas|although)|, which|, who)\s+")


@dataclass(frozen=True)
class NumberedPassage:
    """A passage as the model saw it: its number, its document and its sentences."""

    number: int
    document: Document
    span: Span
    sentences: tuple[Span, ...]
    before: tuple[Span, ...] = ()
    """The sentences before the passage, to tell who "he" is."""


@dataclass(frozen=True)
class Support:
    """The exact span of a passage that says a claim."""

    number: int
    span: Span
    coverage: float


@dataclass(frozen=True)
class Checked:
    """What checking a sentence found."""

    verdict: Verdict
    supports: tuple[Support, ...] = ()
    problems: tuple[str, ...] = field(default=())


def number_passages(
    chunks: Sequence[ScoredChunk], documents: Mapping[str, Document]
) -> list[NumberedPassage]:
    """The chunks as numbered passages, from 1 on, with their sentences and what stands before."""
    passages = []
    for number, scored in enumerate(chunks, start=1):
        chunk, document = scored.chunk, documents[scored.chunk.document]
        area = Span(max(0, chunk.span.start - _CONTEXT_CHARS), chunk.span.start)
        before = tuple(sentences(document.text, area))[-3:]
        own = chunk.sentences or tuple(sentences(document.text, chunk.span))
        passages.append(NumberedPassage(number, document, chunk.span, own, before))
    return passages


def verify(
    sentence: str,
    cited: Sequence[int],
    passages: Sequence[NumberedPassage],
    *,
    question: str = "",
) -> Checked:
    """Find what says `sentence`: first in the cited passages, then in the others.

    `supported`: a cited passage says it, or nothing was cited and a passage says it.
    `misattributed`: only another passage does. `stitched`: each clause is said by another passage.
    A name without a verb answers only when `question` does not hold all of it.
    """
    claim = unframed(sentence)
    if not _is_claim(claim) or _is_repeated(claim, question):
        return Checked("unsupported", problems=("it makes no claim that could be checked",))
    named = [passage for passage in passages if passage.number in cited]
    others = [passage for passage in passages if passage.number not in cited]
    here = _search(claim, named)
    if here.support:
        return Checked("supported", (here.support,))
    elsewhere = _search(claim, others)
    if elsewhere.support:
        return Checked("misattributed" if cited else "supported", (elsewhere.support,))
    nearest = max(here, elsewhere, key=lambda search: search.coverage)
    parts = _stitched(claim, passages) if nearest.coverage < MAX_STITCHED_COVERAGE else ()
    if parts:
        return Checked("stitched", parts)
    return Checked("unsupported", problems=nearest.problems)


def unframed(sentence: str) -> str:
    """`sentence` without "According to the passage," and the like."""
    bare = _FRAME.sub("", sentence.strip().lstrip("-*•– ").strip())
    return _TOOK_PLACE.sub("happened", bare)


def _is_claim(claim: str) -> bool:
    asks = claim.rstrip("\"”’'").endswith("?")
    return not asks and _is_checkable(claim) and not is_instruction(claim)


def _is_repeated(claim: str, question: str) -> bool:
    """True for a mere name out of the question, unless the question gave names to choose from."""
    tokens, asked = read_tokens(claim), read_tokens(question)
    if not question or not is_fragment(tokens) or any(t.text.lower() == "or" for t in asked):
        return False
    return {token.key for token in content(tokens)} <= {token.key for token in asked}


def _is_checkable(claim: str, *, least: int = 2) -> bool:
    return sum(token.kind != "quantifier" for token in content(read_tokens(claim))) >= least


@dataclass
class _Search:
    """The best support found, else how near the nearest stretch came and what was wrong with it."""

    support: Support | None = None
    rank: float = 0.0
    coverage: float = 0.0
    problems: tuple[str, ...] = ()


def _search(claim: str, passages: Sequence[NumberedPassage]) -> _Search:
    found = _Search()
    for passage in passages:
        findings = list(_findings(claim, passage))
        for span, finding in findings:
            if finding.is_support and _is_denied_within(span, finding, findings):
                continue
            rank = finding.coverage - 0.0001 * (span.end - span.start)
            if finding.is_support and (found.support is None or rank > found.rank):
                cited = _with_context(passage, span) if finding.uses_context else span
                found.support = Support(passage.number, cited, finding.coverage)
                found.rank = rank
            elif finding.coverage > found.coverage:
                found.coverage, found.problems = finding.coverage, finding.problems
    return found


def _is_denied_within(
    span: Span, finding: Finding, findings: Sequence[tuple[Span, Finding]]
) -> bool:
    """True when a part of the stretch holds as much of the claim, and contradicts it there.

    A neighbouring sentence must not lend the claim the one word that its own sentence denies it.
    """
    return any(
        not other.is_support
        and other.coverage >= finding.coverage - _NEARLY
        and span.start <= part.start
        and part.end <= span.end
        for part, other in findings
    )


def _findings(claim: str, passage: NumberedPassage) -> Iterator[tuple[Span, Finding]]:
    text = passage.document.text
    instructions = instruction_spans(text, (*passage.before, *passage.sentences))
    for first, last in _stretches(claim, passage):
        if not instructions.isdisjoint(passage.sentences[first : last + 1]):
            continue
        span = Span(passage.sentences[first].start, passage.sentences[last].end)
        before = [*passage.before, *passage.sentences[:first]][-3:]
        stretch = Stretch(
            text=span.of(text),
            before=" ".join(each.of(text) for each in before),
            metadata=passage.document.metadata,
        )
        yield span, compare(claim, stretch)


def _stretches(claim: str, passage: NumberedPassage) -> list[tuple[int, int]]:
    """Runs of one to three sentences worth comparing: those that hold most of the claim.

    A run longer than one sentence counts only when each of its sentences adds two content words,
    one of them no name: otherwise a neighbour would lend the claim a name it does not give it.
    """
    wanted = content(read_tokens(claim))
    held = [_held(wanted, span.of(passage.document.text)) for span in passage.sentences]
    runs = []
    for size in (1, 2, 3):
        for first in range(len(held) - size + 1):
            run = held[first : first + size]
            if size == 1 or all(_adds(run, n, wanted) for n in range(size)):
                runs.append((len(set().union(*run)) - 0.1 * size, first, first + size - 1))
    runs.sort(key=lambda run: (-run[0], run[1]))
    least = _MIN_HELD * len(wanted)
    return [(first, last) for score, first, last in runs[:MAX_STRETCHES] if score >= least]


def _held(wanted: Sequence[Token], sentence: str) -> set[int]:
    keys = {token.key for token in read_tokens(sentence)}
    return {number for number, token in enumerate(wanted) if token.key in keys}


def _adds(run: list[set[int]], which: int, wanted: Sequence[Token]) -> bool:
    others = set().union(*(held for n, held in enumerate(run) if n != which))
    own = [wanted[number] for number in run[which] - others]
    return len(own) >= 2 and any(token.kind == "word" for token in own)


def _with_context(passage: NumberedPassage, span: Span) -> Span:
    """`span` with the sentence before it, which says who "he" or "the group" is."""
    earlier = [each for each in passage.sentences if each.end <= span.start]
    return Span(earlier[-1].start, span.end) if earlier else span


def _stitched(claim: str, passages: Sequence[NumberedPassage]) -> tuple[Support, ...]:
    """One support for each clause of `claim`, from at least two passages; empty when one lacks."""
    clauses = [clause for clause in _CLAUSE.split(claim) if clause]
    if len(clauses) < 2 or not all(_is_checkable(clause, least=3) for clause in clauses):
        return ()
    supports = [_search(clause, passages).support for clause in clauses]
    found = [each for each in supports if each and each.coverage >= MIN_CLAUSE_COVERAGE]
    if len(found) < len(clauses) or len({each.number for each in found}) < 2:
        return ()
    return tuple(dict.fromkeys(found))
