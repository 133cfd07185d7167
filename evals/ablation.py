"""What each part is worth: the same questions with a part switched off, tested in pairs.

    python -m evals.ablation [--dataset FILE] [--corpus FOLDER] [--split dev] [--limit N]

Each variant changes settings only; p is the exact McNemar test of grounded outcomes against the
first row, question by question.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from evals.gate import judge, make_baseline
from evals.results import Evaluation
from evals.session import Wanted, measure
from evals.stats import PairedTest
from rag.settings import RagSettings, load_settings

VARIANTS: dict[str, dict[str, dict[str, Any]]] = {
    "as set": {},
    "without reader": {"reader": {"model": "none"}},
    "without dense search": {"retrieval": {"dense_weight": 0.0}},
    "without BM25": {"retrieval": {"bm25_weight": 0.0}},
    "without typo matching": {"retrieval": {"fuzzy": False}},
}


def ablate(
    wanted: Wanted, settings: RagSettings | None = None
) -> dict[str, tuple[Evaluation, PairedTest]]:
    """Variant -> its evaluation and the paired test of its grounded outcomes with the first's."""
    base = settings or load_settings()
    rows: dict[str, tuple[Evaluation, PairedTest]] = {}
    baseline: dict[str, Any] = {}
    for name, changes in VARIANTS.items():
        dataset, (evaluation, *_) = measure(wanted, settings=base.override(**changes))
        baseline = baseline or make_baseline(evaluation, dataset)
        rows[name] = (evaluation, judge(evaluation, baseline).grounded)
    return rows


def main() -> None:
    """Print one row a variant."""
    from evals.report.figures import interval
    from evals.summary import summarise

    parser = argparse.ArgumentParser(description="The same questions with parts switched off.")
    parser.add_argument("--dataset", type=Path)
    parser.add_argument("--corpus", type=Path)
    parser.add_argument("--split", default="dev")
    parser.add_argument("--limit", type=int)
    given = parser.parse_args()
    wanted = Wanted(given.dataset, given.corpus, given.split, limit=given.limit)
    print(f"{'':24}{'grounded':>18}{'false answers':>18}{'lost':>6}{'gained':>8}{'p':>8}")
    for name, (evaluation, paired) in ablate(wanted).items():
        shares = summarise(evaluation.results).shares
        print(
            f"{name:24}{interval(shares['grounded']):>18}{interval(shares['false_answer']):>18}"
            f"{paired.lost:>6}{paired.gained:>8}{paired.p_value:>8.3f}"
        )


if __name__ == "__main__":
    main()
