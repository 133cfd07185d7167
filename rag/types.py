"""The nouns of Footnote: small frozen values that the stages pass to each other.

A span is half-open, `[start, end)`, in characters of a document's source text, and exact:
`document.text[span.start:span.end]` is the quote or chunk, to the character.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Verdict = Literal["supported", "misattributed", "stitched", "unsupported"]
"""What checking a sentence against its evidence found.

`misattributed`: another passage than the cited one says it (the citation has been corrected).
`stitched`: parts of several passages make it up. `unsupported`: no passage says it.
"""


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A half-open stretch `[start, end)` of a document's source text, in characters."""

    start: int
    end: int

    def of(self, text: str) -> str:
        """The characters of `text` this span covers."""
        return text[self.start : self.end]

    def overlaps(self, other: Span) -> bool:
        """True when the two spans share at least one character."""
        return self.start < other.end and other.start < self.end


@dataclass(frozen=True, slots=True)
class DocumentMetadata:
    """What a document says of itself; every field is empty when its text does not give it."""

    title: str = ""
    outlet: str = ""
    author: str = ""
    place: str = ""
    published: str = ""
    """ISO date (YYYY-MM-DD) printed in the text; never the file's time."""


@dataclass(frozen=True, slots=True)
class Document:
    """One source text as decoded from its file."""

    path: str
    """Relative to the corpus folder, with forward slashes."""
    text: str
    sha256: str
    """Of the file's bytes."""
    metadata: DocumentMetadata = DocumentMetadata()
    kept: tuple[Span, ...] = ()
    """Spans that hold content; what lies between them is boilerplate, left out of the index."""
    notice: str = ""
    """How the file was read when that was not plain UTF-8 (for example a fallback encoding)."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A passage cut by the chunker: the unit that is embedded, indexed and retrieved."""

    id: str
    document: str
    span: Span
    text: str
    token_count: int
    sentences: tuple[Span, ...] = ()
    """Sentences of the chunk, in document offsets, in order."""


@dataclass(frozen=True, slots=True)
class ScoredChunk:
    """A chunk found for a question; higher scores are better, ties break by chunk id."""

    chunk: Chunk
    score: float
    dense: float | None = None
    """Cosine similarity, None when the dense search did not return it."""
    bm25: float | None = None
    """BM25 score, None when the lexical search did not return it."""
    duplicates: tuple[Chunk, ...] = ()
    """Near-identical chunks of other documents, folded into this one."""


@dataclass(frozen=True, slots=True)
class Citation:
    """A claim tied to the exact span of the source that says it."""

    number: int
    document: str
    title: str
    outlet: str
    published: str
    start: int
    end: int
    quote: str
    """`text[start:end]` of the document, to the character."""


@dataclass(frozen=True, slots=True)
class AnswerSentence:
    """One sentence of an answer with the numbers of its citations and what checking it found."""

    text: str
    citations: tuple[int, ...] = ()
    verdict: Verdict = "supported"


@dataclass(frozen=True, slots=True)
class Passage:
    """A passage shown beside an answer: an exact span with its source and how near it came."""

    document: str
    title: str
    outlet: str
    published: str
    start: int
    end: int
    quote: str
    score: float


@dataclass(frozen=True, slots=True)
class Conflict:
    """Different values that sources give for the same question, side by side, never merged."""

    values: tuple[str, ...]
    citations: tuple[tuple[int, ...], ...]
    """For each value the numbers of the citations that give it."""
    kind: str = ""
    """What differs: number, date, name, place or polarity."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """How many sources say the answer, and where they differ."""

    witnesses: int = 0
    """Documents that state the answer."""
    independent: int = 0
    """Witnesses with near-identical wording counted once."""
    conflicts: tuple[Conflict, ...] = ()


@dataclass(frozen=True, slots=True)
class AnswerMetadata:
    """How an answer came about: which model, which index, what was degraded, how long it took."""

    answerer: str = "extractive"
    """`extractive` or the language model's `provider:model`."""
    fingerprint: str = ""
    understood_as: str = ""
    """The follow-up as a question of its own, empty when the question stood by itself."""
    question_type: str = ""
    notices: tuple[str, ...] = ()
    """Sentences for people: what was degraded, which fallback was used."""
    seconds: dict[str, float] = field(default_factory=dict)
    """Time spent by stage."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer with its citations, or an abstention with the nearest passages."""

    question: str
    text: str
    """With [1] [2] markers after each sentence."""
    abstained: bool
    citations: tuple[Citation, ...] = ()
    nearest: tuple[Passage, ...] = ()
    """When abstained: the passages that came closest."""
    short_answer: str = ""
    """The few words that answer, when the question asks for such; cut from a citation's quote
    or resolved from it (a date), else empty."""
    sentences: tuple[AnswerSentence, ...] = ()
    agreement: Agreement = Agreement()
    confidence: float = 0.0
    """Calibrated probability that the documents hold the answer and this is it, in [0, 1]."""
    metadata: AnswerMetadata = AnswerMetadata()

    def to_dict(self) -> dict[str, Any]:
        """The answer as plain JSON-ready data."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Filters:
    """Which documents a question may be answered from; empty fields do not restrict."""

    documents: tuple[str, ...] = ()
    outlets: tuple[str, ...] = ()
    published_from: str = ""
    """ISO date, inclusive. Documents without a date are left out when a range is given."""
    published_to: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """One step of a streamed answer."""

    kind: Literal["status", "token", "citation", "verdict", "done"]
    text: str = ""
    """status: what is being done; token: text to append to the answer."""
    citation: Citation | None = None
    sentence: AnswerSentence | None = None
    """verdict: the completed sentence with what checking it found."""
    answer: Answer | None = None
    """done: the whole answer; it replaces whatever was streamed."""
