"""Optional LLM judges through llama-index's evaluators, apart from the deterministic measures.

    python -m evals.judges REPORT.json          (a report.json of `rag eval --out`)

faithfulness: does the answer follow from its own citations? correctness: does it agree with the
gold answer (1 to 5; passes from 4)? A judge is a model: its figures change with it, never enter
the gate, and stand in a file of their own, with the judge's name.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from evals.stats import Share, share
from rag.errors import DatasetError, RagError

JUDGES = ("faithfulness", "correctness")


def judge_results(results: Sequence[dict[str, Any]], llm: Any) -> dict[str, Share]:
    """Judge -> share of answers passed. `results` as in report.json; abstentions are left out."""
    from llama_index.core.evaluation import CorrectnessEvaluator, FaithfulnessEvaluator

    faithfulness, correctness = FaithfulnessEvaluator(llm=llm), CorrectnessEvaluator(llm=llm)
    passed: dict[str, list[float]] = {name: [] for name in JUDGES}
    for each in results:
        if "answer" not in each or each["answer"]["abstained"]:
            continue
        question, answer = each["question"]["question"], each["answer"]["text"]
        quotes = [citation["quote"] for citation in each["answer"]["citations"]]
        found = faithfulness.evaluate(query=question, response=answer, contexts=quotes)
        passed["faithfulness"].append(float(bool(found.passing)))
        golds = each["question"].get("answers")
        if golds:
            found = correctness.evaluate(query=question, response=answer, reference=golds[0])
            if found.passing is not None:
                passed["correctness"].append(float(found.passing))
    return {name: share(values) for name, values in passed.items()}


def main() -> None:
    """Judge the first system of a report; writes judges.json beside it."""
    parser = argparse.ArgumentParser(description="LLM judges over a report.json.")
    parser.add_argument("report", type=Path)
    path: Path = parser.parse_args().report
    try:
        figures = _judged(path)
    except RagError as error:
        raise SystemExit(str(error)) from error
    for name in JUDGES:
        print(f"{name}: {figures[name]['count']} of {figures[name]['total']}")


def _judged(path: Path) -> dict[str, Any]:
    from dataclasses import asdict

    from evals.draft import configured_llm
    from rag.settings import load_settings

    llm = configured_llm()
    try:
        results = json.loads(path.read_text(encoding="utf-8"))["systems"][0]["results"]
    except (OSError, ValueError, LookupError) as error:
        raise DatasetError(f"{path} is no report: {error}. Make one: rag eval --out DIR") from error
    figures: dict[str, Any] = {k: asdict(v) for k, v in judge_results(results, llm).items()}
    figures["judge"] = load_settings().llm.model
    path.with_name("judges.json").write_text(json.dumps(figures, indent=1), encoding="utf-8")
    return figures


if __name__ == "__main__":
    main()
