"""Writes answers as markup: the turns of a conversation and the sources beside them.

Takes `Answer`s and the documents they cite, gives fragments that have been escaped and cleaned
(`ui.markup`). Chips and cards find each other by turn and number: chip `name="turn-2" value="1"`,
card `id="source-2-1"`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlencode

from rag.types import Agreement, Answer, AnswerSentence, Citation, Conflict, Document, Passage, Span
from ui.markup import ARTICLE_PAGE, escape, one_line
from ui.passages import in_paragraph
from ui.wording import NO_OUTLET, VERDICTS, byline, plural, spoken_date

FindDocument = Callable[[str], Document | None]

_MARKER = re.compile(r"\s*\[(\d{1,3})\]")


def article_link(document: str, start: int, end: int, collection: str = "") -> str:
    """Address of the page that shows `document` with `[start, end)` highlighted."""
    where = {"document": document, "start": start, "end": end}
    return f"{ARTICLE_PAGE}?{urlencode(where | ({'in': collection} if collection else {}))}"


def turn(number: int, answer: Answer, *, collection: str = "") -> str:
    """A finished turn: the question, then the answer or the refusal."""
    body = _refusal(answer, collection) if answer.abstained else _answer(number, answer)
    kind = "fn-declined" if answer.abstained else "fn-answered"
    return one_line(
        f'<article class="fn-turn {kind}" id="turn-{number}">{_question(answer.question)}'
        f"{_understood(answer)}{_notices(answer.metadata.notices)}{body}{_made_by(answer)}</article>"
    )


def live_turn(number: int, question: str, text: str, status: str, known: list[Citation]) -> str:
    """A turn while its answer is being streamed."""
    citations = {citation.number: citation for citation in known}
    words = f'<p class="fn-s">{_with_chips(number, text, citations)}</p>' if text else ""
    waiting = f'<p class="fn-status">{escape(status)}</p>'
    return one_line(
        f'<article class="fn-turn fn-live" id="turn-{number}">{_question(question)}'
        f'<div class="fn-body">{words}</div>{waiting}</article>'
    )


def failed_turn(number: int, question: str, message: str, *, text: str = "") -> str:
    """A turn without a whole answer: stopped by the reader, or failed with a reason."""
    words = f'<div class="fn-body"><p class="fn-s">{escape(text)}</p></div>' if text else ""
    return one_line(
        f'<article class="fn-turn fn-unfinished" id="turn-{number}">{_question(question)}{words}'
        f'<p class="fn-note">{escape(message)}</p></article>'
    )


def sources(number: int, answer: Answer, find: FindDocument, *, collection: str = "") -> str:
    """The cards of one turn's citations, each with its quote marked within its paragraph."""
    cards = "".join(
        _source(number, each, find(each.document), collection) for each in answer.citations
    )
    if not cards:
        cards = '<p class="fn-empty">Nothing is cited: the documents do not hold an answer.</p>'
    return one_line(
        f'<section class="fn-group" id="sources-{number}">'
        f'<p class="fn-for">For “{escape(answer.question)}”</p>{cards}</section>'
    )


def notice(text: str) -> str:
    """A sentence about something degraded, as a banner."""
    return one_line(f'<div class="fn-notice" role="status">{escape(text)}</div>')


def thanks(text: str) -> str:
    """A short word after a vote or a note."""
    return one_line(f'<p class="fn-thanks" role="status">{escape(text)}</p>')


def _question(question: str) -> str:
    return f'<h2 class="fn-q">{escape(question)}</h2>'


def _understood(answer: Answer) -> str:
    text = answer.metadata.understood_as
    return f'<p class="fn-understood">Understood as: {escape(text)}</p>' if text else ""


def _notices(texts: tuple[str, ...]) -> str:
    return "".join(f'<p class="fn-notice">{escape(text)}</p>' for text in texts)


