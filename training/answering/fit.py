"""Fit the weights of the answerer: sentence ranker and confidence, with and without a reader.

    python -m training.answering.fit --data DATA --work WORK --out rag/answer/weights.json

Fitted on small corpora made of half an article's paragraphs each (squad2's calibration articles and
half of new_wiki's held-out ones), where a question whose paragraph lies in the other half is a
near-miss beside squad2's own; on one half of clapnq; and on questions of our own with near misses,
on the same new_wiki articles whole and on small corpora of invented news reports. The reader was
trained on none of these. Two of the news corpora, the other half of clapnq and squad2's test
articles are reported and never fitted on. The ranker
maximises the log of the softmax share of the right sentences (L2 3e-3); the confidence is a
logistic regression of "answerable, and a right sentence among the first three".
"""

from __future__ import annotations

import argparse
import json
import pickle
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from rag.answer.model import Linear, mode_name
from rag.answer.reading import read_sentences
from rag.answer.select import CONFIDENCE_SIGNALS, confidence_signals
from rag.answer.signals import SENTENCE_SIGNALS, unread_signals, with_readings
from rag.gather import Gathered
from rag.pipeline import Pipeline
from rag.reader import Reader, open_default_reader
from rag.settings import load_settings
from training.answering.labelled import (
    NEWS_TEST,
    Labelled,
    build_sets,
    halves,
    news_corpora,
    whole_articles,
)

Array = NDArray[np.float64]

FIT = ("squad2_fit", "new_wiki_fit", "clapnq_fit", "articles_fit", "news_fit")
TEST = ("squad2_test", "clapnq_test", "news_test")
MOST_ASKED = {
    "squad2_fit": 110,
    "new_wiki_fit": 45,
    "squad2_test": 40,
    "clapnq_fit": 200,
    "clapnq_test": 150,
}
RANK_L2, CONFIDENCE_L2 = 3e-3, 1e-1
TOP = 3


@dataclass(frozen=True)
class Mode:
    """What there is to go by: a reader, an embedding model, both or neither."""

    reader: bool
    dense: bool

    @property
    def name(self) -> str:
        return mode_name(reader=self.reader, dense=self.dense)


MODES = tuple(Mode(reader, dense) for reader in (False, True) for dense in (False, True))


@dataclass(frozen=True)
class Asked:
    """One question, what was found for it, and which of its candidates are right."""

    gathered: Gathered
    right: NDArray[np.bool_]
    answerable: bool


@dataclass(frozen=True)
class Row:
    """One question: its candidates' signals with and without readings, and which are right."""

    gathered: Gathered
    plain: Array
    read: Array
    right: NDArray[np.bool_]
    answerable: bool


def gather_questions(folder: Path, questions: list[Labelled]) -> list[Asked]:
    """What the pipeline finds for each question in `folder`."""
    pipeline = Pipeline.open(folder)
    found = []
    for each in questions:
        gathered = pipeline.gather(each.question)
        if gathered.candidates:
            right = np.array([
                any(path == c.document.path and c.span.overlaps(span) for path, span in each.gold)
                for c in gathered.candidates
            ])  # fmt: skip
            found.append(Asked(gathered, right, each.answerable))
    pipeline.close()
    return found


def read_row(asked: Asked, reader: Reader, first: Linear | None, most: int) -> Row:
    """Signals of one question; `most` windows are read, picked by `first` when it is fitted."""
    question, candidates = asked.gathered.question, asked.gathered.candidates
    plain = unread_signals(question, candidates)
    order = np.argsort(-(first.score(plain) if first else plain[:, 0]), kind="stable")
    readings = read_sentences(question.text, candidates, order.tolist(), reader, most=most)
    read = with_readings(plain, candidates, readings)
    return Row(asked.gathered, plain, read, asked.right, asked.answerable)


def fit_ranker(matrices: list[Array], right: list[NDArray[np.bool_]], names: list[str]) -> Linear:
    """Softmax ranker on the named signals; the others get weight 0."""
    columns = [SENTENCE_SIGNALS.index(name) for name in names]
    stacked = np.concatenate(matrices)[:, columns]
    mean, scale = stacked.mean(axis=0), stacked.std(axis=0) + 1e-6
    data = [
        ((x[:, columns] - mean) / scale, y) for x, y in zip(matrices, right, strict=True) if y.any()
    ]

    def loss(w: Array) -> tuple[float, Array]:
        total, gradient = 0.0, np.zeros_like(w)
        for x, y in data:
            scores = x @ w
            shares = np.exp(scores - scores.max())
            shares /= shares.sum()
            mass = (shares * y).sum() + 1e-12
            total -= np.log(mass)
            gradient -= x.T @ (shares * y / mass - shares)
        n = len(data)
        return total / n + RANK_L2 * w @ w, gradient / n + 2 * RANK_L2 * w

    fitted = minimize(loss, np.zeros(len(columns)), jac=True, method="L-BFGS-B").x / scale
    weights = np.zeros(len(SENTENCE_SIGNALS))
    weights[columns] = fitted
    return Linear(SENTENCE_SIGNALS, weights, 0.0)


