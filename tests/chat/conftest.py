"""A small company's minutes, and turns written by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rag.followup import rewrite
from rag.pipeline import Pipeline
from rag.settings import RagSettings
from rag.types import Answer, AnswerMetadata, Citation

MINUTES = """Minutes of the meeting of 3 May

The works council of Alder Timber met on 3 May in the canteen of the Leeds sawmill.

Ruth Amari, head of safety, presented the new guard rails. She said the rails cost 12,000 pounds.

The finance director, Paul Teague, opposed the purchase because the budget was spent.
"""
LETTER = """Letter to the members

The Leeds sawmill of Alder Timber was closed in 2021 after a fire in the drying kiln.

The Bergen sawmill stayed open in 2021 and took over most orders.
"""


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "minutes"
    folder.mkdir()
    (folder / "minutes.txt").write_text(MINUTES, encoding="utf-8")
    (folder / "letter.txt").write_text(LETTER, encoding="utf-8")
    return folder


@pytest.fixture
def settings(tmp_path: Path) -> RagSettings:
    """Lexical search, and an answer to everything: these tests are about the conversation."""
    return RagSettings().override(
        storage={"path": tmp_path / "store"},
        embedding={"model": "none"},
        answering={"min_confidence": 0.0},
    )


@pytest.fixture
def pipeline(corpus: Path, settings: RagSettings) -> Iterator[Pipeline]:
    opened = Pipeline.open(corpus, settings)
    yield opened
    opened.close()


Turn = str | tuple[str, ...]


@pytest.fixture
def converse() -> Callable[..., str]:
    """What the last question becomes after turns of (question, short answer, quote)."""

    def follow(*turns: Turn) -> str:
        answers: list[Answer] = []
        for turn in turns[:-1]:
            question, short, quote = (*([turn] if isinstance(turn, str) else turn), "", "")[:3]
            understood = rewrite(question, answers)
            cited = (Citation(1, "a.txt", "", "", "", 0, len(quote), quote),) if quote else ()
            answers.append(
                Answer(
                    question,
                    quote or short,
                    abstained=not (quote or short),
                    citations=cited,
                    short_answer=short,
                    metadata=AnswerMetadata(
                        understood_as=understood if understood != question else ""
                    ),
                )
            )
        last = turns[-1]
        assert isinstance(last, str)
        return rewrite(last, answers)

    return follow
