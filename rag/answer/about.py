"""Questions about an article itself: when it was published, who wrote it, which outlet ran it.

The answer comes from the document's metadata and cites the place in the text where it stands, the
byline or the labelled date, which is often no sentence. The article must be what the question asks
about, not where it looks: "When did the mill reopen, according to the article?" is none of these.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rag.analyze import terms
from rag.answer.cite import make_citation, make_passage
from rag.answer.evidence import Evidence
from rag.answer.question import Question
from rag.dates import days
from rag.types import Agreement, Answer, AnswerSentence, Document, Span

Field = Literal["published", "author", "outlet"]

# "the old Reuters story", but not "the election in the story".
_ARTICLE = (
    r"(?:the|this|that|these|those) (?P<before>(?:(?!(?:in|of|on|about|from|by|to|for)\b)[\w.'’&-]+ ){0,4}?)"
    r"(?:article|story|stories|news report|news item|blog post|column|editorial)s?\b(?P<behind>.*?)"
)
_PRINTED = (
    r"(?:first )?(?:published|posted|written|printed|appear|run|come out|go online|put online)"
)
_OUTLET = r"(?:news outlet|outlet|newspaper|paper|news agency|publication|magazine|website|site)"
_WRITER = r"(?:author|writer|reporter|journalist)"
_ASKED: tuple[tuple[Field, str], ...] = (
    ("published", rf"when (?:was|were|did) {_ARTICLE} {_PRINTED}"),
    ("published", rf"(?:in|on) (?:what|which) (?:year|month|day|date) (?:was|were|did) {_ARTICLE} {_PRINTED}"),
    ("published", rf"(?:what|which) (?:is |was )?(?:the )?(?:publication )?(?:date|day) (?:is |was )?(?:on|of) {_ARTICLE}"),
    ("published", rf"what (?:is|was) {_ARTICLE}['’]s? (?:publication )?date"),
    ("published", rf"when did (?:the |this )?{_OUTLET} publish {_ARTICLE}"),
    ("author", rf"who (?:wrote|authored|penned) {_ARTICLE}"),
    ("author", rf"(?:who|what) (?:is|was) (?:the name of )?the {_WRITER} (?:of|behind) {_ARTICLE}"),
    ("author", rf"by whom (?:was|were) {_ARTICLE} written"),
    ("author", rf"who (?:is|was|were) {_ARTICLE}(?: written)? by"),
    ("outlet", rf"(?:which|what) {_OUTLET} (?:published|ran|carried|printed) {_ARTICLE}"),
    ("outlet", rf"(?:which|what) {_OUTLET} (?:is|was|did) {_ARTICLE} (?:from|in|appear in|published in|printed in)"),
    ("outlet", rf"in (?:which|what) {_OUTLET} (?:was|did) {_ARTICLE} (?:appear|published|printed)"),
    ("outlet", rf"who published {_ARTICLE}"),
    ("outlet", rf"where (?:was|were) {_ARTICLE} (?:first )?(?:published|printed)"),
)  # fmt: skip
_PATTERNS = tuple((field, re.compile(rf"(?i){pattern}\W*")) for field, pattern in _ASKED)
_INSIDE = re.compile(r"(?i)\b(?:according to|say|says|said|mention\w*|describ\w*)\b")
_SOURCE_LINE = re.compile(
    r"(?i)^\W*(?:by\b|written by|author:|source:|outlet:|copyright|©|\(c\))"
    r"|^[A-Z][A-Z .,'’-]+\([A-Z]"
)
_MISSING = {
    "published": "No publication date was found in the article.",
    "author": "No author was found in the article.",
    "outlet": "No outlet was found in the article.",
}
_CONFIDENCE = 0.9
"""A rule's answer has no measured probability; the article meant can be mistaken."""


@dataclass(frozen=True)
class Asked:
    """What is asked of which article."""

    field: Field
    topic: tuple[str, ...]
    """Terms that tell the article meant; none where the question leaves it open."""


def asked_about(text: str) -> Asked | None:
    """What `text` asks of an article itself, None when it asks for something else."""
    plain = " ".join(text.split())
    if _INSIDE.search(plain):
        return None
    for field, pattern in _PATTERNS:
        match = pattern.fullmatch(plain)
        if match:
            topic = f"{match['before'] or ''} {match['behind'] or ''}"
            return Asked(field, tuple(terms(topic, stopwords=False)))
    return None


def answer_about(question: Question, evidence: Evidence) -> Answer | None:
    """What the article asked about says of itself; None when that is not asked, or when no
    article fits the rest of the question."""
    asked = asked_about(question.text)
    meant = _meant(asked.topic, evidence) if asked else []
    if asked is None or not meant:
        return None
    stated = [(each, _place(each, asked.field)) for each in meant]
    found = [(document, span) for document, span in stated if span is not None]
    return _compose(question, found) if found else _unstated(question, asked.field, meant)


def _meant(topic: Sequence[str], evidence: Evidence) -> list[Document]:
    """The documents with most words of the topic, at least half of them; of those, the ones with
    most in title or outlet."""
    words: dict[str, set[str]] = {}
    for scored in evidence.chunks:
        words.setdefault(scored.chunk.document, set()).update(terms(scored.chunk.text))
    wanted = set(topic)
    heads = {path: _head(evidence.documents[path]) for path in words}
    fit = {
        path: (len(wanted & (words[path] | heads[path])), len(wanted & heads[path]))
        for path in words
    }
    best = max(fit.values(), default=(0, 0))
    if 2 * best[0] < len(wanted):
        return []
    return [evidence.documents[path] for path, fits in fit.items() if fits == best]


def _head(document: Document) -> set[str]:
    meta = document.metadata
    initials = "".join(word[0] for word in meta.outlet.split())
    return set(terms(f"{meta.title} {meta.outlet} {initials}"))


def _place(document: Document, field: Field) -> Span | None:
    """Where the document says it, None when it does not."""
    value: str = getattr(document.metadata, field)
    if not value:
        return None
    if field == "published":
        return next((span for span, day in days(document.text) if day == value), None)
    words = r"\s+".join(map(re.escape, value.split()))
    flags = 0 if value.isupper() else re.IGNORECASE
    matches = list(re.finditer(rf"(?<!\w){words}(?!\w)", document.text, flags))
    in_place = [m for m in matches if _SOURCE_LINE.match(_line_before(document.text, m.end()))]
    return Span(*(in_place or matches)[0].span()) if matches else None


def _line_before(text: str, at: int) -> str:
    return text[text.rfind("\n", 0, at) + 1 : at]


def _compose(question: Question, found: Sequence[tuple[Document, Span]]) -> Answer:
    citations = tuple(
        make_citation(number, document, span)
        for number, (document, span) in enumerate(found, start=1)
    )
    lines = [f"“{each.title or each.document}”: {each.quote}" for each in citations]
    single = len(citations) == 1
    return Answer(
        question=question.text,
        text="\n\n".join(f"{line} [{n}]" for n, line in enumerate(lines, start=1)),
        abstained=False,
        citations=citations,
        short_answer=citations[0].quote if single else "",
        sentences=tuple(AnswerSentence(line, (n,)) for n, line in enumerate(lines, start=1)),
        agreement=Agreement(1, 1) if single else Agreement(),
        confidence=_CONFIDENCE,
    )


def _unstated(question: Question, field: Field, meant: Sequence[Document]) -> Answer:
    nearest = tuple(
        make_passage(document, document.kept[0], 0.0) for document in meant[:3] if document.kept
    )
    return Answer(question=question.text, text=_MISSING[field], abstained=True, nearest=nearest)
