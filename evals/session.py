"""One evaluation from start to end: opens the corpus once and asks every wanted system."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from evals.dataset import Dataset, load_dataset
from evals.results import Evaluation
from evals.runner import evaluate, read_texts
from evals.systems import open_system
from rag.errors import DatasetError
from rag.settings import RagSettings, load_settings

if TYPE_CHECKING:
    from rag.pipeline import Pipeline

SPLITS = ("dev", "test", "all")


@dataclass(frozen=True)
class Wanted:
    """What to measure, as the command line says it."""

    dataset: Path | None = None
    corpus: Path | None = None
    split: str = "all"
    data: Path | None = None
    external: str | None = None
    limit: int | None = None
    workers: int = 1
    systems: tuple[str, ...] = ("footnote",)


def measure(
    wanted: Wanted, *, settings: RagSettings | None = None, show_progress: bool = False
) -> tuple[Dataset, tuple[Evaluation, ...]]:
    """Ask every wanted system the wanted questions, on one open corpus."""
    from rag.pipeline import Pipeline

    dataset, corpus = _questions_and_corpus(wanted)
    pipeline = Pipeline.open(corpus, settings or load_settings())
    try:
        texts = read_texts(pipeline.corpus, pipeline.documents())
        pinned = fingerprint(pipeline)
        evaluations = tuple(
            evaluate(
                open_system(name, pipeline),
                dataset,
                texts,
                workers=wanted.workers,
                fingerprint=pinned,
                show_progress=show_progress,
            )
            for name in wanted.systems
        )
    finally:
        pipeline.close()
    return dataset, evaluations


def fingerprint(pipeline: Pipeline) -> str:
    """Hash of everything that shapes answers: the index, the settings used to answer, the files."""
    answering = pipeline.settings.model_dump(
        mode="json", include={"retrieval", "reader", "answering", "llm"}
    )
    files = {document.path: document.sha256 for document in pipeline.documents()}
    shape = [pipeline.status().fingerprint, answering, files]
    return hashlib.sha256(json.dumps(shape, sort_keys=True).encode()).hexdigest()[:12]


def _questions_and_corpus(wanted: Wanted) -> tuple[Dataset, Path | None]:
    if wanted.split not in SPLITS:
        raise DatasetError(f"No split named {wanted.split!r}. Known: {', '.join(SPLITS)}.")
    if wanted.external:
        from evals.external import data_folder, prepare

        dataset, corpus = prepare(wanted.external, data_folder(wanted.data), wanted.limit)
        return dataset, corpus
    dataset = load_dataset(wanted.dataset).select(split=wanted.split, limit=wanted.limit)
    if not dataset.all_questions:
        raise DatasetError(f"{dataset.name} has no questions in the part {wanted.split!r}.")
    return dataset, wanted.corpus
