"""The figures every format shows, as text: which measures, in which order, how written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from evals.report import Report
from evals.stats import Mean, Share
from evals.summary import Summary, by_type, summarise

LABELS = {
    "grounded": "Grounded accuracy",
    "accuracy": "Accuracy",
    "false_answer": "False answers",
    "false_refusal": "False refusals",
    "correct": "Correct responses",
    "evidence_cited": "Gold evidence cited",
    "citation_precision": "Citation precision",
    "citation_recall": "Citation recall",
    "witnesses": "Witnesses cited",
    "short_answer": "Short answers right",
    "exact_match": "Exact match",
    "token_f1": "Token F1",
    "hit@5": "hit@5",
    "recall@5": "recall@5",
    "recall@10": "recall@10",
    "MRR@10": "MRR@10",
    "nDCG@10": "nDCG@10",
}
TYPE_COLUMNS = ("grounded", "accuracy", "false_answer", "false_refusal")
TYPE_COLUMNS_WITHOUT_FACTS = ("evidence_cited", "false_answer", "false_refusal")
ABSENT = "–"


@dataclass(frozen=True)
class Column:
    """One system on one part of the dataset."""

    title: str
    summary: Summary


@dataclass(frozen=True)
class Row:
    """One measure (or type) with a cell per column."""

    label: str
    cells: tuple[str, ...]


def columns(report: Report) -> list[Column]:
    """Every system on every part, the system under test first."""
    return [
        Column(f"{evaluation.system}, {part}", summarise(results))
        for evaluation in report.evaluations
        for part, results in report.parts(evaluation).items()
    ]


def measure_rows(table: list[Column]) -> Iterator[Row]:
    """One row a measure, those that no column has left out."""
    yield Row("Questions", tuple(str(column.summary.asked) for column in table))
    for name, label in LABELS.items():
        cells = tuple(interval(_figure(column.summary, name)) for column in table)
        if set(cells) != {ABSENT}:
            yield Row(label, cells)
    for label, values in _plain_rows(table):
        yield Row(label, values)


def type_columns(report: Report) -> tuple[str, ...]:
    """The measures shown by type: grounded accuracy, or cited evidence where no facts are given."""
    has_facts = any(each.scores.get("accuracy") is not None for each in report.main.results)
    return TYPE_COLUMNS if has_facts else TYPE_COLUMNS_WITHOUT_FACTS


def type_rows(report: Report) -> list[Row]:
    """One row a type of the results that may be looked at."""
    rows = []
    for kind, results in by_type(report.open_results()).items():
        summary = summarise(results)
        names = type_columns(report)
        cells = (interval(summary.shares[name], with_counts=True) for name in names)
        rows.append(Row(kind, (str(summary.asked), *cells)))
    return rows


def interval(figure: Share | Mean, *, with_counts: bool = False) -> str:
    """A share as "71.2 % (65–77)", a mean as "0.712 (0.65–0.77)", nothing as a dash."""
    if figure.value is None or figure.low is None or figure.high is None:
        return ABSENT
    if isinstance(figure, Mean):
        return f"{figure.value:.3f} ({figure.low:.2f}–{figure.high:.2f})"
    text = f"{100 * figure.value:.1f} % ({100 * figure.low:.0f}–{100 * figure.high:.0f})"
    return f"{text} {figure.count}/{figure.total}" if with_counts else text


def number(value: float | None, pattern: str = "{:.3f}") -> str:
    """A figure without an interval."""
    return ABSENT if value is None else pattern.format(value)


def _figure(summary: Summary, name: str) -> Share | Mean:
    return summary.shares[name] if name in summary.shares else summary.means[name]


def _plain_rows(table: list[Column]) -> Iterator[tuple[str, tuple[str, ...]]]:
    each = [column.summary for column in table]
    yield "AURC (lower is better)", tuple(number(s.aurc) for s in each)
    yield "Calibration error", tuple(number(s.calibration_error) for s in each)
    yield "Inexact quotes", tuple(str(s.inexact_quotes) for s in each)
    yield "Failures", tuple(str(s.errors) for s in each)
    yield (
        "Seconds p50 / p95",
        tuple(f"{number(s.p50_seconds)} / {number(s.p95_seconds)}" for s in each),
    )
