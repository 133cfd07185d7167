"""The command line: `rag index | ask | chat | serve | eval | status | doctor`.

Exit codes: 0 answered, 3 abstained, 2 a user's error (one sentence and the remedy), 1 a gate that
failed. Heavy imports happen inside the commands, so that `rag --help` is instant.
"""

from __future__ import annotations

import io
import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rag.errors import QuestionError, RagError

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

    from rag.index import Progress
    from rag.types import Answer

ABSTAINED, USER_ERROR = 3, 2
BAR_AFTER_SECONDS = 0.5

app = typer.Typer(
    help="Answers about a folder of documents; every sentence cites its exact source.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
Folder = Annotated[
    Path | None,
    typer.Argument(help="Folder of documents; without it: seeds/.", show_default=False),
]
Corpus = Annotated[
    Path | None,
    typer.Option(help="Folder of documents; without it: seeds/.", show_default=False),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


@app.command()
def index(folder: Folder = None) -> None:
    """Bring the index in line with a folder: new, changed and removed files."""
    from rag.pipeline import Pipeline

    with _progress() as progress:
        pipeline = Pipeline(folder)
        report = pipeline.sync(progress)
    status = pipeline.status()
    typer.echo(
        f"{status.documents} documents, {status.chunks} chunks in the index: {report.added} added, "
        f"{report.replaced} replaced, {report.removed} removed, {report.unchanged} unchanged."
    )
    if report.repaired:
        typer.echo("The vector index was damaged; it was built again from the catalog.", err=True)
    for path, reason in report.failed:
        typer.echo(f"Not read: {path} {reason}", err=True)
    _say(status.notices)


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help="The question, in quotes.")],
    corpus: Corpus = None,
    as_json: AsJson = False,
    document: Annotated[
        list[str] | None, typer.Option(help="Answer from this document only (repeatable).")
    ] = None,
    outlet: Annotated[
        list[str] | None, typer.Option(help="Answer from this outlet only (repeatable).")
    ] = None,
    since: Annotated[str, typer.Option(help="Published on or after this ISO date.")] = "",
    until: Annotated[str, typer.Option(help="Published on or before this ISO date.")] = "",
) -> None:
    """Answer one question; exit code 3 when the documents do not hold the answer."""
    from rag.pipeline import Pipeline
    from rag.types import Filters

    filters = Filters(tuple(document or ()), tuple(outlet or ()), _iso_day(since), _iso_day(until))
    with _progress() as progress:
        pipeline = Pipeline.open(corpus, progress=progress)
    answer = pipeline.ask(_readable(question), filters=filters)
    if as_json:
        typer.echo(json.dumps(answer.to_dict(), ensure_ascii=False, indent=2))
    else:
        _print_answer(answer)
    raise typer.Exit(ABSTAINED if answer.abstained else 0)


@app.command()
def chat(corpus: Corpus = None) -> None:
    """Ask in the terminal, follow-ups included; an empty line or Ctrl-D ends."""
    from rag.chat import Chat
    from rag.pipeline import Pipeline

    with _progress() as progress:
        conversation = Chat(pipeline=Pipeline.open(corpus, progress=progress))
    while True:
        try:
            question = input("> ")
        except (EOFError, KeyboardInterrupt):
            return
        if not question.strip():
            return
        try:
            _print_answer(conversation.ask(_readable(question)))
        except QuestionError as error:
            typer.echo(f"rag: {error}", err=True)


@app.command()
def serve(
    corpus: Corpus = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port; 0 for any free one.")] = None,
) -> None:
    """Serve the chat page and the HTTP interface."""
    from rag.pipeline import Pipeline
    from rag.settings import load_settings
    from ui.server import serve as serve_page

    given = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    settings = load_settings().override(server=given)
    with _progress() as progress:
        pipeline = Pipeline.open(corpus, settings, progress=progress)
    serve_page(pipeline, settings)


@app.command()
def status(folder: Folder = None, as_json: AsJson = False) -> None:
    """What the index of a folder holds, and which files could not be read."""
    from rag.pipeline import Pipeline

    found = Pipeline(folder).status()
    if as_json:
        typer.echo(json.dumps(found.to_dict(), ensure_ascii=False, indent=2))
        return
    typer.echo(f"corpus       {found.corpus}\nindex        {found.store}")
    typer.echo(
        f"documents    {found.documents}\nchunks       {found.chunks}\nvectors      {found.vectors}"
    )
    typer.echo(f"model        {found.model}\nfingerprint  {found.fingerprint}")
    if not found.documents:
        typer.echo("Nothing is indexed yet. Build the index with: rag index")
    for path, reason in found.failed:
        typer.echo(f"not read     {path} {reason}")
    _say(found.notices)


