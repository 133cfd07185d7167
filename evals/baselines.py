"""Two plain baselines to hold every result against, with exact citations like the pipeline's.

`bm25`: the sentence with the best BM25 score; declines only when no word matches.
`fusion`: the top three sentences of a reciprocal-rank fusion of BM25 and embedding similarity;
declines when the best cosine is under a threshold. Both see every kept sentence of every
document, know no dialogue, and have no reader, no verification and no calibrated confidence.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rag.errors import ModelUnavailableError
from rag.types import Answer, Citation, Document, Passage, Span

if TYPE_CHECKING:
    from rag.index import Encoder

K1, B = 0.9, 0.4  # Anserini's defaults for short passages (Lin et al., 2021)
RRF_K = 60  # Cormack, Clarke and Buettcher, SIGIR 2009
MIN_COSINE = 0.3  # of 0.30 to 0.60 the most correct responses on the seeds' development part
FUSED_SENTENCES = 3
DECLINED = "The documents do not answer this."

_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Sentence:
    """A sentence of a document."""

    document: Document
    span: Span

    @property
    def text(self) -> str:
        """The sentence as it stands in the document."""
        return self.span.of(self.document.text)


class Bm25:
    """BM25 over a fixed list of texts (Robertson and Zaragoza, 2009)."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._postings: dict[str, list[tuple[int, int]]] = {}
        lengths = []
        for index, text in enumerate(texts):
            words = _words(text)
            lengths.append(len(words))
            for word, count in Counter(words).items():
                self._postings.setdefault(word, []).append((index, count))
        average = sum(lengths) / len(lengths) if lengths else 1.0
        self._norms = [K1 * (1 - B + B * length / average) for length in lengths]

    def scores(self, query: str) -> dict[int, float]:
        """Index of a text -> its score, for texts that share a word with the query."""
        scores: dict[int, float] = {}
        for word in set(_words(query)):
            postings = self._postings.get(word, [])
            rarity = math.log(1 + (len(self._norms) - len(postings) + 0.5) / (len(postings) + 0.5))
            for index, count in postings:
                gain = rarity * count * (K1 + 1) / (count + self._norms[index])
                scores[index] = scores.get(index, 0.0) + gain
        return scores


class BestBm25Sentence:
    """Answers with the one sentence that BM25 puts first."""

    name = "bm25"

    def __init__(self, documents: Sequence[Document]) -> None:
        self._sentences = all_sentences(documents)
        self._bm25 = Bm25([sentence.text for sentence in self._sentences])

    def answer(self, question: str) -> Answer:
        """The best sentence, cited; an abstention when no word matches."""
        scores = self._bm25.scores(question)
        best = _ranked(scores)[:1]
        confidence = scores[best[0]] / (scores[best[0]] + 10) if best else 0.0
        return _quoting(question, [self._sentences[index] for index in best], confidence)

    def conversation(self) -> Callable[[str], Answer]:
        """Each turn by itself."""
        return self.answer


class FusedSentences:
    """Answers with the top sentences of a dense and lexical fusion, above a similarity."""

    name = "fusion"

    def __init__(
        self,
        documents: Sequence[Document],
        encoder: Encoder | None,
        *,
        min_cosine: float = MIN_COSINE,
    ) -> None:
        if encoder is None:
            raise ModelUnavailableError(
                "The fusion baseline needs an embedder. Set RAG_EMBEDDING__MODEL=minilm."
            )
        self._sentences = all_sentences(documents)
        texts = [sentence.text for sentence in self._sentences]
        self._bm25 = Bm25(texts)
        self._encoder = encoder
        self._vectors = encoder.encode(texts)
        self._min_cosine = min_cosine

    def answer(self, question: str) -> Answer:
        """Up to three sentences, cited, or an abstention with the nearest ones."""
        vector = self._encoder.encode([question])[0]
        cosines = dict(enumerate((self._vectors @ vector).tolist()))
        dense, lexical = _ranked(cosines), _ranked(self._bm25.scores(question))
        best = _fused(dense[:50], lexical[:50])[:FUSED_SENTENCES]
        highest = cosines[dense[0]]
        sentences = [self._sentences[index] for index in best]
        if highest < self._min_cosine:
            return _declining(question, sentences, [cosines[index] for index in best])
        return _quoting(question, sentences, min(1.0, max(0.0, highest)))

    def conversation(self) -> Callable[[str], Answer]:
        """Each turn by itself."""
        return self.answer


def all_sentences(documents: Sequence[Document]) -> list[Sentence]:
    """Every sentence in the kept parts of the documents, in order."""
    from rag.sentences import sentences

    return [
        Sentence(document, span)
        for document in documents
        for kept in document.kept or (Span(0, len(document.text)),)
        for span in sentences(document.text, kept)
    ]


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def _ranked(scores: dict[int, float]) -> list[int]:
    return sorted(scores, key=lambda index: (-scores[index], index))


def _fused(*rankings: list[int]) -> list[int]:
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, index in enumerate(ranking, start=1):
            scores[index] = scores.get(index, 0.0) + 1 / (RRF_K + rank)
    return _ranked(scores)


def _quoting(question: str, sentences: list[Sentence], confidence: float) -> Answer:
    if not sentences:
        return _declining(question, [], [])
    text = " ".join(f"{each.text} [{number}]" for number, each in enumerate(sentences, start=1))
    citations = tuple(_citation(number, each) for number, each in enumerate(sentences, start=1))
    return Answer(question, text, abstained=False, citations=citations, confidence=confidence)


def _declining(question: str, sentences: list[Sentence], cosines: list[float]) -> Answer:
    nearest = tuple(
        Passage(**_source(each), score=cosine)
        for each, cosine in zip(sentences, cosines, strict=True)
    )
    return Answer(question, DECLINED, abstained=True, nearest=nearest)


def _citation(number: int, sentence: Sentence) -> Citation:
    return Citation(number=number, **_source(sentence))


def _source(sentence: Sentence) -> dict[str, Any]:
    metadata = sentence.document.metadata
    return {
        "document": sentence.document.path,
        "title": metadata.title,
        "outlet": metadata.outlet,
        "published": metadata.published,
        "start": sentence.span.start,
        "end": sentence.span.end,
        "quote": sentence.text,
    }
