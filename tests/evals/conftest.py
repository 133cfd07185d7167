"""Toy cases and a toy dataset on the two documents of `toys`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from toys import TEXTS, gold

from evals.dataset import Dataset, Question
from evals.measures import Case


@pytest.fixture(scope="session")
def store(tmp_path_factory) -> Path:
    """The index folder of all tests on the real pipeline: built once."""
    return tmp_path_factory.mktemp("store")


@pytest.fixture
def make_case() -> Callable[..., Case]:
    """A case about who led the talks; fields of the question can be replaced."""

    def make(*groups: list[tuple[str, str]], **fields: Any) -> Case:
        given = {"id": "q", "question": "Who led?", "required": [["Ada"]], "answers": ["Ada"]}
        return Case(Question.model_validate(given | fields), gold(*groups), TEXTS)

    return make


@pytest.fixture(scope="session")
def toy_dataset() -> Dataset:
    """Sixteen questions, half of them answerable, on the two documents."""
    quote = {"document": "a.txt", "quote": "Ada led the talks in Bern."}
    answerable = [
        Question.model_validate(
            {
                "id": f"q{n}",
                "type": "who" if n % 2 else "where",
                "split": "test" if n == 8 else "dev",
                "question": f"Question {n}?",
                "required": [["Ada"]],
                "answers": ["Ada"],
                "evidence": [[quote]],
            }
        )
        for n in range(1, 9)
    ]
    unanswerable = [
        Question(id=f"u{n}", type="unanswerable", question=f"Nothing {n}?", answerable=False)
        for n in range(1, 9)
    ]
    questions = (*answerable, *unanswerable)
    places = {each.id: f"toy.jsonl, line {n}" for n, each in enumerate(questions, start=1)}
    return Dataset("toy", questions, (), "0" * 64, places)