@app.command()
def doctor(corpus: Corpus = None) -> None:
    """Check what is installed, which weights and store are used, and what is degraded."""
    from rag.doctor import examine

    healthy = True
    for finding in examine(corpus):
        healthy &= finding.is_fine
        typer.echo(f"{'ok  ' if finding.is_fine else 'WARN'} {finding.subject}: {finding.detail}")
    raise typer.Exit(0 if healthy else 1)


def main() -> None:
    """Entry point: errors of the user become one sentence and exit code 2."""
    for stream in (sys.stdout, sys.stderr):  # a terminal that cannot show a quote still gets it
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    _mount_eval()
    try:
        app()
    except RagError as error:
        print(f"rag: {error}", file=sys.stderr)
        sys.exit(USER_ERROR)
    except BrokenPipeError:
        sys.exit(0)
    except KeyboardInterrupt:
        sys.exit(130)


def _iso_day(text: str) -> str:
    """`text` when it is a day such as 2024-01-31 (or nothing). Raises QuestionError otherwise."""
    try:
        return date.fromisoformat(text).isoformat() if text else ""
    except ValueError as error:
        raise QuestionError(f"{text!r} is no date. Write it as 2024-01-31.") from error


def _readable(question: str) -> str:
    """The question with bytes the terminal could not decode shown as replacement characters."""
    return question.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _mount_eval() -> None:
    """Evaluation is a package of its own; `rag eval` appears when it is installed."""
    try:
        from evals.cli import app as eval_app
    except ModuleNotFoundError:
        return
    app.add_typer(eval_app, name="eval")


def _print_answer(answer: Answer) -> None:
    typer.echo(answer.text)
    if answer.metadata.understood_as:
        typer.echo(f"(understood as: {answer.metadata.understood_as})")
    typer.echo("")
    for citation in answer.citations:
        source = ", ".join(filter(None, (citation.outlet, citation.published, citation.document)))
        typer.echo(f"[{citation.number}] {source}, characters {citation.start}-{citation.end}")
        typer.echo(f"    “{' '.join(citation.quote.split())}”")
    if answer.abstained and answer.nearest:
        typer.echo("What came closest:")
    for passage in answer.nearest if answer.abstained else ():
        typer.echo(f"  - {passage.document}, characters {passage.start}-{passage.end}")
        typer.echo(f"    “{' '.join(passage.quote.split())}”")
    _print_agreement(answer)
    _say(answer.metadata.notices)


def _print_agreement(answer: Answer) -> None:
    agreement = answer.agreement
    if agreement.witnesses > 1:
        typer.echo(f"{agreement.witnesses} documents say so, {agreement.independent} independent.")
    for conflict in agreement.conflicts:
        sides = (
            f"{value} " + "".join(f"[{number}]" for number in numbers)
            for value, numbers in zip(conflict.values, conflict.citations, strict=True)
        )
        typer.echo(f"The sources differ on the {conflict.kind}: " + "; ".join(sides))


def _say(notices: tuple[str, ...]) -> None:
    for notice in notices:
        typer.echo(f"Note: {notice}", err=True)


@contextmanager
def _progress() -> Iterator[Progress]:
    """A progress bar on the terminal's error stream, made only once work takes long."""
    bar = _LateBar()
    try:
        yield bar
    finally:
        bar.close()


class _LateBar:
    """Shows nothing at all for the first half second of work, then a bar that goes away again."""

    def __init__(self) -> None:
        self._started: float | None = None
        self._bar: RichProgress | None = None
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, stage: str, done: int, total: int) -> None:
        now = time.monotonic()
        self._started = self._started or now
        if now - self._started < BAR_AFTER_SECONDS or not sys.stderr.isatty():
            return
        if self._bar is None:
            from rich.console import Console
            from rich.progress import Progress as RichProgress

            self._bar = RichProgress(console=Console(stderr=True), transient=True)
            self._bar.start()
        if stage not in self._tasks:
            self._tasks[stage] = self._bar.add_task(stage, total=total)
        self._bar.update(self._tasks[stage], completed=done, total=total)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.stop()


if __name__ == "__main__":
    main()
