"""Misspelt words of a question, set right from the words of the corpus.

A word is corrected only when the corpus does not hold it, a general English word list (the word
pieces of the reader's tokenizer) does not either, and the corpus holds a word within one or two
edits. "fentanil" becomes "fentanyl" and "xiaohung" "Xiaohong"; "bank" stays "bank", so that a
question about something else is not bent towards what the documents happen to say.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from functools import cache

from rag.analyze import Word, words
from rag.catalog import Catalog
from rag.reader.shipped import TOKENIZER_PATH
from rag.retrieve import Retriever

# Words for the documents themselves: that a corpus does not hold them means nothing.
_ABOUT_DOCUMENTS = frozenset(
    [
        "according",
        "article",
        "articles",
        "corpus",
        "document",
        "documents",
        "mention",
        "mentioned",
        "mentions",
        "passage",
        "piece",
        "quote",
        "quoted",
        "quotes",
        "report",
        "reported",
        "reports",
        "source",
        "sources",
        "text",
        "texts",
        "answer",
        "question",
    ]
)
_COMMON, _RARE = 2200, 30_000


def correct(question: str, retriever: Retriever, catalog: Catalog) -> str:
    """`question` with its misspelt words replaced; the same text when there are none."""
    found = [word for word in words(question) if not word.is_stopword and word.term]
    known = catalog.document_frequencies([word.term for word in found])
    for word in reversed(found):
        if word.term in known or is_english(word.surface):
            continue
        near = retriever.near(word.term)
        surface = _surface(near[0], catalog) if near else ""
        if surface:
            question = question[: word.span.start] + surface + question[word.span.end :]
    return question


def meaningful_terms(found: Sequence[Word]) -> dict[str, float]:
    """Terms whose absence from a corpus means something, with their rarity in general English:
    no stop words, no scraps like "abt"."""
    return {
        word.term: rarity(word.surface)
        for word in found
        if word.term
        and not word.is_stopword
        and word.surface.casefold() not in _ABOUT_DOCUMENTS
        and (len(word.surface) > 3 or word.surface[0].isdigit() or word.surface.isupper())
    }


def rarity(surface: str) -> float:
    """How rare a word is in general English, 0 (as common as "find") to 1 (not in the list).

    From its place in the word list, which runs from common to rare; log scale.
    """
    place = _word_list().get(surface.casefold())
    if place is None:
        return 1.0 if not is_english(surface) else 0.5
    return min(1.0, max(0.0, math.log(place / _COMMON) / math.log(_RARE / _COMMON)))


def is_english(surface: str) -> bool:
    """True for a word of the general list, also without a plural or past ending."""
    plain = surface.casefold()
    endings = ("", "s", "es", "d", "ed", "ing", "ly", "er", "'s", "’s")
    return any(
        plain.removesuffix(ending) in _word_list() for ending in endings if plain.endswith(ending)
    )


@cache
def _word_list() -> dict[str, int]:
    """Whole words of the reader's tokenizer, of three characters or more, with their places."""
    try:
        tree = json.loads(TOKENIZER_PATH.read_text(encoding="utf-8"))
    except OSError:
        return {}
    pieces = tree["model"]["vocab"]
    return {piece: int(at) for piece, at in pieces.items() if len(piece) > 2 and piece.isalpha()}


def _surface(term: str, catalog: Catalog) -> str:
    """How the corpus writes a term, from the chunk that holds it most plainly."""
    hits = catalog.bm25([term], limit=1, documents=None)
    for chunk in catalog.chunks([identity for identity, _ in hits]).values():
        for word in words(chunk.text):
            if word.term == term:
                return word.surface
    return ""
