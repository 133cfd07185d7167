"""The report as JSON: figures and every result, to be read by other programs."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from evals.report import Report
from evals.results import Evaluation, Result
from evals.summary import by_type, summarise

SCHEMA = 1


def to_json(report: Report) -> str:
    """The whole report; results of the test part keep their scores but not their answers."""
    data = {
        "schema": SCHEMA,
        "created": report.created.isoformat(timespec="seconds"),
        "dataset": {
            "name": report.dataset.name,
            "sha256": report.dataset.sha256,
            "questions": len(report.main.results),
        },
        "gate": report.verdict.to_dict() if report.verdict else None,
        "systems": [_system(report, each) for each in report.evaluations],
    }
    return json.dumps(data, ensure_ascii=False, indent=1)


def _system(report: Report, evaluation: Evaluation) -> dict[str, Any]:
    opened = report.open_results(evaluation)
    return {
        "name": evaluation.system,
        "fingerprint": evaluation.fingerprint,
        "notices": list(evaluation.notices),
        "summary": {part: _summary(results) for part, results in report.parts(evaluation).items()},
        "by_type": {kind: _summary(results) for kind, results in by_type(opened).items()},
        "results": [
            _result(each, is_open=report.shows_test or each.question.split != "test")
            for each in evaluation.results
        ],
    }


def _summary(results: list[Result]) -> dict[str, Any]:
    summary = summarise(results)
    shares = {
        name: asdict(figure) | {"value": figure.value} for name, figure in summary.shares.items()
    }
    return asdict(summary) | {"shares": shares}


def _result(result: Result, *, is_open: bool) -> dict[str, Any]:
    question = result.question
    kept = {
        "id": question.id,
        "split": question.split,
        "type": question.type,
        "digest": question.digest,
        "scores": result.scores,
        "seconds": round(result.seconds, 4),
    }
    if not is_open:
        return kept
    return kept | {
        "question": question.model_dump(mode="json", exclude_defaults=True),
        "context": list(result.context),
        "answer": result.answer.to_dict(),
        "error": result.error,
    }
