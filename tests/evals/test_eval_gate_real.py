"""The gate on the real pipeline: unchanged it stays open, each crippled system closes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from evals.dataset import Dataset, load_dataset
from evals.gate import Verdict, judge, make_baseline
from evals.runner import evaluate, read_texts
from evals.session import fingerprint
from evals.systems import Footnote, System
from rag.pipeline import Pipeline
from rag.settings import RagSettings
from rag.types import Answer

ROOT = Path(__file__).resolve().parents[2]
ASKED = 80


class Shifted(Footnote):
    """Gives each citation offsets seven characters off."""

    def answer(self, question: str) -> Answer:
        answer = super().answer(question)
        moved = tuple(
            replace(each, start=each.start + 7, end=each.end + 7) for each in answer.citations
        )
        return replace(answer, citations=moved)

    def conversation(self) -> Callable[[str], Answer]:
        return self.answer


@pytest.fixture(scope="module")
def settings(store) -> RagSettings:
    """Without the reader, several times quicker, and bold, so that there is much to lose."""
    quick = {"reader": {"model": "none"}, "answering": {"min_confidence": 0.1}}
    return RagSettings().override(storage={"path": store}, **quick)


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return load_dataset().select(split="dev", limit=ASKED)


@pytest.fixture(scope="module")
def baseline(settings, dataset) -> dict[str, Any]:
    with opened(settings) as (pipeline, texts):
        pinned = fingerprint(pipeline)
        evaluation = evaluate(Footnote(pipeline), dataset, texts, fingerprint=pinned)
        return make_baseline(evaluation, dataset)


@contextmanager
def opened(settings: RagSettings) -> Iterator[tuple[Pipeline, dict[str, str]]]:
    """A pipeline on the starter corpus and its texts, closed at the end."""
    pipeline = Pipeline.open(ROOT / "seeds", settings)
    try:
        yield pipeline, read_texts(pipeline.corpus, pipeline.documents())
    finally:
        pipeline.close()


def verdict_of(
    settings: RagSettings, dataset: Dataset, baseline: dict[str, Any],
    make: Callable[[Pipeline], System] = Footnote,
) -> Verdict:  # fmt: skip
    with opened(settings) as (pipeline, texts):
        evaluation = evaluate(make(pipeline), dataset, texts, fingerprint=fingerprint(pipeline))
        return judge(evaluation, baseline)


def test_the_unchanged_system_stays_open_without_a_flip(settings, dataset, baseline):
    verdict = verdict_of(settings, dataset, baseline)
    assert verdict.reasons == ()
    assert verdict.flips == ()
    assert verdict.is_other_fingerprint is False


def test_one_chunk_and_one_sentence_close_it(settings, dataset, baseline):
    crippled = settings.override(retrieval={"top_k": 1}, answering={"max_sentences": 1})
    verdict = verdict_of(crippled, dataset, baseline)
    assert any("grounded accuracy fell" in reason for reason in verdict.reasons)
    assert verdict.is_other_fingerprint


def test_shifted_offsets_close_it(settings, dataset, baseline):
    verdict = verdict_of(settings, dataset.select(limit=10), baseline, Shifted)
    assert any("inexact quotes" in reason for reason in verdict.reasons)


def test_without_any_search_it_closes(settings, dataset, baseline):
    blind = settings.override(retrieval={"bm25_weight": 0.0, "dense_weight": 0.0})
    verdict = verdict_of(blind, dataset, baseline)
    assert any("grounded accuracy fell" in reason for reason in verdict.reasons)
