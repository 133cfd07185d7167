"""The gate: may this system replace the one the committed baseline was made with?

Compares question by question with the baseline and fails on
- a significant drop in grounded accuracy (exact McNemar, two-sided p < 0.05),
- a significant rise in false answers (the same test over the unanswerable questions),
- any inexact quote, and any question the system failed on.
Questions that are new, gone or changed since the baseline are left out and counted. An equal
system cannot trip it: without differing pairs p is 1.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from evals.dataset import Dataset
from evals.results import Evaluation, Result
from evals.stats import PairedTest, mcnemar
from rag.errors import DatasetError

BASELINE = Path(__file__).with_name("baseline.json")
WATCHED = ("grounded", "false_answer")


@dataclass(frozen=True)
class Flip:
    """A question whose outcome differs from the baseline's."""

    id: str
    question: str
    split: str
    measure: str
    is_loss: bool


@dataclass(frozen=True)
class Verdict:
    """What the gate found; it is open when there are no reasons against it."""

    reasons: tuple[str, ...]
    grounded: PairedTest
    declining: PairedTest
    flips: tuple[Flip, ...]
    compared: int
    left_out: int
    is_other_fingerprint: bool

    @property
    def is_open(self) -> bool:
        """True when nothing speaks against the change."""
        return not self.reasons

    def to_dict(self) -> dict[str, Any]:
        """The verdict as plain JSON-ready data."""
        return {"is_open": self.is_open, **asdict(self)}


def make_baseline(evaluation: Evaluation, dataset: Dataset) -> dict[str, Any]:
    """What later runs are compared with: per question the outcome and what it was judged by."""
    return {
        "dataset": dataset.name,
        "dataset_sha256": dataset.sha256,
        "system": evaluation.system,
        "fingerprint": evaluation.fingerprint,
        "questions": {
            each.question.id: {"digest": each.question.digest}
            | {measure: each.scores.get(measure) for measure in WATCHED}
            for each in evaluation.results
        },
    }


def baseline_of_report(path: Path) -> dict[str, Any]:
    """The same from a report.json written before. Raises DatasetError when it is none."""
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
        system = report["systems"][0]
        return {
            "dataset": report["dataset"]["name"],
            "dataset_sha256": report["dataset"]["sha256"],
            "system": system["name"],
            "fingerprint": system["fingerprint"],
            "questions": {
                each["id"]: {"digest": each["digest"]}
                | {measure: each["scores"].get(measure) for measure in WATCHED}
                for each in system["results"]
            },
        }
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise DatasetError(
            f"{path} is no report ({error!r}). Write one with: rag eval --out DIR"
        ) from error


def write_baseline(baseline: dict[str, Any], path: Path) -> None:
    """Write it with one question to a line, so that a diff shows what moved."""
    head = {name: value for name, value in baseline.items() if name != "questions"}
    lines = [f"  {json.dumps(key)}: {json.dumps(value)},\n" for key, value in head.items()]
    questions = ",\n".join(
        f"    {json.dumps(key)}: {json.dumps(value)}"
        for key, value in sorted(baseline["questions"].items())
    )
    text = "{\n" + "".join(lines) + '  "questions": {\n' + questions + "\n  }\n}\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def read_baseline(path: Path) -> dict[str, Any]:
    """The baseline kept at `path`. Raises DatasetError when it is missing or no baseline."""
    try:
        baseline = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise DatasetError(
            f"No baseline at {path}. Write one with: rag eval accept --baseline {path}"
        ) from error
    except (OSError, ValueError) as error:
        raise DatasetError(f"{path} is no baseline: {error}. Write it anew: rag eval accept") from (
            error
        )
    if not isinstance(baseline, dict) or not isinstance(baseline.get("questions"), dict):
        raise DatasetError(f"{path} is no baseline. Write it anew with: rag eval accept")
    return baseline


def judge(evaluation: Evaluation, baseline: dict[str, Any]) -> Verdict:
    """Compare `evaluation` with `baseline`. Raises DatasetError when no question is shared."""
    known = baseline["questions"]
    shared = [each for each in evaluation.results if _is_same(each, known)]
    if not shared:
        raise DatasetError(
            f"The baseline of {baseline.get('dataset', '?')} shares no question with this run. "
            "Write one for this dataset with: rag eval accept --baseline FILE"
        )
    grounded, grounded_flips = _compare(shared, known, "grounded", right=1.0)
    declining, declining_flips = _compare(shared, known, "false_answer", right=0.0)
    asked = {each.question.id for each in evaluation.results}
    changed = len(evaluation.results) - len(shared)
    return Verdict(
        reasons=tuple(_reasons(evaluation, grounded, declining)),
        grounded=grounded,
        declining=declining,
        flips=(*grounded_flips, *declining_flips),
        compared=len(shared),
        left_out=changed + len(set(known) - asked),
        is_other_fingerprint=baseline.get("fingerprint") != evaluation.fingerprint,
    )


def _is_same(result: Result, known: dict[str, Any]) -> bool:
    before = known.get(result.question.id)
    return before is not None and before["digest"] == result.question.digest


def _compare(
    shared: Sequence[Result], known: dict[str, Any], measure: str, *, right: float
) -> tuple[PairedTest, list[Flip]]:
    pairs = [
        (each, known[each.question.id].get(measure) == right, _is_right(each, measure, right))
        for each in shared
        if known[each.question.id].get(measure) is not None
    ]
    test = mcnemar([before for _, before, _ in pairs], [after for _, _, after in pairs])
    flips = [
        Flip(each.question.id, each.question.question, each.question.split, measure, before)
        for each, before, after in pairs
        if before != after
    ]
    return test, flips


def _is_right(result: Result, measure: str, right: float) -> bool:
    return not result.error and result.scores.get(measure) == right


def _reasons(evaluation: Evaluation, grounded: PairedTest, declining: PairedTest) -> list[str]:
    reasons = []
    if grounded.is_significant_loss:
        reasons.append(
            f"grounded accuracy fell: {grounded.lost} questions lost, {grounded.gained} gained "
            f"(exact McNemar p = {grounded.p_value:.4f})"
        )
    if declining.is_significant_loss:
        reasons.append(
            f"false answers rose: {declining.lost} new ones, {declining.gained} fewer "
            f"(exact McNemar p = {declining.p_value:.4f})"
        )
    inexact = [each.question.id for each in evaluation.results if each.scores["inexact_quotes"]]
    if inexact:
        reasons.append(f"inexact quotes in {len(inexact)} answers: {_few(inexact)}")
    failed = [each.question.id for each in evaluation.results if each.error]
    if failed:
        reasons.append(f"the system failed on {len(failed)} questions: {_few(failed)}")
    return reasons


def _few(ids: list[str]) -> str:
    return ", ".join(ids[:10]) + (", ..." if len(ids) > 10 else "")
