"""Chosen sentences to an answer: short answer first, then the exact quotes with their numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache

from rag.answer.agree import count_independent, same_fact
from rag.answer.candidates import Candidate
from rag.answer.cite import make_citation
from rag.answer.conflicts import Disagreement, find_disagreement
from rag.answer.context import with_context
from rag.answer.forms import FORMS, persons
from rag.answer.question import Question
from rag.answer.select import OPEN_TYPES, Ranked, Selection
from rag.chunk import document_sentences
from rag.dates import weekday_before
from rag.settings import AnsweringSettings
from rag.types import Agreement, Answer, AnswerSentence, Citation, Conflict, Document, Span

_DEPTH = 10
_LEAST_SHARE = 0.1
_MORE_TO_COMPARE, _MORE_LENIENT = 2, 10
_SECOND_SOURCE_PROBABILITY = 0.8
_MOST_EACH = 2  # sentences for each part of a compound question
_SHORT_ANSWER_CHARS = 90
_SHORT_ANSWER_PROBABILITY = 0.5
_SHORT_ANSWER_CONFIDENCE = 0.6
_SUREST = 0.9
_CREDIT = re.compile(
    r"\([^()]*(?:/[^()]+|\b(?:photo|images?|photograph)\b[^()]*)\)\s*$", re.IGNORECASE
)
_WEEKDAY = re.compile(r"\b((?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day)\b")


@dataclass(frozen=True)
class Answered:
    """A question with the sentences selected for it."""

    question: Question
    selection: Selection


@dataclass(frozen=True)
class _WrittenPart:
    """One part of the answer, written out."""

    text: str
    sentences: tuple[AnswerSentence, ...]
    short: str
    agreement: Agreement


@dataclass(frozen=True)
class _Piece:
    """A sentence to be quoted, the spans quoted for it, and the witnesses that say the same."""

    ranked: Ranked
    spans: tuple[Span, ...]
    witnesses: tuple[Ranked, ...]

    def with_witness(self, ranked: Ranked) -> _Piece:
        """The piece with one more witness, at most one of each document."""
        known = {witness.candidate.document.path for witness in self.witnesses}
        if ranked.candidate.document.path in known:
            return self
        return replace(self, witnesses=(*self.witnesses, ranked))


class _Numbering:
    """Gives each cited span its number, the same span the same one."""

    def __init__(self) -> None:
        self.citations: list[Citation] = []

    def cite(self, document: Document, span: Span) -> int:
        for known in self.citations:
            if (
                known.document == document.path
                and known.start <= span.start
                and span.end <= known.end
            ):
                return known.number
        self.citations.append(make_citation(len(self.citations) + 1, document, span))
        return len(self.citations)

    def without_quoted(self, ranked: Sequence[Ranked]) -> Sequence[Ranked]:
        """`ranked` without sentences quoted already, all of it when nothing would be left."""
        return [each for each in ranked if not self._is_quoted(each.candidate)] or ranked

    def _is_quoted(self, candidate: Candidate) -> bool:
        return any(
            known.document == candidate.document.path
            and Span(known.start, known.end).overlaps(candidate.span)
            for known in self.citations
        )


def compose(
    question: Question,
    parts: Sequence[Answered],
    settings: AnsweringSettings,
    *,
    unanswered: Sequence[str] = (),
) -> Answer:
    """The answer that quotes the best of each part's selection, the parts in order.

    A single question is one part. `unanswered` are the questions of `question` left open.
    """
    numbering = _Numbering()
    most = settings.max_sentences if len(parts) == 1 else min(settings.max_sentences, _MOST_EACH)
    written = [_compose_part(part, most, numbering) for part in parts]
    opened = [f"The documents do not answer “{each.rstrip(' ?!.')}”." for each in unanswered]
    return Answer(
        question=question.text,
        text="\n\n".join([*(each.text for each in written), *opened]),
        abstained=False,
        citations=tuple(numbering.citations),
        short_answer="; ".join(each.short for each in written if each.short),
        sentences=(
            *(sentence for each in written for sentence in each.sentences),
            *map(AnswerSentence, opened),
        ),
        agreement=_merged([each.agreement for each in written]),
        confidence=min(part.selection.confidence for part in parts),
    )


def _compose_part(part: Answered, most: int, numbering: _Numbering) -> _WrittenPart:
    question, selection = part.question, part.selection
    conflict = find_disagreement(question, selection.ranked, _DEPTH)
    ranked = numbering.without_quoted(selection.ranked)
    least = _LEAST_SHARE * ranked[0].share
    if question.compares:
        ranked, most = _one_of_each_first(ranked), most + _MORE_TO_COMPARE
        least /= _MORE_LENIENT
    pieces = _choose(ranked, conflict, most, least)
    marked, written = zip(*(_write(piece, numbering) for piece in pieces), strict=True)
    short = _short_answer(question, pieces[0].ranked, selection) if not conflict else ""
    if short:
        first = written[0].citations[len(pieces[0].spans) - 1]
        marked = (f"{short} [{first}]", *marked)
        written = (AnswerSentence(short, (first,)), *written)
    agreement = _agreement(pieces, conflict, numbering)
    return _WrittenPart(_join(marked, conflict), written, short, agreement)


def _merged(agreements: Sequence[Agreement]) -> Agreement:
    """Of several parts the least witnessed one counts; conflicts of all are kept."""
    least = min(agreements, key=lambda each: (each.independent, each.witnesses))
    conflicts = tuple(conflict for each in agreements for conflict in each.conflicts)
    return replace(least, conflicts=conflicts)


def _choose(
    ranked: Sequence[Ranked], conflict: Disagreement | None, most: int, least: float
) -> list[_Piece]:
    """Best sentences first, the sides of a conflict among them, what says the same folded in.

    Sentences whose share is under `least` are left out, but for the first and the sides.
    """
    sides = [each.ranked for each in conflict.sides] if conflict else []
    pieces: list[_Piece] = []
    for each in [*sides, *_without(ranked, sides)][: _DEPTH + len(sides)]:
        is_side = any(each is side for side in sides)
        if pieces and each.share < least and not is_side and not _is_second_source(each, pieces):
            continue
        if any(_is_covered(each, piece) for piece in pieces):
            continue
        twin = next((i for i, p in enumerate(pieces) if same_fact(p.ranked, each)), None)
        if twin is not None and not is_side:
            pieces[twin] = pieces[twin].with_witness(each)
        elif len(pieces) < max(most, len(sides)):
            document = each.candidate.document
            spans = with_context(document, each.candidate.span, _sentences(document))
            pieces.append(_Piece(each, tuple(spans), ()))
    return pieces


@lru_cache(maxsize=16)  # documents may be long, and few are quoted at a time
def _sentences(document: Document) -> tuple[Span, ...]:
    return tuple(document_sentences(document))


def _is_second_source(each: Ranked, pieces: Sequence[_Piece]) -> bool:
    """True for the sentence of a further document in which the reader is sure of an answer."""
    reading = each.reading
    if reading is None or reading.probability < _SECOND_SOURCE_PROBABILITY:
        return False
    path = each.candidate.document.path
    known = any(piece.ranked.candidate.document.path == path for piece in pieces)
    return reading.is_best and not known


def _without(ranked: Sequence[Ranked], left_out: Sequence[Ranked]) -> list[Ranked]:
    return [each for each in ranked if all(each is not other for other in left_out)]


def _one_of_each_first(ranked: Sequence[Ranked]) -> tuple[Ranked, ...]:
    """The best sentence of each document, best first, before the others."""
    seen: set[str] = set()
    first: list[Ranked] = []
    for each in ranked:
        if each.candidate.document.path not in seen:
            seen.add(each.candidate.document.path)
            first.append(each)
    return (*first, *_without(ranked, first))


def _is_covered(each: Ranked, piece: _Piece) -> bool:
    same = each.candidate.document.path == piece.ranked.candidate.document.path
    return same and any(span.overlaps(each.candidate.span) for span in piece.spans)


def _write(piece: _Piece, numbering: _Numbering) -> tuple[str, AnswerSentence]:
    """The piece with its [n] marks, and as a sentence without them."""
    document = piece.ranked.candidate.document
    introduction = _introduction(document, piece.spans[-1])
    quotes = [_flat(span.of(document.text)) for span in piece.spans]
    numbers = [numbering.cite(document, span) for span in piece.spans]
    more = [numbering.cite(w.candidate.document, w.candidate.span) for w in piece.witnesses]
    marked = [f"{quote} [{number}]" for quote, number in zip(quotes, numbers, strict=True)]
    marked += [f"[{number}]" for number in more]
    sentence = AnswerSentence(introduction + " ".join(quotes), (*numbers, *more))
    return introduction + " ".join(marked), sentence


def _introduction(document: Document, span: Span) -> str:
    """Who is quoted: the outlet where the text names it, and whether it is a photo caption."""
    outlet = document.metadata.outlet
    end = document.text.find("\n", span.end)
    paragraph_end = document.text[span.start : end if end >= 0 else len(document.text)]
    caption = "photo caption" if _CREDIT.search(paragraph_end.rstrip()) else ""
    introduction = ", ".join(filter(None, (outlet, caption)))
    return f"{introduction[:1].upper()}{introduction[1:]}: " if introduction else ""


def _short_answer(question: Question, best: Ranked, selection: Selection) -> str:
    """The words that answer, cut from the quote, a weekday resolved by the article's own date."""
    reading, found = best.reading, " ".join(best.answer_span_text.split()).strip(" ,;:")
    if reading is None or reading.probability < _SHORT_ANSWER_PROBABILITY:
        return ""
    surest = question.type == "what"  # no form to check the words against
    if selection.confidence < (_SUREST if surest else _SHORT_ANSWER_CONFIDENCE):
        return ""
    if not found or len(found) > _SHORT_ANSWER_CHARS or found not in _flat(best.candidate.text):
        return ""
    if question.type in OPEN_TYPES:
        return ""
    finder = FORMS.get(question.type)
    if finder is not None and question.type in ("when", "how_many") and not finder(found):
        return ""
    if question.type in ("who", "who_said") and not persons(found):
        return ""
    if found.lower() in question.text.lower():
        return ""
    return _with_date(found, best.candidate.document.metadata.published)


