"""Fixtures of the tests with a language model."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from rag.answer.cite import make_citation
from rag.answer.evidence import Evidence
from rag.sentences import sentences
from rag.types import Answer, AnswerSentence
from tests.llm.helpers import BRIDGE, HARBOUR, MUSEUM, make_evidence


def pytest_configure(config: pytest.Config) -> None:
    """Name the marker of the tests that need model runtimes."""
    config.addinivalue_line("markers", "models: needs real model packages; run with -m models")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave those tests out unless they are asked for; never skip them when they are."""
    if "models" in (config.option.markexpr or ""):
        return
    left_out = [item for item in items if item.get_closest_marker("models")]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


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
