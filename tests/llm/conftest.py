"""Fixtures of the tests with a language model."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from rag.answer.cite import make_citation
from rag.answer.evidence import Evidence
from rag.sentences import sentences
from rag.types import Answer, AnswerSentence
from tests.llm.helpers import BRIDGE, HARBOUR, MUSEUM, make_evidence


@pytest.fixture(scope="session", autouse=True)
def _imported() -> None:
    """Importing llama-index and reading the vocabulary take seconds; not part of any deadline."""
    import rag.openai_like  # noqa: F401
    from rag.tokens import count_tokens

    count_tokens("once")


@pytest.fixture
def evidence() -> Evidence:
    return make_evidence(HARBOUR, BRIDGE, MUSEUM)


@pytest.fixture
def fallback(evidence: Evidence) -> Callable[[], Answer]:
    """A cited extractive answer."""
    document = evidence.documents["0.txt"]
    citation = make_citation(1, document, sentences(document.text)[0])
    sentence = AnswerSentence(citation.quote, (1,))
    return lambda: Answer("q", f"{citation.quote} [1]", False, (citation,), sentences=(sentence,))
