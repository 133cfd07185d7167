"""Questions about an article itself: when it was published, who wrote it, which outlet ran it.

The answer comes from the document's metadata and cites the place in the text where it stands, the
byline or the labelled date, which is often no sentence. Only "article", "story" and the like are
understood so: a report or a statement may be what the articles are about.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from rag.analyze import terms
from rag.answer.candidates import QueryWeights
from rag.answer.cite import make_citation, make_passage
from rag.answer.evidence import Evidence
from rag.answer.question import Question
from rag.dates import days
from rag.types import Agreement, Answer, AnswerSentence, Document, Span

Field = Literal["published", "author", "outlet"]

_ARTICLE = r"(?:article|story|stories|news item|news report|dispatch|blog post|piece)s?"
_PRINTED = (
    r"(?:published|posted|written|dated|printed|appear\w*|come out|came out|released|put online)"
)
_RAN = r"(?:published?|publish(?:es|ed)|ran|run|carr(?:y|ies|ied)|print(?:s|ed)?|wrote|written)"
_ASKED: tuple[tuple[Field, str], ...] = (
    ("published", rf"\bwhen\b.*\b{_ARTICLE}\b.*\b{_PRINTED}\b"),
    ("published", rf"\b(?:what|which)(?: \w+)? (?:date|day)\b.*\b{_ARTICLE}\b"),
    ("published", rf"\bdate (?:of|on|for|in)\b.*\b{_ARTICLE}\b|\b{_ARTICLE}\b.*\bdated\b"),
    ("author", rf"\bwho (?:wrote|authored|is behind)\b.*\b{_ARTICLE}\b"),
    ("author", rf"\bwho\b.*\b{_ARTICLE}\b.*\b(?:by|author|wrote)\b"),
    (
        "author",
        rf"\b(?:author|byline|writer|journalist|reporter)\b.*\b(?:of|behind|on)\b.*\b{_ARTICLE}\b",
    ),
    (
        "outlet",
        r"\b(?:which|what) (?:outlet|newspaper|paper|news agency|agency|publication|site|website)\b"
        rf".*\b{_RAN}\b.*\b{_ARTICLE}\b",
    ),
    ("outlet", rf"\bwhere was\b.*\b{_ARTICLE}\b.*\b(?:published|printed|posted)\b"),
)
_WORDS = frozenset(
    terms(
        "article story stories news item report dispatch blog post piece publish published posted"
        " written wrote dated printed appear date day author byline writer journalist reporter outlet"
        " newspaper paper agency publication site website ran carry print run online put come out"
        " behind release name is the on of",
        stopwords=False,
    )
)
_SOURCE_LINE = re.compile(r"(?i)^\W*(?:by\b|written by|copyright|©|\(c\))")
_MISSING = {
    "published": "The article does not say when it was published.",
    "author": "The article does not say who wrote it.",
    "outlet": "The article does not say which outlet it is from.",
}
_MOST = 5


def asked_field(text: str) -> Field | None:
    """What `text` asks of an article itself, None when it asks for something else."""
    plain = " ".join(text.lower().split())
    return next((field for field, pattern in _ASKED if re.search(pattern, plain)), None)


def answer_about(question: Question, evidence: Evidence, weights: QueryWeights) -> Answer | None:
    """What the article asked about says of itself; None when that is not asked, or when no
    article fits the rest of the question."""
    field = asked_field(question.text)
    topic = [term for term in question.content if term not in _WORDS]
    if field is None or any(term in weights.missing for term in topic):
        return None
    meant = _meant(topic, evidence)
    stated = [(each, _place(each, field)) for each in meant]
    found = [(document, span) for document, span in stated if span is not None]
    if not found:
        return _unstated(question, field, meant) if meant else None
    return _compose(question, found[: _MOST if not topic else 1])


def _meant(topic: Sequence[str], evidence: Evidence) -> list[Document]:
    """The documents that hold most of the topic's words, in the order of retrieval."""
    paths = dict.fromkeys(scored.chunk.document for scored in evidence.chunks)
    documents = [evidence.documents[path] for path in paths]
    held = [len(set(topic).intersection(_all_terms(each))) for each in documents]
    return [
        document
        for document, count in zip(documents, held, strict=True)
        if count == max(held) and (count or not topic)
    ]


def _all_terms(document: Document) -> set[str]:
    meta = document.metadata
    initials = "".join(word[0] for word in meta.outlet.split() if word)
    return set(terms(f"{document.text} {meta.outlet} {initials}", stopwords=False))


def _place(document: Document, field: Field) -> Span | None:
    """Where the document says it, None when it does not."""
    value: str = getattr(document.metadata, field)
    if not value:
        return None
    if field == "published":
        return next((span for span, day in days(document.text) if day == value), None)
    matches = list(re.finditer(re.escape(value), document.text, re.IGNORECASE))
    in_place = [m for m in matches if _SOURCE_LINE.match(_line_before(document.text, m.start()))]
    chosen = in_place[0] if in_place else (matches[-1] if matches else None)
    return Span(*chosen.span()) if chosen else None


def _line_before(text: str, at: int) -> str:
    return text[text.rfind("\n", 0, at) + 1 : at + 1]


def _compose(question: Question, found: Sequence[tuple[Document, Span]]) -> Answer:
    citations = tuple(
        make_citation(number, document, span)
        for number, (document, span) in enumerate(found, start=1)
    )
    lines = [f"“{each.title or each.document}”: {each.quote}" for each in citations]
    return Answer(
        question=question.text,
        text="\n\n".join(f"{line} [{n}]" for n, line in enumerate(lines, start=1)),
        abstained=False,
        citations=citations,
        short_answer=citations[0].quote if len(citations) == 1 else "",
        sentences=tuple(AnswerSentence(line, (n,)) for n, line in enumerate(lines, start=1)),
        agreement=Agreement(len(citations), len(citations)),
        confidence=1.0,
    )


def _unstated(question: Question, field: Field, meant: Sequence[Document]) -> Answer:
    nearest = tuple(
        make_passage(document, document.kept[0], 1.0) for document in meant[:_MOST] if document.kept
    )
    return Answer(question=question.text, text=_MISSING[field], abstained=True, nearest=nearest)
