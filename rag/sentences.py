"""Paragraph and sentence spans, exact by construction.

Spans are found by scanning the source text; nothing is copied, so `span.of(text)` is always the
sentence as written. Spans are trimmed of white space, advance, never overlap, and together
cover every character that is not white space.
"""

from __future__ import annotations

import re

from rag.types import Span

_ABBREVIATIONS = frozenset(
    """mr mrs ms dr prof sen rep gov gen col lt sgt capt cmdr adm maj rev hon pres st jr sr mm mme
    mlle vs etc approx no nos vol fig eq sec ch pp ed eds inc ltd co corp bros dept univ est al
    cf e.g i.e eg ie jan feb mar apr jun jul aug sep sept oct nov dec mon tue wed thu fri sat
    ave blvd rd mt ft dist min max avg ca resp""".split()  # noqa: SIM905
)
# After initials ("U.S.", "D.C.") a period ends a sentence only before a typical opening word.
_OPENERS = frozenset(
    """the a an he she it they we you i this that these those there in on at by for from but and
    so if when while after before since as his her its their our my however meanwhile what who
    where why how no not according""".split()  # noqa: SIM905
)
_STOP = re.compile(r"[.!?…]+[\"”’'»)\]]*|[。！？]+[”’」』）]*")
_WORD_BEFORE = re.compile(r"[\w.\-&]*$")
_LIST_ITEM = re.compile(r"\s*(?:[-*+•–]\s|\d{1,3}[.)]\s|#{1,6}\s|>|\|)")
_MIN_WRAPPED_CHARS, _WRAPPED_LINE_CHARS = 50, 120


def paragraphs(text: str, within: Span | None = None) -> list[Span]:
    """Spans of the paragraphs of `text` (or of a part of it), trimmed, in order.

    Blank lines separate paragraphs. A single line break does too, unless the block looks
    hard-wrapped: no line over 120 characters, and the next line's first word would not have
    fitted on the line before it.
    """
    area = within or Span(0, len(text))
    spans: list[Span] = []
    block: list[Span] = []
    for line in _lines(text, area):
        if line.of(text).strip():
            block.append(line)
        else:
            spans.extend(_split_block(text, block))
            block = []
    spans.extend(_split_block(text, block))
    return spans


def sentences(text: str, within: Span | None = None) -> list[Span]:
    """Spans of the sentences of `text` (or of a part of it), trimmed, in order."""
    return [
        sentence for paragraph in paragraphs(text, within) for sentence in _split(text, paragraph)
    ]


def trimmed(text: str, span: Span) -> Span:
    """`span` without white space at its ends."""
    piece = span.of(text)
    start = span.start + len(piece) - len(piece.lstrip())
    return Span(start, max(start, span.start + len(piece.rstrip())))


def _lines(text: str, area: Span) -> list[Span]:
    starts = [area.start]
    starts += [match.end() for match in re.finditer(r"\r\n|\r|\n", area.of(text))]
    starts[1:] = [area.start + offset for offset in starts[1:]]
    return [Span(a, b) for a, b in zip(starts, [*starts[1:], area.end], strict=True)]


def _split_block(text: str, lines: list[Span]) -> list[Span]:
    if not lines:
        return []
    lengths = [len(line.of(text).rstrip()) for line in lines]
    width = max(lengths)
    is_wrapped = _MIN_WRAPPED_CHARS <= width <= _WRAPPED_LINE_CHARS
    groups = [[lines[0]]]
    for before, length, line in zip(lines, lengths, lines[1:], strict=False):
        next_word = line.of(text).split(maxsplit=1)[0]
        is_full = length + 1 + len(next_word) > width
        starts_anew = _LIST_ITEM.match(line.of(text)) or before.of(text).lstrip()[0] in "#|"
        if is_wrapped and is_full and not starts_anew:
            groups[-1].append(line)
        else:
            groups.append([line])
    return [trimmed(text, Span(group[0].start, group[-1].end)) for group in groups]


def _split(text: str, paragraph: Span) -> list[Span]:
    found: list[Span] = []
    start = paragraph.start
    for stop in _STOP.finditer(text, paragraph.start, paragraph.end):
        if stop.start() >= start and _ends_sentence(text, stop, paragraph.end):
            found.append(trimmed(text, Span(start, stop.end())))
            start = stop.end()
    found.append(trimmed(text, Span(start, paragraph.end)))
    return [span for span in found if span.end > span.start]


def _ends_sentence(text: str, stop: re.Match[str], end: int) -> bool:
    mark = stop.group()
    if mark[0] in "。！？":
        return True
    if stop.end() >= end:
        return True
    after = text[stop.end() : min(end, stop.end() + 40)]
    if not after[0].isspace():
        return _glued_opening(mark, after)
    following = after.lstrip()
    if not following:
        return True
    if mark[0] in "!?":
        return not following[0].islower() or mark in "!?"
    return _period_ends(text, stop, following)


def _glued_opening(mark: str, after: str) -> bool:
    """A closing quote with no space after it ends a sentence before a capital: `”He said`."""
    return len(mark) > 1 and mark[-1] in '”"' and after[0].isupper() and after[1:2].islower()


def _period_ends(text: str, stop: re.Match[str], following: str) -> bool:
    line_start = max(0, stop.start() - 40)
    match = _WORD_BEFORE.search(text[line_start : stop.start()])
    word = match.group() if match else ""
    opening = re.match(r"[\"“‘'«(\[]*([^\W_]+)", following)
    next_word = opening.group(1) if opening else ""
    if stop.group()[-1] in "\"”’'»)]" and next_word and not next_word[0].islower():
        return True
    if word.lower() in _ABBREVIATIONS:
        return False
    if re.fullmatch(r"(?:[A-Za-z]\.)*[A-Za-z]", word) and word.upper() == word:
        return next_word.lower() in _OPENERS and next_word[:1].isupper() and "." in word
    if next_word and next_word[0].islower():
        return len(word) > 3 and _is_single(stop) and "." not in word
    return True


def _is_single(stop: re.Match[str]) -> bool:
    """True for one plain period: an ellipsis before a small letter goes on with the sentence."""
    return stop.group() == "."
