"""Reports of one run: terminal, Markdown, JSON, JUnit XML and one self-contained HTML page.

The test part of a dataset is shown in total only, so that looking at a report does not tune on it;
`shows_test` opens it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from evals.dataset import Dataset
from evals.gate import Verdict
from evals.results import Evaluation, Result


@dataclass(frozen=True)
class Report:
    """What all formats are made from; the first evaluation is the system, the others compare."""

    dataset: Dataset
    evaluations: tuple[Evaluation, ...]
    verdict: Verdict | None = None
    shows_test: bool = False
    created: datetime = datetime(1970, 1, 1, tzinfo=UTC)

    @property
    def main(self) -> Evaluation:
        """The system under test."""
        return self.evaluations[0]

    def open_results(self, evaluation: Evaluation | None = None) -> list[Result]:
        """The results that may be looked at one by one."""
        results = (evaluation or self.main).results
        return [each for each in results if self.shows_test or each.question.split != "test"]

    def parts(self, evaluation: Evaluation) -> dict[str, list[Result]]:
        """Part -> its results: dev and test where both are there, else the only one."""
        parts: dict[str, list[Result]] = {}
        for each in evaluation.results:
            parts.setdefault(each.question.split, []).append(each)
        return {name: parts[name] for name in ("dev", "test") if name in parts}


def write_reports(report: Report, folder: Path) -> list[Path]:
    """Write report.json, report.md, report.html and junit.xml; returns their paths."""
    from evals.report.as_json import to_json
    from evals.report.html import to_html
    from evals.report.junit import to_junit
    from evals.report.markdown import to_markdown

    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, render in (
        ("report.json", to_json),
        ("report.md", to_markdown),
        ("report.html", to_html),
        ("junit.xml", to_junit),
    ):
        (folder / name).write_text(render(report), encoding="utf-8")
        written.append(folder / name)
    return written
