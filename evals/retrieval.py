"""Retrieval measured apart from answers: rankings on scifact, and Chroma against exact search.

    python -m evals.retrieval --data FOLDER

scifact: the 300 claims of the BEIR test set, 339 relevant abstracts of 5,183 (Thakur et al., 2021;
published BM25 nDCG@10: 0.665 to 0.679). A document's rank is that of its best chunk.
Chroma's recall@10 is the share of the exact ten nearest vectors that it returns; a vector as near
as the tenth counts, so that ties do not.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evals.external import Paragraphs, data_folder, import_loader, write_corpus
from evals.measures.ranking import calculate
from evals.stats import Mean, mean
from rag.settings import RagSettings, load_settings
from rag.types import ScoredChunk

if TYPE_CHECKING:
    from rag.pipeline import Pipeline

VARIANTS: dict[str, dict[str, Any]] = {
    "bm25": {"dense_weight": 0.0},
    "dense": {"bm25_weight": 0.0},
    "fused": {},
}
SEARCHED = 100
"""Chunks asked for, so that ten different documents are among them."""
SHOWN = ("nDCG@10", "recall@10", "MRR@10")


def scifact_rankings(
    data: Path, settings: RagSettings | None = None
) -> tuple[dict[str, dict[str, Mean]], Mean]:
    """Variant -> measure -> mean over the claims; and Chroma's recall@10 on the claims."""
    from rag.pipeline import Pipeline

    paragraphs, claims, qrels = read_scifact(data)
    corpus = write_corpus("scifact", paragraphs.texts)
    base = (settings or load_settings()).override(retrieval={"candidates": SEARCHED})
    figures = {}
    for variant, changes in VARIANTS.items():
        pipeline = Pipeline.open(corpus, base.override(retrieval=changes))
        run = {
            claim: rank_documents(pipeline.search(text, top_k=SEARCHED))
            for claim, text in claims.items()
        }
        values = calculate(qrels, run)
        figures[variant] = {
            measure: mean([each[measure] for each in values.values()]) for measure in SHOWN
        }
        recall = mean(chroma_recall(pipeline, claims.values()))
        pipeline.close()
    return figures, recall


def read_scifact(data: Path) -> tuple[Paragraphs, dict[str, str], dict[str, dict[str, int]]]:
    """Abstracts, claims by id, and qrels by claim (file name -> grade 1)."""
    loader, paragraphs = import_loader(data), Paragraphs()
    for document in loader.scifact_corpus():
        paragraphs.add(document["doc_id"], document["title"], document["text"])
    records = list(loader.scifact("validation"))
    claims = {record["id"]: record["question"] for record in records}
    qrels = {
        record["id"]: {paragraphs.names[d]: 1 for d in record["doc_id"] if d in paragraphs.names}
        for record in records
    }
    return paragraphs, claims, qrels


def rank_documents(chunks: Sequence[ScoredChunk]) -> dict[str, float]:
    """Document -> a score that falls with the rank of its best chunk; folded copies follow."""
    names = dict.fromkeys(
        each.document for scored in chunks for each in (scored.chunk, *scored.duplicates)
    )
    return {name: float(len(names) - rank) for rank, name in enumerate(names)}


def chroma_recall(pipeline: Pipeline, queries: Iterable[str], k: int = 10) -> list[float]:
    """Per query the share of the exact `k` nearest chunks that Chroma returns."""
    import numpy as np

    if pipeline.encoder is None:
        return []
    matrix = np.concatenate([vectors for _, vectors in pipeline.catalog.vectors()])
    k = min(k, len(matrix))
    recalls = []
    for query in queries:
        vector = pipeline.encoder.encode([query])[0]
        tenth = float(np.partition(matrix @ vector, -k)[-k])
        found = pipeline.vectors.query(vector, limit=k, documents=None)
        recalls.append(sum(similarity >= tenth - 1e-5 for _, similarity in found) / k)
    return recalls


def print_scifact(data: Path) -> None:
    """Print the table."""
    figures, recall = scifact_rankings(data)
    print("\n".join(_lines(figures, recall)))


def _lines(figures: Mapping[str, Mapping[str, Mean]], recall: Mean) -> list[str]:
    from evals.report.figures import interval

    total = next(iter(figures.values()))["nDCG@10"].total
    lines = [f"{f'scifact, {total} claims':29}" + "".join(f"{name:>22}" for name in SHOWN)]
    lines += [
        f"{variant:29}" + "".join(f"{interval(means[name]):>22}" for name in SHOWN)
        for variant, means in figures.items()
    ]
    return [*lines, f"Chroma recall@10 against exact search: {interval(recall)}"]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Rankings on scifact; Chroma and exact search.")
    parser.add_argument("--data", type=Path, required=True, help="folder of the external sets")
    print_scifact(data_folder(parser.parse_args().data))