def fit_confidence(signals: Array, correct: Array, names: list[str]) -> Linear:
    """Logistic regression on the named signals; the others get weight 0."""
    columns = [CONFIDENCE_SIGNALS.index(name) for name in names]
    x = signals[:, columns]
    mean, scale = x.mean(axis=0), x.std(axis=0) + 1e-6
    z = np.c_[(x - mean) / scale, np.ones(len(x))]

    def loss(w: Array) -> tuple[float, Array]:
        scores = z @ w
        penalty = np.append(w[:-1], 0.0)
        value = (np.logaddexp(0, scores) - correct * scores).mean()
        gradient = z.T @ (1 / (1 + np.exp(-scores)) - correct) / len(z)
        return value + CONFIDENCE_L2 * penalty @ penalty, gradient + 2 * CONFIDENCE_L2 * penalty

    w = minimize(loss, np.zeros(z.shape[1]), jac=True, method="L-BFGS-B").x
    weights = np.zeros(len(CONFIDENCE_SIGNALS))
    weights[columns] = w[:-1] / scale
    return Linear(CONFIDENCE_SIGNALS, weights, float(w[-1] - (w[:-1] / scale) @ mean))


def used(names: Sequence[str], mode: Mode) -> list[str]:
    """Signals that exist in a mode."""
    absent = [*([] if mode.reader else ["reader"]), *([] if mode.dense else ["dense"])]
    return [name for name in names if not any(name.startswith(each) for each in absent)]


def signals_of(row: Row, mode: Mode) -> Array:
    """The row's sentence signals as they are in a mode, those that do not exist 0."""
    matrix = (row.read if mode.reader else row.plain).copy()
    there = set(used(SENTENCE_SIGNALS, mode))
    matrix[:, [name not in there for name in SENTENCE_SIGNALS]] = 0.0
    return matrix


def question_rows(rows: list[Row], ranker: Linear, mode: Mode) -> tuple[Array, Array, Array]:
    """Confidence signals (n, len), whether answerable (n,), whether right among the first three."""
    signals, answerable, correct = [], [], []
    for row in rows:
        matrix = signals_of(row, mode)
        scores = ranker.score(matrix)
        signals.append(
            confidence_signals(row.gathered.question, matrix, scores, row.gathered.weights)
        )
        answerable.append(row.answerable)
        first = np.argsort(-scores, kind="stable")[:TOP]
        correct.append(row.answerable and bool(row.right[first].any()))
    return np.array(signals), np.array(answerable, float), np.array(correct, float)


def fit_part(rows: list[Row], mode: Mode) -> tuple[Linear, Linear]:
    """Ranker and confidence of one mode."""
    matrices = [signals_of(row, mode) for row in rows]
    ranker = fit_ranker(matrices, [row.right for row in rows], used(SENTENCE_SIGNALS, mode))
    signals, _, correct = question_rows(rows, ranker, mode)
    return ranker, fit_confidence(signals, correct, used(CONFIDENCE_SIGNALS, mode))


def describe(rows: list[Row], ranker: Linear, confidence: Linear, mode: Mode) -> dict[str, float]:
    """Ranks of the first right sentence, and how confidence separates; shares in [0, 1]."""
    signals, answerable, correct = question_rows(rows, ranker, mode)
    probability = confidence.probability(signals)
    result: dict[str, float] = {"questions": len(rows)}
    asked = [row for row in rows if row.answerable]
    for k in (1, 3, 5):
        result[f"right_in_top{k}"] = round(
            float(np.mean([_is_right(row, ranker, mode, k) for row in asked])), 3
        )
    if 0 < answerable.sum() < len(rows):
        result["auroc_answerable"] = round(auroc(answerable, probability), 3)
    bins = np.clip((probability * 10).astype(int), 0, 9)
    gaps = [
        (bins == b).mean() * abs(probability[bins == b].mean() - correct[bins == b].mean())
        for b in set(bins)
    ]
    result["calibration_error"] = round(float(sum(gaps)), 3)
    return result


