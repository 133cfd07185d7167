"""The report on one screen: totals with intervals, then the types, then the gate."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from evals.gate import Verdict
from evals.report import Report
from evals.report.figures import LABELS, Row, columns, measure_rows, type_columns, type_rows

MOST_ERRORS = 5


def print_report(report: Report, console: Console) -> None:
    """Print `report` to `console`."""
    table = columns(report)
    console.print(
        f"[bold]{escape(report.dataset.name)}[/bold]  95 % intervals; "
        f"fingerprint {report.main.fingerprint or 'unknown'}"
    )
    for notice in report.main.notices:
        console.print(f"[yellow]{escape(notice)}[/yellow]")
    console.print(_table("Measure", [each.title for each in table], list(measure_rows(table))))
    for failed in [each for each in report.main.results if each.error][:MOST_ERRORS]:
        console.print(f"[red]Failed on {failed.question.id}: {escape(failed.error)}[/red]")
    types = type_rows(report)
    if types:
        heads = ["n", *(LABELS[name] for name in type_columns(report))]
        title = "Type" if report.shows_test else "Type (without the test part)"
        console.print(_table(f"{title}, {report.main.system}", heads, types))
    if report.verdict:
        print_verdict(report.verdict, console)


def print_verdict(verdict: Verdict, console: Console) -> None:
    """Print what the gate found and which questions flipped; test questions are only counted."""
    state = "[green]Gate open[/green]" if verdict.is_open else "[red]Gate closed[/red]"
    console.print(f"{state}: {verdict.compared} questions compared, {verdict.left_out} left out.")
    for reason in verdict.reasons:
        console.print(f"  [red]{escape(reason)}[/red]")
    for flip in verdict.flips:
        if flip.split != "test":
            change = "[red]lost  [/red]" if flip.is_loss else "[green]gained[/green]"
            console.print(f"  {change} {flip.measure} {flip.id}: {escape(flip.question)}")
    hidden = sum(flip.split == "test" for flip in verdict.flips)
    if hidden:
        console.print(f"  and {hidden} flips in the test part.")


def _table(first: str, heads: list[str], rows: list[Row]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    table.add_column(first, no_wrap=True)
    for head in heads:
        table.add_column(head, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(row.label, *row.cells)
    return table
