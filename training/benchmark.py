"""Milliseconds per question, cold start and memory of a reader.

    python -m training.benchmark --model reader.onnx --tokenizer tokenizer.json --data FOLDER

Passages are windows of three sentences of squad2 test articles, 60 to 100 word pieces, as the
pipeline asks them. Each number is the median over the questions; the first question is apart.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import time
from pathlib import Path

from rag.reader import Reader
from training.sources import read_pairs
from training.splits import load_splits
from training.windows import sentence_bounds

PASSAGES = (5, 20, 25, 50)
QUESTIONS = 15


def benchmark(model: Path, tokenizer: Path, data: Path, threads: int) -> dict[str, float]:
    """Medians in milliseconds and the memory the reader added, in MB."""
    titles = load_splits()["squad2"]["test"]
    pairs = [pair for pair in read_pairs(data, "squad2") if pair.title in titles]
    windows = [w for text in dict.fromkeys(p.context for p in pairs) for w in _windows(text)]
    before = _memory_mb()
    began = time.perf_counter()
    reader = Reader(model, tokenizer, threads=threads)
    reader.read(pairs[0].question, windows[:1])
    result = {"threads": threads, "cold_start_ms": _elapsed_ms(began)}
    for count in PASSAGES:
        times = []
        for number in range(QUESTIONS):
            began = time.perf_counter()
            reader.read(pairs[number * 50].question, windows[number : number + count])
            times.append(_elapsed_ms(began))
        result[f"ms_{count}_passages"] = round(statistics.median(times), 1)
    return result | {"memory_mb": round(_memory_mb() - before, 1)}


def _windows(text: str) -> list[str]:
    bounds = sentence_bounds(text)
    found = [
        text[bounds[n][0] : bounds[min(n + 2, len(bounds) - 1)][1]] for n in range(len(bounds))
    ]
    return [window for window in found if 250 <= len(window) <= 450]


def _elapsed_ms(began: float) -> float:
    return round(1000 * (time.perf_counter() - began), 1)


def _memory_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Print one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--threads", type=int, default=1)
    a = parser.parse_args()
    print(json.dumps(benchmark(a.model, a.tokenizer, a.data, a.threads)))


if __name__ == "__main__":
    main()
