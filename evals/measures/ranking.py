"""hit@k, recall@k, MRR@k and nDCG@k of the retrieved chunks, computed by ir-measures.

A chunk holds a gold passage when the two share at least half of the shorter one. The run handed
to ir-measures is written in gold passages, not in chunks: a chunk that is first to hold a
passage stands for it, every other chunk is irrelevant; a second passage held by the same chunk
takes the next rank. So no chunking is judged anew, and gain (grade 1) counts once a passage.

    hit@k     1 if a passage is held in the top k          (trec_eval: success)
    recall@k  passages held in the top k / passages
    MRR@k     1 / rank of the first chunk that holds one, 0 if none
    nDCG@k    sum of 1 / log2(rank + 1) over that of the ideal order

A query without results counts as 0; one without judgements is left out (None). Ties break by
chunk id. Source: Järvelin and Kekäläinen (2002); ir-measures (MacAvaney et al., 2022).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evals.dataset import Gold, GoldSpan
from rag.types import Chunk, ScoredChunk

RANKING = ("hit@5", "recall@5", "recall@10", "MRR@10", "nDCG@10")


def ranking_scores(
    runs: Mapping[str, Sequence[ScoredChunk]], gold: Mapping[str, Gold]
) -> dict[str, dict[str, float | None]]:
    """Query id -> measure -> value, for every query of `runs`."""
    judged = {query: gold[query] for query in runs if gold.get(query)}
    qrels = {query: {f"gold{n}": 1 for n in range(len(groups))} for query, groups in judged.items()}
    run = {query: _as_passages(runs[query], groups) for query, groups in judged.items()}
    values = calculate(qrels, run)
    return {query: {name: values.get(query, {}).get(name) for name in RANKING} for query in runs}


def calculate(
    qrels: Mapping[str, Mapping[str, int]], run: Mapping[str, Mapping[str, float]]
) -> dict[str, dict[str, float]]:
    """Query id -> measure -> value, of judged documents and scored results."""
    import ir_measures

    measures = {_measure(name): name for name in RANKING}
    values: dict[str, dict[str, float]] = {query: dict.fromkeys(RANKING, 0.0) for query in qrels}
    if any(run.values()):
        for metric in ir_measures.iter_calc(list(measures), qrels, run):
            values[metric.query_id][measures[metric.measure]] = metric.value
    return values


def holds(chunk: Chunk, passage: GoldSpan) -> bool:
    """True when chunk and passage share at least half of the shorter one."""
    if chunk.document != passage.document:
        return False
    shared = min(chunk.span.end, passage.span.end) - max(chunk.span.start, passage.span.start)
    lengths = (chunk.span.end - chunk.span.start, passage.span.end - passage.span.start)
    return shared > 0 and shared >= min(lengths) / 2


def _as_passages(chunks: Sequence[ScoredChunk], gold: Gold) -> dict[str, float]:
    names: list[str] = []
    for rank, scored in enumerate(sorted(chunks, key=lambda c: (-c.score, c.chunk.id)), start=1):
        found = [f"gold{n}" for n, group in enumerate(gold) if _holds_any(scored, group)]
        names.extend([name for name in found if name not in names] or [f"irrelevant{rank}"])
    return {name: float(len(names) - position) for position, name in enumerate(names)}


def _holds_any(scored: ScoredChunk, group: Sequence[GoldSpan]) -> bool:
    chunks = (scored.chunk, *scored.duplicates)
    return any(holds(chunk, passage) for chunk in chunks for passage in group)


def _measure(name: str) -> Any:
    from ir_measures import RR, R, Success, nDCG

    kind, _, k = name.partition("@")
    return {"hit": Success, "recall": R, "MRR": RR, "nDCG": nDCG}[kind] @ int(k)
