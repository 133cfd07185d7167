"""How the server holds up: many simulated users on loopback, and memory over many questions.

    python -m evals.load [--users 32] [--seconds 60] [--questions 1000] [--corpus FOLDER]

One user for a while, then all of them at once for `--seconds`, each asking the next question as
soon as the last is answered; then single questions until `--questions` are reached. The server runs
in a process of its own with its index in a temporary folder, and ends with this command, which
stops by itself after `MOST_SECONDS`. Exit code 1 when a request failed.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import httpx
import psutil  # type: ignore[import-untyped]

from evals.dataset import load_dataset
from evals.measures.latency import percentile

SMOKE = Path(__file__).with_name("datasets") / "seeds_smoke.jsonl"
MOST_SECONDS = 900
ALONE_SECONDS = 10


@dataclass
class Load:
    """What was asked and how long each answer took."""

    seconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class LoadReport:
    """The figures of one run; times in seconds, memory in MB."""

    users: int
    answered: int
    errors: int
    questions_per_second: float
    p50_alone: float | None
    p95_alone: float | None
    p50_together: float | None
    p95_together: float | None
    memory_before_mb: float
    memory_after_mb: float
    questions_between: int


def measure(address: str, server: psutil.Process, *, users: int, seconds: float, total: int,
            questions: Sequence[str]) -> tuple[LoadReport, list[str]]:  # fmt: skip
    """Ask the server at `address`; the figures and the errors in words."""
    warm_up(address, questions)
    alone = ask_for(address, questions, users=1, seconds=min(ALONE_SECONDS, seconds))
    before = memory_mb(server)
    asked_together = ask_for(address, questions, users=users, seconds=seconds)
    left = max(0, total - len(asked_together.seconds))
    rest = ask_number(address, questions, left)
    errors = alone.errors + asked_together.errors + rest.errors
    report = LoadReport(
        users=users,
        answered=len(asked_together.seconds),
        errors=len(errors),
        questions_per_second=len(asked_together.seconds) / seconds,
        p50_alone=percentile(alone.seconds, 50),
        p95_alone=percentile(alone.seconds, 95),
        p50_together=percentile(asked_together.seconds, 50),
        p95_together=percentile(asked_together.seconds, 95),
        memory_before_mb=before,
        memory_after_mb=memory_mb(server),
        questions_between=len(asked_together.seconds) + len(rest.seconds),
    )
    return report, errors


def ask_for(address: str, questions: Sequence[str], *, users: int, seconds: float) -> Load:
    """`users` ask without a pause until `seconds` are over; the last answers are waited for."""
    load, lock = Load(), threading.Lock()
    deadline = time.monotonic() + seconds

    def user(first: int) -> None:
        with httpx.Client(base_url=address, timeout=60) as client:
            number = first
            while time.monotonic() < deadline:
                _ask(client, questions[number % len(questions)], load, lock)
                number += 1

    threads = [threading.Thread(target=user, args=(n,), daemon=True) for n in range(users)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(seconds + 60)
    return load


def ask_number(address: str, questions: Sequence[str], number: int) -> Load:
    """Ask `number` questions, four at a time."""
    load, lock = Load(), threading.Lock()
    left = iter(range(number))

    def user() -> None:
        with httpx.Client(base_url=address, timeout=60) as client:
            while True:
                with lock:
                    place = next(left, None)
                if place is None:
                    return
                _ask(client, questions[place % len(questions)], load, lock)

    threads = [threading.Thread(target=user, daemon=True) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(MOST_SECONDS)
    return load


def warm_up(address: str, questions: Sequence[str]) -> None:
    """Ask each question once, so that nothing is loaded for the first time later."""
    ask_number(address, questions, len(questions))


def memory_mb(process: psutil.Process) -> float:
    """Resident memory of the server's process."""
    return float(process.memory_info().rss) / 1e6


@contextlib.contextmanager
def running_server(corpus: str, store: str) -> Iterator[tuple[str, psutil.Process]]:
    """`rag serve` in a process of its own on a free port; its address and process."""
    environment = os.environ | {
        "RAG_STORAGE__PATH": store,
        "RAG_SERVER__PORT": "0",
        "RAG_SERVER__REQUESTS_PER_MINUTE": "100000000",
    }
    command = [sys.executable, "-m", "rag.cli", "serve", *([corpus] if corpus else [])]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
    ) as started:
        watchdog = threading.Timer(MOST_SECONDS, started.kill)
        watchdog.daemon = True
        watchdog.start()
        try:
            yield _address(started), psutil.Process(started.pid)
        finally:
            watchdog.cancel()
            started.terminate()
            try:
                started.wait(15)
            except subprocess.TimeoutExpired:
                started.kill()


def _address(started: subprocess.Popen[str]) -> str:
    assert started.stdout is not None
    for line in started.stdout:
        if "http://" in line:
            return "http://" + line.split("http://")[1].split("/")[0]
    raise SystemExit("The server did not start. See why with: rag serve")


def _ask(client: httpx.Client, question: str, load: Load, lock: threading.Lock) -> None:
    begun = time.perf_counter()
    try:
        reply = client.post("/api/query", json={"question": question})
        reply.raise_for_status()
        fault = "" if "abstained" in reply.json() else "no answer in the reply"
    except (httpx.HTTPError, ValueError) as error:
        fault = f"{type(error).__name__}: {error}"
    took = time.perf_counter() - begun
    with lock:
        (load.errors.append(fault) if fault else load.seconds.append(took))


def _questions() -> list[str]:
    return [each.question for each in load_dataset(SMOKE).questions]


def _table(report: LoadReport) -> str:
    rows = (
        ("users at once", f"{report.users}"),
        ("questions answered by them", f"{report.answered}"),
        ("errors", f"{report.errors}"),
        ("questions a second", f"{report.questions_per_second:.1f}"),
        ("one user, p50 / p95", f"{_ms(report.p50_alone)} / {_ms(report.p95_alone)}"),
        ("all users, p50 / p95", f"{_ms(report.p50_together)} / {_ms(report.p95_together)}"),
        (
            f"memory before and after {report.questions_between} questions",
            f"{report.memory_before_mb:.0f} and {report.memory_after_mb:.0f} MB",
        ),
    )
    return "\n".join(f"{name:48} {value}" for name, value in rows)


def _ms(seconds: float | None) -> str:
    return "could not be computed" if seconds is None else f"{seconds * 1000:.0f} ms"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the load and print the figures; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m evals.load", description=__doc__)
    parser.add_argument("--users", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--questions", type=int, default=1000)
    parser.add_argument("--corpus", default="")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args(arguments)
    with (
        tempfile.TemporaryDirectory() as store,
        running_server(chosen.corpus, store) as (address, server),
    ):
        report, errors = measure(
            address, server, users=min(chosen.users, 256), seconds=min(chosen.seconds, 300),
            total=min(chosen.questions, 20_000), questions=_questions(),
        )  # fmt: skip
    print(json.dumps(asdict(report)) if chosen.json else _table(report))
    for fault in sorted(set(errors))[:5]:
        print(f"error: {fault}", file=sys.stderr)
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
