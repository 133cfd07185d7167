"""How fast Footnote is on this machine.

    python -m evals.bench [--corpus FOLDER] [--questions N]

cold        `rag ask` in a new process, wall seconds, median of three; inside, the seconds to
            import, to open the index, and the stages the answer reports
warm        seconds a question in an open pipeline, p50 and p95
first index seconds to index the corpus in a new process, models and libraries loaded on the way
indexing    chunks a second into a fresh index of a hundred documents or more (copies of the
            corpus with their words in another order), and as a share of the bare model:
            onnxruntime on the same batches (chunks and sentences), without tokenizer, chunker
            and store; in seconds, and in processor seconds, which a busy machine moves less
refresh     seconds until a change of one of those documents is in the index
memory      peak resident size of the process that answered and of the one that indexed
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evals.dataset import load_dataset
from evals.measures.latency import percentile

if TYPE_CHECKING:
    from rag.types import Document

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
from pathlib import Path
started = time.perf_counter()
from rag.pipeline import Pipeline
from evals.bench import Recording
first = Pipeline(sys.argv[1])
first.sync()
loaded = time.perf_counter() - started
encoder = Recording(first.encoder) if first.encoder else None
pipeline = Pipeline(sys.argv[2], encoder=encoder)
started, processor = time.perf_counter(), time.process_time()
pipeline.sync()
found = {"first": loaded, "seconds": time.perf_counter() - started}
found["processor"] = time.process_time() - processor
found["chunks"] = pipeline.status().chunks
found["peak_kib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
found |= encoder.bare_seconds(pipeline.settings.embedding.batch_size) if encoder else {}
changed = min(Path(sys.argv[2]).iterdir())
changed.write_text(changed.read_text(encoding="utf-8") + "\\n\\nIt has changed.", encoding="utf-8")
started = time.perf_counter()
pipeline.refresh()
found["refresh"] = time.perf_counter() - started
print(json.dumps(found))
"""
MIN_INDEXED = 100
"""Documents in the index whose speed is measured."""


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
    """A fresh index of the corpus, then one of many documents like it."""
    from rag.load import corpus_folder
    from rag.pipeline import default_corpus

    original = corpus_folder(corpus or default_corpus())
    with tempfile.TemporaryDirectory() as folder:
        many = Path(folder) / "many"
        enlarge(original, many)
        found = _child(_INDEXING, str(original), str(many), RAG_STORAGE__PATH=f"{folder}/store")
    lines = [
        Line("first index, whole process", found["first"], "s"),
        Line("indexing", found["chunks"] / found["seconds"], "chunks/s"),
    ]
    if "bare_seconds" in found:
        share = found["bare_seconds"] / found["seconds"]
        processor = found["bare_processor"] / found["processor"]
        lines.append(Line("  of the bare model's speed", 100 * share, "%"))
        lines.append(Line("  the same in processor seconds", 100 * processor, "%"))
    lines.append(Line("refresh, one document changed", found["refresh"], "s"))
    return [*lines, Line("peak memory, indexing", found["peak_kib"] / 1024, "MiB")]


def enlarge(corpus: Path, target: Path, *, least: int = MIN_INDEXED) -> None:
    """Write at least `least` documents: each of the corpus as often as needed, its sentences with
    their words in another order, so that no text is embedded once for many."""
    from rag.load import read_document, scan

    target.mkdir()
    documents = [read_document(source) for source in scan(corpus) if not source.refusal]
    shuffler = random.Random(0)
    for copy in range(math.ceil(least / len(documents))):
        for number, document in enumerate(documents):
            text = _reordered(document, shuffler) if copy else document.text
            (target / f"{number}-{copy}.txt").write_text(text, encoding="utf-8")


def _reordered(document: Document, shuffler: random.Random) -> str:
    """The text with the words inside each sentence shuffled, all but the first and the last."""
    from rag.sentences import sentences

    pieces, end = [], 0
    for span in sentences(document.text):
        words = span.of(document.text).split(" ")
        inner = words[1:-1]
        shuffler.shuffle(inner)
        pieces += [document.text[end : span.start], " ".join([*words[:1], *inner, *words[1:][-1:]])]
        end = span.end
    return "".join([*pieces, document.text[end:]])


class Recording:
    """The encoder as it is, remembering what it was asked, to ask the bare model the same."""

    def __init__(self, encoder: Any) -> None:
        self._encoder = encoder
        self._calls: list[list[str]] = []
        self.name = encoder.name
        self.count_pieces = encoder.count_pieces
        encoder.encode(["warm"])

    def encode(self, texts: Sequence[str]) -> Any:
        """Vectors of `texts`."""
        self._calls.append(list(texts))
        return self._encoder.encode(texts)

    def bare_seconds(self, batch_size: int) -> dict[str, float]:
        """Seconds and processor seconds of the model alone on the same texts and batches."""
        seconds = processor = 0.0
        for texts in self._calls:
            encodings = self._encoder._tokenizer.encode_batch_fast(texts)
            ids = sorted((each.ids for each in encodings), key=len)
            started, used = time.perf_counter(), time.process_time()
            for start in range(0, len(ids), batch_size):
                self._encoder.run(ids[start : start + batch_size])
            seconds += time.perf_counter() - started
            processor += time.process_time() - used
        return {"bare_seconds": seconds, "bare_processor": processor}


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
