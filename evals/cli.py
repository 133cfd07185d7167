"""`rag eval`: measure, gate, accept a baseline, draft questions.

Exit codes: 0 fine, 1 the gate is closed, 2 a user's error. Heavy imports stand inside functions.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from evals.report import Report
    from evals.session import Wanted

GATE_CLOSED, USERS_ERROR = 1, 2

app = typer.Typer(
    help="Measure answers against gold questions.",
    invoke_without_command=True,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

DatasetOption = Annotated[
    Path | None,
    typer.Option("--dataset", help="JSON Lines file of questions; without it those on the seeds."),
]
CorpusOption = Annotated[
    Path | None, typer.Option("--corpus", help="Folder of documents; without it the seeds.")
]
SplitOption = Annotated[str, typer.Option("--split", help="Part of the dataset: dev, test or all.")]
LimitOption = Annotated[
    int | None,
    typer.Option(
        "--limit",
        min=1,
        help="Ask only so many questions (and a tenth as many dialogues).",
    ),
]
WorkersOption = Annotated[
    int, typer.Option("--workers", min=1, help="Questions asked at a time; 1 for fair latency.")
]
SystemOption = Annotated[
    list[str] | None,
    typer.Option(
        "--system", help="footnote, bm25 or fusion; give it several times to compare, first leads."
    ),
]
BaselineOption = Annotated[
    Path | None, typer.Option("--baseline", help="Baseline file; without it evals/baseline.json.")
]
DataOption = Annotated[
    Path | None, typer.Option("--data", help="Folder of external sets, with its load.py.")
]
ExternalOption = Annotated[
    str | None, typer.Option("--external", help="scifact, clapnq, squad2, new_wiki or quotesum.")
]


@app.callback()
def evaluate(
    context: typer.Context,
    dataset: DatasetOption = None,
    corpus: CorpusOption = None,
    split: SplitOption = "all",
    data: DataOption = None,
    external: ExternalOption = None,
    gate: Annotated[
        bool, typer.Option("--gate", help="Compare with the baseline; exit 1 when worse.")
    ] = False,
    baseline: BaselineOption = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Folder for report.json, report.md, report.html, junit.xml."),
    ] = None,
    system: SystemOption = None,
    limit: LimitOption = None,
    workers: WorkersOption = 1,
    show_test: Annotated[
        bool, typer.Option("--show-test", help="Show the test part question by question.")
    ] = False,
) -> None:
    """Ask the gold questions, print the figures; write reports with --out."""
    if context.invoked_subcommand:
        return
    from evals.session import Wanted

    systems = tuple(system or ["footnote"])
    wanted = Wanted(dataset, corpus, split, data, external, limit, workers, systems)
    with _errors_as_sentences():
        if external == "scifact":
            _print_rankings(data)
            return
        report = _measured(wanted, baseline, gate, show_test or bool(external))
        _publish(report, out)
    if report.verdict and not report.verdict.is_open:
        raise typer.Exit(GATE_CLOSED)


@app.command()
def accept(
    dataset: DatasetOption = None,
    corpus: CorpusOption = None,
    baseline: BaselineOption = None,
    workers: WorkersOption = 1,
    report: Annotated[
        Path | None,
        typer.Option("--report", help="Take the outcome of this report.json, measure nothing."),
    ] = None,
) -> None:
    """Measure, and make the outcome the baseline that the gate compares with."""
    from evals.gate import baseline_of_report, make_baseline, write_baseline
    from evals.session import Wanted

    with _errors_as_sentences():
        path = _baseline_path(baseline, dataset)
        if report:
            outcome = baseline_of_report(report)
        else:
            measured = _measured(Wanted(dataset, corpus, workers=workers), None, False, False)
            _publish(measured, None)
            outcome = make_baseline(measured.main, measured.dataset)
        write_baseline(outcome, path)
        typer.echo(f"Wrote {path} ({len(outcome['questions'])} questions).")


@app.command()
def draft(
    corpus: CorpusOption = None,
    out: Annotated[Path, typer.Option("--out", help="File to write.")] = Path("draft.jsonl"),
    limit: Annotated[int, typer.Option("--limit", min=1, help="Passages to ask about.")] = 20,
) -> None:
    """Propose questions for passages with the configured LLM, to be edited by hand."""
    with _errors_as_sentences():
        from evals.draft import configured_llm, draft_questions, write_draft
        from rag.pipeline import Pipeline

        llm = configured_llm()
        drafts = draft_questions(Pipeline.open(corpus).documents(), llm, limit=limit)
        write_draft(drafts, out)
        typer.echo(f"Wrote {len(drafts)} proposals to {out}. Read and mend each before use.")


def _measured(wanted: Wanted, baseline: Path | None, gate: bool, show_test: bool) -> Report:
    from dataclasses import replace
    from datetime import UTC, datetime

    from evals.gate import judge, read_baseline
    from evals.report import Report
    from evals.session import measure

    kept = None
    if gate or baseline:
        kept = read_baseline(_baseline_path(baseline, wanted.dataset))
    dataset, evaluations = measure(wanted, show_progress=sys.stderr.isatty())
    report = Report(dataset, evaluations, shows_test=show_test, created=datetime.now(UTC))
    return replace(report, verdict=judge(report.main, kept)) if kept else report


def _publish(report: Report, out: Path | None) -> None:
    from rich.console import Console

    from evals.report import write_reports
    from evals.report.terminal import print_report

    width = None if sys.stdout.isatty() else 160
    print_report(report, Console(width=width, highlight=False))
    if out:
        for path in write_reports(report, out):
            typer.echo(f"Wrote {path}")


def _print_rankings(data: Path | None) -> None:
    from evals.external import data_folder
    from evals.retrieval import print_scifact

    print_scifact(data_folder(data))


def _baseline_path(baseline: Path | None, dataset: Path | None) -> Path:
    from evals.gate import BASELINE
    from rag.errors import DatasetError

    if baseline is None and dataset is not None:
        raise DatasetError(
            f"The committed baseline is not of {dataset}. Name a file of your own: --baseline FILE"
        )
    return baseline or BASELINE


@contextmanager
def _errors_as_sentences() -> Iterator[None]:
    from rag.errors import RagError

    try:
        yield
    except RagError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(USERS_ERROR) from error
    except ModuleNotFoundError as error:
        if error.name not in {"ir_measures", "jinja2", "matplotlib", "scipy"}:
            raise
        typer.echo(
            f"The package {error.name} is missing. "
            "Install it with: pip install 'footnote-rag[evals]'",
            err=True,
        )
        raise typer.Exit(USERS_ERROR) from error


if __name__ == "__main__":
    app()