def _with_date(found: str, published: str) -> str:
    weekday = _WEEKDAY.search(found)
    resolved = weekday_before(published, weekday.group(1)) if weekday else ""
    if not resolved or re.search(r"\d", found):
        return found
    day = date.fromisoformat(resolved)
    return f"{found} ({day:%B} {day.day}, {day.year})"


def _agreement(
    pieces: Sequence[_Piece],
    conflict: Disagreement | None,
    numbering: _Numbering,
) -> Agreement:
    first = pieces[0]
    texts = [first.ranked.candidate.text, *(w.candidate.text for w in first.witnesses)]
    conflicts: tuple[Conflict, ...] = ()
    if conflict:
        numbers = tuple(
            (numbering.cite(each.ranked.candidate.document, each.ranked.candidate.span),)
            for each in conflict.sides
        )
        values = tuple(each.value for each in conflict.sides)
        conflicts = (Conflict(values, numbers, conflict.kind),)
    return Agreement(len(texts), count_independent(texts), conflicts)


def _join(marked: Sequence[str], conflict: Disagreement | None) -> str:
    opening = "The sources differ.\n\n" if conflict else ""
    return opening + "\n\n".join(marked)


def _flat(text: str) -> str:
    """Line breaks inside a quote shown as spaces; the citation keeps the exact characters."""
    return re.sub(r"\s*\n\s*", " ", text)