def _answer(number: int, answer: Answer) -> str:
    citations = {citation.number: citation for citation in answer.citations}
    sentences = list(answer.sentences)
    headline = escape(answer.short_answer)
    if headline and sentences and _bare(sentences[0]) == answer.short_answer.strip():
        headline = _sentence(number, sentences.pop(0), citations)
    short = f'<p class="fn-short">{headline}</p>' if headline else ""
    if not answer.sentences:
        words = f'<p class="fn-s">{_with_chips(number, answer.text, citations)}</p>'
    elif answer.metadata.answerer == "extractive":
        words = "".join(
            f'<p class="fn-s">{_sentence(number, each, citations)}</p>' for each in sentences
        )
    else:
        words = " ".join(_checked(number, each, citations) for each in sentences)
        words = f'<p class="fn-s">{words}</p>'
    panel = _agreement(number, answer.agreement, citations)
    return f'<div class="fn-body">{short}{words}</div>{panel}'


def _bare(sentence: AnswerSentence) -> str:
    return _MARKER.sub("", sentence.text).strip()


def _sentence(number: int, sentence: AnswerSentence, citations: dict[int, Citation]) -> str:
    chips = "".join(_chip(number, each, citations) for each in sentence.citations)
    text, said = _bare(sentence), ""
    for each in sentence.citations:
        outlet = citations[each].outlet if each in citations else ""
        if outlet and text.startswith(f"{outlet}: "):
            said = f'<span class="fn-said">{escape(outlet)}: </span>'
            text = text.removeprefix(f"{outlet}: ")
            break
    return said + _glued(escape(text), chips)


def _checked(number: int, sentence: AnswerSentence, citations: dict[int, Citation]) -> str:
    label, meaning = VERDICTS[sentence.verdict]
    return (
        f'<span class="fn-checked fn-{sentence.verdict}">{_sentence(number, sentence, citations)}'
        f' <span class="fn-verdict" title="{escape(meaning)}">{label}</span></span>'
    )


def _with_chips(number: int, text: str, citations: dict[int, Citation]) -> str:
    parts = _MARKER.split(text)
    written = escape(parts[0])
    for marker, following in zip(parts[1::2], parts[2::2], strict=True):
        chip = _chip(number, int(marker), citations)
        written = _glued(written, chip) + escape(following)
    return written


def _glued(words: str, chips: str) -> str:
    """`words` with `chips` kept on the line of the last word."""
    before, space, last = words.rpartition(" ")
    if not chips or "<" in last or ">" in last:
        return f"{words}{chips}"
    return f'{before}{space}<span class="fn-glue">{last}{chips}</span>'


def _chip(turn_number: int, number: int, citations: dict[int, Citation]) -> str:
    citation = citations.get(number)
    if citation is None:
        return f" [{number}]"
    source = byline(citation.outlet, citation.published)
    return (
        f' <button type="button" class="fn-chip" name="turn-{turn_number}" value="{number}" '
        f'title="{escape(f"{source}: {citation.title}")}">'
        f'<span class="fn-hid">[</span>{number}<span class="fn-hid">]</span></button>'
    )


def _agreement(number: int, agreement: Agreement, citations: dict[int, Citation]) -> str:
    told = _how_many(agreement)
    conflicts = "".join(_conflict(number, each, citations) for each in agreement.conflicts)
    if conflicts:
        return (
            '<section class="fn-panel fn-conflict"><h3>The articles disagree</h3>'
            f"{conflicts}{told}</section>"
        )
    return f'<section class="fn-panel fn-agree">{told}</section>' if told else ""


def _how_many(agreement: Agreement) -> str:
    if agreement.witnesses < 2:
        return ""
    text = f"{plural(agreement.witnesses, 'article')} say this"
    if agreement.independent == 1:
        text += " in near-identical words, so they count as one source"
    elif agreement.independent < agreement.witnesses:
        text += f", {agreement.independent} in wording of their own (copies are counted once)"
    else:
        text += ", each in its own words"
    return f'<p class="fn-witnesses">{text}.</p>'