def _is_right(row: Row, ranker: Linear, mode: Mode, k: int) -> bool:
    order = np.argsort(-ranker.score(signals_of(row, mode)), kind="stable")
    return bool(row.right[order[:k]].any())


def auroc(positive: Array, score: Array) -> float:
    """Probability that a positive scores above a negative, ties counting half."""
    from scipy.stats import rankdata

    ranks = rankdata(score)
    n, m = positive.sum(), (1 - positive).sum()
    return float((ranks[positive == 1].sum() - n * (n + 1) / 2) / (n * m))


def as_tree(linear: Linear) -> dict[str, Any]:
    """Weights by name, those left out as 0."""
    weights = {n: round(float(w), 5) for n, w in zip(linear.names, linear.weights, strict=True)}
    return {"bias": round(linear.bias, 5), "weights": weights}


def main() -> None:
    """Gather and read (kept in WORK: delete rows.pkl for another reader), fit, report, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("rag/answer/weights.json"))
    parser.add_argument("--splits", type=Path, default=Path("training/splits.json"))
    arguments = parser.parse_args()
    found = _kept(arguments.work / "gathered.pkl", lambda: _gather_all(arguments))
    rows = _kept(arguments.work / "rows.pkl", lambda: _read_all(arguments.out, found))
    fitting = [row for name in FIT for row in rows[name]]
    tree: dict[str, Any] = {"fitted_on": {name: len(rows[name]) for name in FIT}, "report": {}}
    for mode in MODES:
        ranker, confidence = fit_part(fitting, mode)
        tree[mode.name] = {"ranker": as_tree(ranker), "confidence": as_tree(confidence)}
        tree["report"][mode.name] = {
            name: describe(rows[name], ranker, confidence, mode) for name in rows
        }
    arguments.out.write_text(json.dumps(tree, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(tree["report"], indent=1))


def _gather_all(arguments: argparse.Namespace) -> dict[str, list[Asked]]:
    found: dict[str, list[Asked]] = {}
    for name, corpus, asked in _corpora(arguments):
        found.setdefault(name, []).extend(gather_questions(corpus, asked))
        print(name, len(found[name]), flush=True)
    return found


def _read_all(out: Path, found: dict[str, list[Asked]]) -> dict[str, list[Row]]:
    settings = load_settings()
    reader = open_default_reader(settings.reader.model, threads=settings.reader.threads)
    assert reader is not None
    first = None
    if out.exists():
        tree = json.loads(out.read_text(encoding="utf-8"))["dense"]["ranker"]
        first = Linear(SENTENCE_SIGNALS, np.array(list(tree["weights"].values())), 0.0)
    rows = {}
    for name, asked in found.items():
        rows[name] = [read_row(each, reader, first, settings.reader.max_passages) for each in asked]
        print("read", name, len(rows[name]), flush=True)
    return rows


def _kept(path: Path, make: Callable[[], Any]) -> Any:
    """The pickled result of `make` at `path`, made when it is not there yet."""
    if not path.exists():
        path.write_bytes(pickle.dumps(make()))
    return pickle.loads(path.read_bytes())


def _corpora(arguments: argparse.Namespace) -> Iterator[tuple[str, Path, list[Labelled]]]:
    """Every corpus with the set it belongs to and its questions."""
    sets = build_sets(arguments.data, arguments.work, arguments.splits)
    for name in (*FIT, *TEST):
        if name in sets:
            for corpus, asked in _parts(name, *sets[name], arguments.work):
                yield name, corpus, asked
    paragraphs, asked = sets["new_wiki_fit"]
    for corpus, questions in whole_articles(asked, paragraphs, arguments.work / "halves"):
        yield "articles_fit", corpus, questions
    for name, corpus, questions in news_corpora():
        yield ("news_test" if name in NEWS_TEST else "news_fit"), corpus, questions


def _parts(
    name: str, folder: Path, questions: list[Labelled], work: Path
) -> Iterator[tuple[Path, list[Labelled]]]:
    """The small corpora of a set by article; clapnq, whose passages stand alone, as one."""
    most = MOST_ASKED[name]
    if name.startswith("clapnq"):
        random.Random(1).shuffle(questions)
        yield folder, questions[:most]
    else:
        yield from halves(questions, folder, work / "halves", most=most, seed=3)


if __name__ == "__main__":
    main()
