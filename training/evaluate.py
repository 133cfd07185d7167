"""Scores of an exported reader on what it was not trained on.

    python -m training.evaluate --data FOLDER --model reader.onnx --tokenizer tokenizer.json

With `--card reader.json` the scores also go into that file, beside those of other sets.

Sets: `squad2_calibration` (2 articles; they set the threshold and, with `new_wiki_dev`, the
probability weights), `squad2_dev` and `new_wiki_dev` (slices of training articles),
`near_misses_dev` (our own questions, on paragraphs of which no other of ours trained),
`near_misses_later` (our own on passages written when the reader was trained),
`squad2_test` (4 articles; whole paragraphs), `squad2_test_windows` (the same questions on a
sentence with its neighbours, as in the pipeline), `new_wiki_held_out` (10 articles; every third
question also on the BM25-nearest other paragraph), `covid_qa` (windows of papers around the gold;
every third question also on the BM25-nearest window without it) and `clapnq` (answerability only).
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from rag.reader import Reader, Reading
from training.bm25 import Bm25
from training.devset import misplaced
from training.metrics import Judged, auroc, best_threshold, summarise
from training.sources import Pair, read_clapnq, read_pairs
from training.splits import NEAR_MISSES_TRAINED, load_splits, train_and_dev
from training.windows import sentence_bounds

_WINDOW_CHARS = 1000


def evaluation_sets(data: Path) -> dict[str, Callable[[], list[Pair]]]:
    """Makers of the test sets by name."""
    splits = load_splits()
    return {
        "squad2_calibration": lambda: _squad2(data, splits["squad2"]["calibration"]),
        "squad2_dev": lambda: train_and_dev(data, "squad2", splits)[1],
        "new_wiki_dev": lambda: _with_misplaced(train_and_dev(data, "new_wiki", splits)[1]),
        "near_misses_dev": lambda: train_and_dev(data, "near_misses", splits)[1],
        "near_misses_later": lambda: read_pairs(data, "near_misses")[NEAR_MISSES_TRAINED:],
        "squad2_test": lambda: _squad2(data, splits["squad2"]["test"]),
        "squad2_test_windows": lambda: [
            _narrow(p) for p in _squad2(data, splits["squad2"]["test"])
        ],
        "new_wiki_held_out": lambda: _held_out(data, splits["new_wiki_held_out"]),
        "covid_qa": lambda: _covid(data),
        "clapnq": lambda: read_clapnq(data),
    }


def read_all(reader: Reader, pairs: Sequence[Pair]) -> list[Reading]:
    """One reading per pair."""
    return [reader.read(pair.question, [pair.context])[0] for pair in pairs]


def judge(pairs: Sequence[Pair], readings: Sequence[Reading]) -> list[Judged]:
    """Predictions with their golds, scored by the answer probability."""
    return [
        Judged(pair.context[r.start : r.end], r.answer_probability, pair.answers)
        for pair, r in zip(pairs, readings, strict=True)
    ]


def evaluate(reader: Reader, data: Path, names: Sequence[str] = ()) -> dict[str, dict[str, float]]:
    """Measures by set; the threshold is the best one on `squad2_calibration`."""
    sets = evaluation_sets(data)
    calibration = sets["squad2_calibration"]()
    calibrating = read_all(reader, calibration)
    threshold = best_threshold(judge(calibration, calibrating))
    results = {}
    for name in names or sets:
        pairs = calibration if name == "squad2_calibration" else sets[name]()
        readings = calibrating if pairs is calibration else read_all(reader, pairs)
        results[name] = summarise(judge(pairs, readings), threshold)
        results[name]["auroc_span_score"] = _auroc_of(pairs, [r.span_score for r in readings])
    return results


def _auroc_of(pairs: Sequence[Pair], scores: Sequence[float]) -> float:
    has = [s for pair, s in zip(pairs, scores, strict=True) if pair.spans]
    no = [s for pair, s in zip(pairs, scores, strict=True) if not pair.spans]
    return round(auroc(has, no), 4)


def _squad2(data: Path, titles: Sequence[str]) -> list[Pair]:
    return [pair for pair in read_pairs(data, "squad2") if pair.title in titles]


def _with_misplaced(pairs: list[Pair]) -> list[Pair]:
    return pairs + misplaced(pairs)


def _narrow(pair: Pair) -> Pair:
    """The pair on the sentence of its (plausible) answer with one neighbour on each side."""
    spans = pair.spans or pair.near or ((0, 1),)
    bounds = sentence_bounds(pair.context)
    at = next(n for n, (_, end) in enumerate(bounds) if spans[0][0] < end)
    start, end = bounds[max(0, at - 1)][0], bounds[min(len(bounds) - 1, at + 1)][1]
    return replace(pair, context=pair.context[start:end])


def _held_out(data: Path, titles: Sequence[str]) -> list[Pair]:
    pairs = [pair for pair in read_pairs(data, "new_wiki") if pair.title in titles]
    contexts = list(dict.fromkeys(pair.context for pair in pairs))
    index = Bm25(contexts)
    return pairs + [p for pair in pairs[::3] for p in _elsewhere(pair, contexts, index)]


def _covid(data: Path) -> list[Pair]:
    rng = random.Random(5)
    pairs = read_pairs(data, "covid_qa")
    papers = {pair.doc_id: pair.context for pair in pairs}
    cut = {key: _cut(text, _WINDOW_CHARS) for key, text in papers.items()}
    indexes = {key: Bm25(windows) for key, windows in cut.items()}
    answerable = [_around_gold(pair, rng) for pair in pairs]
    negatives = [
        p for pair in pairs[::3] for p in _elsewhere(pair, cut[pair.doc_id], indexes[pair.doc_id])
    ]
    return answerable + negatives


def _around_gold(pair: Pair, rng: random.Random) -> Pair:
    start, end = pair.spans[0]
    room = max(0, _WINDOW_CHARS - (end - start))
    first = max(0, start - rng.randint(0, room))
    while first > 0 and not pair.context[first - 1].isspace():
        first -= 1
    return replace(pair, context=pair.context[first : max(end, first + _WINDOW_CHARS)])


def _cut(text: str, chars: int) -> list[str]:
    return [text[at : at + chars] for at in range(0, len(text), chars)]


def _elsewhere(pair: Pair, contexts: list[str], index: Bm25) -> list[Pair]:
    """The pair on the BM25-nearest other context without its answers, if there is one."""
    for number in index.best(pair.question, 10):
        context = contexts[number]
        holds = any(answer.lower() in context.lower() for answer in pair.answers)
        if not holds and context != pair.context:
            return [replace(pair, context=context, answers=(), spans=())]
    return []


def fit_probability(scores: np.ndarray, answered: np.ndarray) -> np.ndarray:
    """Weights (one per column of `scores`, then the bias) of a logistic regression by Newton steps.

    The classes count equally, a small ridge keeps the weights finite, and a column whose weight
    would be negative (it repeats another one) is left out with weight 0.
    """
    weights = _newton(scores, answered)
    kept = np.flatnonzero(weights[:-1] > 0)
    result = np.zeros(len(weights))
    result[[*kept, -1]] = _newton(scores[:, kept], answered)
    return result


def _newton(scores: np.ndarray, answered: np.ndarray) -> np.ndarray:
    x = np.column_stack([scores, np.ones(len(scores))])
    share = np.where(answered, 0.5 / answered.mean(), 0.5 / (1 - answered.mean()))
    weights = np.zeros(x.shape[1])
    for _ in range(30):
        p = 1 / (1 + np.exp(-np.clip(x @ weights, -30, 30)))
        gradient = x.T @ (share * (p - answered)) + 1e-3 * weights
        curvature = (x * (share * p * (1 - p) + 1e-9)[:, None]).T @ x + 1e-3 * np.eye(x.shape[1])
        weights -= np.linalg.solve(curvature, gradient)
    return weights


def main() -> None:
    """Print the scores as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--sets", nargs="*", default=[])
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--card", type=Path)
    arguments = parser.parse_args()
    reader = Reader(arguments.model, arguments.tokenizer, threads=arguments.threads)
    scores: dict[str, Any] = evaluate(reader, arguments.data, arguments.sets)
    print(json.dumps(scores, indent=1))
    if arguments.card:
        card = json.loads(arguments.card.read_text(encoding="utf-8"))
        card["scores"] = card.get("scores", {}) | scores
        arguments.card.write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
