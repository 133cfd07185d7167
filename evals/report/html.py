"""The report as one HTML page: style and plots inside, nothing loaded from elsewhere.

Everything that comes from documents, questions or answers is escaped by the template engine; only
the plots, made here, are inserted as they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from evals.measures.case import hits
from evals.report import Report
from evals.report.figures import LABELS, columns, measure_rows, type_columns, type_rows
from evals.report.plots import (
    accuracy_by_type,
    calibration_plot,
    latency_plot,
    risk_coverage_plot,
)
from evals.results import Result
from evals.summary import by_type, curves, summarise

TEMPLATE = "page.html.j2"


@dataclass(frozen=True)
class Failure:
    """A wrong response, with what a reader needs to see why."""

    result: Result
    fault: str
    gold: tuple[tuple[str, str, bool], ...]
    """Document, quote, whether a citation overlaps its group."""


def to_html(report: Report) -> str:
    """The whole page."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    table = columns(report)
    return environment.get_template(TEMPLATE).render(
        report=report,
        heads=[column.title for column in table],
        rows=list(measure_rows(table)),
        type_heads=["n", *(LABELS[name] for name in type_columns(report))],
        types=type_rows(report),
        plots=_plots(report),
        failures=[_failure(each) for each in report.open_results() if each.is_wrong],
        flips=_open_flips(report),
    )


def _plots(report: Report) -> list[tuple[str, str, str]]:
    """Title, explanation, SVG."""
    drawn = {each.system: curves(each.results) for each in report.evaluations}
    types = [
        (kind, summarise(results).shares["correct"], len(results))
        for kind, results in by_type(report.open_results()).items()
    ]
    plots = [
        (
            "Risk and coverage",
            "Answers by falling confidence: how many of the first are wrong. Lower is better.",
            risk_coverage_plot(drawn),
        ),
        (
            "Calibration",
            f"{report.main.system}: on the dashed line confidence is what it says. "
            "Numbers count answers.",
            calibration_plot(drawn[report.main.system]),
        ),
        ("Latency", "Share of the questions answered within a time.", latency_plot(drawn)),
    ]
    if types:
        title = "Correct responses by type"
        plots.insert(0, (title, "Lines are 95 % Wilson intervals.", accuracy_by_type(types)))
    return plots


def _failure(result: Result) -> Failure:
    cited = [
        any(hits(citation, group) for citation in result.answer.citations) for group in result.gold
    ]
    quotes = [
        (quote.document, quote.quote, is_cited)
        for group, is_cited in zip(result.question.evidence, cited, strict=True)
        for quote in group
    ]
    return Failure(result, result.fault, tuple(quotes))


def _open_flips(report: Report) -> list[tuple[str, str, str, str]]:
    flips = report.verdict.flips if report.verdict else ()
    return [
        ("lost" if flip.is_loss else "gained", flip.measure, flip.id, flip.question)
        for flip in flips
        if report.shows_test or flip.split != "test"
    ]
