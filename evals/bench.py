"""How fast Footnote is on this machine.

    python -m evals.bench [--corpus FOLDER] [--questions N]

cold        `rag ask` in a new process, wall seconds, median of three; inside, the seconds to
            import, to open the index, and the stages the answer reports
warm        seconds a question in an open pipeline, p50 and p95
indexing    chunks a second into a fresh index, and as a share of the bare model: onnxruntime
            on the same batches (chunks and sentences), without tokenizer, chunker and store
memory      peak resident size of the process that answered and of the one that indexed
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evals.dataset import load_dataset
from evals.measures.latency import percentile

QUESTION = "Who led the US delegation?"
COLD_RUNS = 3

_COLD = """
import json, sys, time
started = time.perf_counter()
from rag.pipeline import Pipeline
imported = time.perf_counter()
pipeline = Pipeline.open(sys.argv[1] or None)
opened = time.perf_counter()
answer = pipeline.ask(sys.argv[2])
answered = time.perf_counter()
import resource
seconds = {"import": imported - started, "open": opened - imported, "ask": answered - opened}
stages = {f"ask: {name}": value for name, value in answer.metadata.seconds.items()}
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({"seconds": seconds | stages, "peak_kib": peak}))
"""
_INDEXING = """
import json, resource, sys, time
from rag.pipeline import Pipeline
from evals.bench import Recording
encoder = Pipeline(sys.argv[1] or None).encoder
encoder = Recording(encoder) if encoder else None
pipeline = Pipeline(sys.argv[1] or None, encoder=encoder)
started = time.perf_counter()
pipeline.sync()
taken = time.perf_counter() - started
chunks = pipeline.status().chunks
bare = encoder.bare_seconds(pipeline.settings.embedding.batch_size) if encoder else 0.0
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({"chunks": chunks, "seconds": taken, "bare": bare, "peak_kib": peak}))
"""


@dataclass(frozen=True)
class Line:
    """One figure of the benchmark."""

    name: str
    value: float
    unit: str


def cold(corpus: str) -> list[Line]:
    """A question in a new process."""
    walls, stages, peaks = [], [], []
    for _ in range(COLD_RUNS):
        started = time.perf_counter()
        command = [sys.executable, "-m", "rag.cli", "ask", QUESTION, "--json"]
        subprocess.run(
            command + (["--corpus", corpus] if corpus else []), capture_output=True, check=False
        )
        walls.append(time.perf_counter() - started)
        found = _child(_COLD, corpus, QUESTION)
        stages.append(found["seconds"])
        peaks.append(found["peak_kib"] / 1024)
    lines = [Line("cold rag ask, whole process", statistics.median(walls), "s")]
    for name in stages[0]:
        value = statistics.median(each[name] for each in stages)
        lines.append(Line(f"  {name}", value, "s"))
    return [*lines, Line("peak memory, answering", max(peaks), "MiB")]


def warm(corpus: str, questions: int) -> list[Line]:
    """Questions in an open pipeline."""
    from rag.pipeline import Pipeline

    pipeline = Pipeline.open(corpus or None)
    asked = [each.question for each in load_dataset().select(limit=questions).questions]
    pipeline.ask(asked[0])
    seconds = []
    for question in asked:
        started = time.perf_counter()
        pipeline.ask(question)
        seconds.append(time.perf_counter() - started)
    pipeline.close()
    p50, p95 = percentile(seconds, 50) or 0.0, percentile(seconds, 95) or 0.0
    return [Line("warm question, p50", p50, "s"), Line("warm question, p95", p95, "s")]


def indexing(corpus: str) -> list[Line]:
    """A fresh index of the corpus."""
    with tempfile.TemporaryDirectory() as folder:
        found = _child(_INDEXING, corpus, RAG_STORAGE__PATH=folder)
    lines = [Line("indexing", found["chunks"] / found["seconds"], "chunks/s")]
    if found["bare"]:
        share = 100 * found["bare"] / found["seconds"]
        lines.append(Line("  of the bare model's speed", share, "%"))
    return [*lines, Line("peak memory, indexing", found["peak_kib"] / 1024, "MiB")]


class Recording:
    """The encoder as it is, remembering what it was asked, to ask the bare model the same."""

    def __init__(self, encoder: Any) -> None:
        self._encoder = encoder
        self._calls: list[list[str]] = []
        self.name = encoder.name
        encoder.encode(["warm"])

    def encode(self, texts: Sequence[str]) -> Any:
        """Vectors of `texts`."""
        self._calls.append(list(texts))
        return self._encoder.encode(texts)

    def bare_seconds(self, batch_size: int) -> float:
        """Seconds of the model alone on the same texts, in the same batches."""
        total = 0.0
        for texts in self._calls:
            encodings = self._encoder._tokenizer.encode_batch(texts)
            ids = sorted((each.ids for each in encodings), key=len)
            started = time.perf_counter()
            for start in range(0, len(ids), batch_size):
                self._encoder.run(ids[start : start + batch_size])
            total += time.perf_counter() - started
        return total


def _child(code: str, *arguments: str, **environment: str) -> Any:
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | environment,
    )
    if done.returncode:
        raise SystemExit(done.stderr.strip().splitlines()[-1])
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    """Print every figure."""
    parser = argparse.ArgumentParser(description="How fast Footnote is on this machine.")
    parser.add_argument("--corpus", type=Path)
    parser.add_argument("--questions", type=int, default=100)
    given = parser.parse_args()
    corpus = str(given.corpus or "")
    for line in [*warm(corpus, given.questions), *cold(corpus), *indexing(corpus)]:
        print(f"{line.name:32}{line.value:10.3f} {line.unit}")


if __name__ == "__main__":
    main()