def _conflict(number: int, conflict: Conflict, citations: dict[int, Citation]) -> str:
    rows = []
    for value, cited in zip(conflict.values, conflict.citations, strict=False):
        chips = "".join(_chip(number, each, citations) for each in cited)
        who = ", ".join(
            dict.fromkeys(
                citations[each].outlet or citations[each].title or NO_OUTLET
                for each in cited
                if each in citations
            )
        )
        rows.append(f"<dt>{escape(value)}</dt><dd>{escape(who)}{chips}</dd>")
    kind = f'<p class="fn-kind">On the {escape(conflict.kind)}:</p>' if conflict.kind else ""
    return f'{kind}<dl class="fn-values">{"".join(rows)}</dl>'


def _refusal(answer: Answer, collection: str) -> str:
    nearest = "".join(_near(each, collection) for each in answer.nearest)
    heading = '<h3 class="fn-nearest">The closest passages</h3>' if nearest else ""
    return (
        '<div class="fn-refusal"><p class="fn-no">Not in these documents</p>'
        f'<p class="fn-s">{escape(answer.text)}</p>'
        f'{heading}<ol class="fn-passages">{nearest}</ol></div>'
    )


def _near(passage: Passage, collection: str) -> str:
    link = article_link(passage.document, passage.start, passage.end, collection)
    source = byline(passage.outlet, passage.published)
    return (
        f'<li><p class="fn-outlet">{escape(source)}</p><blockquote>{escape(passage.quote)}'
        f'</blockquote><a class="fn-open" href="{escape(link)}">Open article'
        f'<span class="fn-hid">: {escape(passage.title or passage.document)}</span></a></li>'
    )


def _source(
    turn_number: int, citation: Citation, document: Document | None, collection: str
) -> str:
    link = article_link(citation.document, citation.start, citation.end, collection)
    when = (
        (
            f' · <time datetime="{escape(citation.published)}">'
            f"{escape(spoken_date(citation.published))}</time>"
        )
        if citation.published
        else ""
    )
    title = citation.title or citation.document
    return (
        f'<article class="fn-source" id="source-{turn_number}-{citation.number}" tabindex="-1">'
        f'<p class="fn-outlet"><span class="fn-num">{citation.number}</span>'
        f"{escape(citation.outlet or NO_OUTLET)}{when}</p>"
        f'<h3 class="fn-title">{escape(title)}</h3>'
        f"<blockquote>{_quoted(citation, document)}</blockquote>"
        f'<a class="fn-open" href="{escape(link)}">Open article'
        f'<span class="fn-hid">: {escape(title)}</span></a>'
        f'<a class="fn-back" href="#turn-{turn_number}">Back to the answer</a></article>'
    )


def _quoted(citation: Citation, document: Document | None) -> str:
    if document is None or document.text[citation.start : citation.end] != citation.quote:
        return f"<mark>{escape(citation.quote)}</mark>"
    shown = in_paragraph(document, Span(citation.start, citation.end))
    return f"{escape(shown.before)}<mark>{escape(shown.quote)}</mark>{escape(shown.after)}"


def _made_by(answer: Answer) -> str:
    how = (
        "Searched and declined"
        if answer.abstained
        else (
            "Quoted word for word"
            if answer.metadata.answerer == "extractive"
            else f"Written by {answer.metadata.answerer}, checked sentence by sentence"
        )
    )
    parts = [how]
    if not answer.abstained:
        parts.append(f"confidence {answer.confidence:.0%}")
    if answer.metadata.seconds:
        parts.append(f"{_total(answer.metadata.seconds):.2f} s")
    return f'<p class="fn-meta">{escape(" · ".join(parts))}</p>'


def _total(seconds: dict[str, float]) -> float:
    return seconds.get("total", sum(seconds.values()))
