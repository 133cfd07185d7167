"""Questions to begin with, made from what the documents talk about.

Names of people who are quoted, and what the documents have in common, fill a few patterns; only
questions that the documents answer are offered. Nothing is known of any particular corpus.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from rag.errors import RagError
from rag.types import Document

if TYPE_CHECKING:
    from rag.pipeline import Pipeline

MAX_DOCUMENTS = 200
MAX_TRIED = 12
_WORD = r"[A-Z][a-zà-öø-ÿ]+(?:-[A-Z][a-z]+)?"
_NAME = rf"{_WORD} {_WORD}(?: {_WORD})?"
_SAID = r"(?:said|says|told|stated|announced|added|wrote)"
_SPEAKER = re.compile(rf"\b({_NAME}),? {_SAID}\b")
_OFFICE = (
    r"(?:President|Minister|Chancellor|Secretary|Speaker|Advis[eo]r|Senator|Governor|Mayor|Judge|"
    r"Professor|Director|Chair(?:man|woman)?|Spokes(?:man|woman|person)|spokes(?:man|woman|person))"
)
_HOLDER = re.compile(rf"\b{_OFFICE} ({_WORD} {_WORD})\b")
_TOPIC = re.compile(r"\b[a-z]{5,}\b")
_NO_TOPIC = frozenset(
    word
    for line in (
        "about after again against among amid because before being between could every first",
        "group their there these those through under until where which while would should since",
        "other needs official officials according during within without report reports article",
        "source start starts begin begins launch launched still resume discussions countries",
        "more said talks",
    )
    for word in line.split()
)
_NO_NAME = frozenset({"The", "This", "That", "These", "Those", "Then", "When", "After", "Before"})
_OFFICES = re.compile(rf"^{_OFFICE}$")


def examples_from(pipeline: Pipeline, most: int) -> list[str]:
    """At most `most` questions, each of which `pipeline`'s documents answer."""
    found: list[str] = []
    try:
        candidates = _candidates(pipeline.documents()[:MAX_DOCUMENTS])
        for tried, question in enumerate(candidates):
            if len(found) == most or tried == MAX_TRIED:
                break
            if _is_answered(pipeline, question):
                found.append(question)
    except RagError:
        return found
    return found


def _is_answered(pipeline: Pipeline, question: str) -> bool:
    # A language model would be asked, and paid, for nothing: passages must do.
    if pipeline.settings.llm.model != "none":
        return bool(pipeline.search(question, top_k=1))
    return not pipeline.ask(question).abstained


def _candidates(documents: Sequence[Document]) -> Iterator[str]:
    """Questions in turn from each pattern, so that the first few differ in kind."""
    topics = _topics(documents)
    speakers = _people(documents, _SPEAKER)
    holders = [name for name in _people(documents, _HOLDER) if name not in speakers[:1]]
    places = _most(document.metadata.place for document in documents if document.metadata.place)
    about = f" about {topics[0]}" if topics else ""
    patterns = [
        [f"What did {name} say{about}?" for name in speakers],
        [f"Who is {name}?" for name in holders],
        [f"What is known about {topic}?" for topic in topics],
        [f"What happened in {place}?" for place in places],
    ]
    for turn in range(max(map(len, patterns))):
        yield from (questions[turn] for questions in patterns if turn < len(questions))


def _people(documents: Sequence[Document], pattern: re.Pattern[str]) -> list[str]:
    """Names that `pattern` finds, those in most documents first."""
    return _most(
        name
        for document in documents
        for name in {_bare(match[1]) for match in pattern.finditer(_kept(document))}
        if name
    )


def _bare(name: str) -> str:
    """A name of two words, without an office before it; empty when it is none."""
    words = [word for word in name.split() if not _OFFICES.match(word)]
    return " ".join(words[-2:]) if len(words) >= 2 and words[-2] not in _NO_NAME else ""


def _topics(documents: Sequence[Document]) -> list[str]:
    """Words that titles share, those of most titles first; any of its title for one document."""
    words = [
        word
        for document in documents
        for word in set(_TOPIC.findall(document.metadata.title)) - _NO_TOPIC
    ]
    return _most(word for word in words if len(documents) == 1 or words.count(word) > 1)


def _most(items: Iterable[str]) -> list[str]:
    counted = Counter(items)
    return [item for item, _ in sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))]


def _kept(document: Document) -> str:
    return "\n".join(span.of(document.text) for span in document.kept) or document.text
