"""Chosen sentences to an answer: short answer first, then the exact quotes with their numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from rag.answer.agree import (
    Stated,
    conflict_kind,
    conflicting_values,
    count_independent,
    same_fact,
)
from rag.answer.cite import make_citation
from rag.answer.context import with_context
from rag.answer.forms import FORMS, persons
from rag.answer.question import Question, compares_sources
from rag.answer.select import Ranked, Selection
from rag.dates import weekday_before
from rag.settings import AnsweringSettings
from rag.types import Agreement, Answer, AnswerSentence, Citation, Conflict, Document, Span

_DEPTH = 10
_LEAST_SHARE = 0.04
_MORE_TO_COMPARE = 2
_SHORT_ANSWER_CHARS = 90
_SHORT_ANSWER_PROBABILITY = 0.5
_SHORT_ANSWER_CONFIDENCE = 0.6
_SUREST = 0.9
_CREDIT = re.compile(
    r"\([^()]*(?:/[^()]+|\b(?:photo|images?|photograph)\b[^()]*)\)\s*$", re.IGNORECASE
)
_WEEKDAY = re.compile(r"\b((?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day)\b")


@dataclass(frozen=True)
class _Piece:
    """A sentence to be quoted, the spans quoted for it, and the witnesses that say the same."""

    ranked: Ranked
    spans: tuple[Span, ...]
    witnesses: tuple[Ranked, ...]


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


def compose(
    question: Question,
    selection: Selection,
    sentences: Mapping[str, Sequence[Span]],
    settings: AnsweringSettings,
) -> Answer:
    """The answer that quotes the best of `selection`; `sentences` are each document's."""
    conflict = conflicting_values(question, selection.ranked, _DEPTH)
    ranked, most = selection.ranked, settings.max_sentences
    if compares_sources(question):
        ranked, most = _one_of_each_first(ranked), most + _MORE_TO_COMPARE
    pieces = _choose(ranked, conflict, sentences, most)
    numbering = _Numbering()
    marked, written = zip(*(_write(piece, numbering) for piece in pieces), strict=True)
    short = _short_answer(question, pieces[0].ranked, selection) if not conflict else ""
    if short:
        first = written[0].citations[len(pieces[0].spans) - 1]
        marked = (f"{short} [{first}]", *marked)
        written = (AnswerSentence(short, (first,)), *written)
    return Answer(
        question=question.text,
        text=_join(marked, conflict),
        abstained=False,
        citations=tuple(numbering.citations),
        short_answer=short,
        sentences=written,
        agreement=_agreement(question, pieces, conflict, numbering),
        confidence=selection.confidence,
    )


def _choose(
    ranked: Sequence[Ranked],
    conflict: Sequence[Stated],
    sentences: Mapping[str, Sequence[Span]],
    most: int,
) -> list[_Piece]:
    """Best sentences first, the sides of a conflict among them, what says the same folded in."""
    wanted = [each.ranked for each in conflict]
    wanted += [each for each in ranked if all(each is not side for side in wanted)]
    pieces: list[_Piece] = []
    for each in wanted[: _DEPTH + len(conflict)]:
        if (
            pieces
            and each.share < _LEAST_SHARE * ranked[0].share
            and each not in wanted[: len(conflict)]
        ):
            continue
        if any(_is_covered(each, piece) for piece in pieces):
            continue
        twin = next((i for i, p in enumerate(pieces) if same_fact(p.ranked, each)), None)
        if twin is not None and each not in wanted[: len(conflict)]:
            known = {w.candidate.document.path for w in pieces[twin].witnesses}
            if each.candidate.document.path not in known:
                pieces[twin] = _Piece(
                    pieces[twin].ranked, pieces[twin].spans, (*pieces[twin].witnesses, each)
                )
        elif len(pieces) < max(most, len(conflict)):
            document = each.candidate.document
            spans = with_context(document, each.candidate.span, sentences[document.path])
            pieces.append(_Piece(each, tuple(spans), ()))
    return pieces


def _one_of_each_first(ranked: Sequence[Ranked]) -> tuple[Ranked, ...]:
    """The best sentence of each document, best first, before the others."""
    seen: set[str] = set()
    first: list[Ranked] = []
    for each in ranked:
        if each.candidate.document.path not in seen:
            seen.add(each.candidate.document.path)
            first.append(each)
    return (*first, *(each for each in ranked if all(each is not one for one in first)))


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
    if reading is None or reading.answer_probability < _SHORT_ANSWER_PROBABILITY:
        return ""
    surest = question.type == "what"  # no form to check the words against
    if selection.confidence < (_SUREST if surest else _SHORT_ANSWER_CONFIDENCE):
        return ""
    if not found or len(found) > _SHORT_ANSWER_CHARS or found not in _flat(best.candidate.text):
        return ""
    if question.type in ("yes_no", "why", "how", "list", "compare"):
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
    question: Question, pieces: Sequence[_Piece], conflict: Sequence[Stated], numbering: _Numbering
) -> Agreement:
    first = pieces[0]
    texts = [first.ranked.candidate.text, *(w.candidate.text for w in first.witnesses)]
    conflicts: tuple[Conflict, ...] = ()
    if conflict:
        numbers = tuple(
            (numbering.cite(each.ranked.candidate.document, each.ranked.candidate.span),)
            for each in conflict
        )
        values = tuple(each.value for each in conflict)
        conflicts = (Conflict(values, numbers, conflict_kind(question)),)
    return Agreement(len(texts), count_independent(texts), conflicts)


def _join(marked: Sequence[str], conflict: Sequence[Stated]) -> str:
    opening = "The sources differ.\n\n" if conflict else ""
    return opening + "\n\n".join(marked)


def _flat(text: str) -> str:
    """Line breaks inside a quote shown as spaces; the citation keeps the exact characters."""
    return re.sub(r"\s*\n\s*", " ", text)
