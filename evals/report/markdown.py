"""The report as Markdown, fit for a pull request or a job summary."""

from __future__ import annotations

from collections.abc import Sequence

from evals.gate import Verdict
from evals.report import Report
from evals.report.figures import LABELS, Row, columns, measure_rows, type_columns, type_rows

MOST_FAILURES = 50


def to_markdown(report: Report) -> str:
    """The whole report."""
    table = columns(report)
    lines = [
        f"# Evaluation on {_plain(report.dataset.name)}",
        "",
        f"Fingerprint `{report.main.fingerprint or 'unknown'}`, dataset "
        f"`{report.dataset.sha256[:12]}`, {report.created:%Y-%m-%d %H:%M} UTC. "
        "Intervals: Wilson for shares, bootstrap for means, 95 %.",
        "",
        *(f"> {_plain(notice)}\n" for notice in report.main.notices),
        *_table(["Measure", *(each.title for each in table)], list(measure_rows(table))),
    ]
    if report.verdict:
        lines += ["", "## Gate", "", *_gate(report.verdict)]
    types = type_rows(report)
    if types:
        heads = ["Type", "n", *(LABELS[name] for name in type_columns(report))]
        lines += ["", f"## By type: {report.main.system}", "", *_table(heads, types)]
    lines += ["", "## Failures", "", *_failures(report)]
    return "\n".join(lines) + "\n"


def _gate(verdict: Verdict) -> list[str]:
    state = "Open" if verdict.is_open else "**Closed**"
    lines = [
        f"{state}: {verdict.compared} questions compared with the baseline, "
        f"{verdict.left_out} left out. Grounded: {verdict.grounded.lost} lost, "
        f"{verdict.grounded.gained} gained, p = {verdict.grounded.p_value:.3f}. "
        f"Declining: {verdict.declining.lost} lost, {verdict.declining.gained} gained, "
        f"p = {verdict.declining.p_value:.3f}.",
        "",
        *(f"- {_plain(reason)}" for reason in verdict.reasons),
    ]
    for flip in verdict.flips:
        if flip.split != "test":
            change = "lost" if flip.is_loss else "gained"
            lines.append(f"- {change} {flip.measure} `{flip.id}`: {_plain(flip.question)}")
    return lines


def _failures(report: Report) -> list[str]:
    wrong = [each for each in report.open_results() if each.is_wrong]
    lines = [f"- `{each.question.id}` {_plain(each.question.question)}" for each in wrong]
    more = len(lines) - MOST_FAILURES
    return lines[:MOST_FAILURES] + ([f"- and {more} more in report.html"] if more > 0 else [])


def _table(heads: Sequence[str], rows: Sequence[Row]) -> list[str]:
    return [
        f"| {' | '.join(heads)} |",
        f"|---|{'---:|' * (len(heads) - 1)}",
        *(f"| {' | '.join((row.label, *row.cells))} |" for row in rows),
    ]


def _plain(text: str) -> str:
    """`text` on one line, without anything Markdown or HTML would act on."""
    escaped = " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;")
    return "".join(f"\\{char}" if char in "\\`*_{}[]|#!>" else char for char in escaped)
