"""The small fitted models that weigh signals: which sentence answers, and whether any does.

Both are linear: the ranker was fitted by a softmax over the candidates of each question, the
confidence by logistic regression (`training/answering/fit.py` fits them and writes weights.json;
the sets and scores stand in that file). With and without a reader, and with and without an
embedding model, there are separate weights.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Linear:
    """weights . signals + bias, over named signals."""

    names: tuple[str, ...]
    weights: Array
    bias: float

    def score(self, signals: Array) -> Array:
        """Scores of rows of signals, shape (n, len(names)) -> (n,)."""
        return signals @ self.weights + self.bias

    def probability(self, signals: Array) -> Array:
        """The scores through the logistic function."""
        return 1.0 / (1.0 + np.exp(-np.clip(self.score(signals), -30, 30)))


@dataclass(frozen=True)
class AnswerModel:
    """One set of fitted weights; `first` picks what the reader reads."""

    first: Linear
    ranker: Linear
    confidence: Linear


def mode_name(*, reader: bool, dense: bool) -> str:
    """Name of the weights for what there is to go by."""
    return "+".join([*(["reader"] if reader else []), *(["dense"] if dense else [])]) or "words"


@cache
def load_model(*, reader: bool, dense: bool) -> AnswerModel:
    """The fitted weights that ship with the package."""
    text = resources.files("rag.answer").joinpath("weights.json").read_text(encoding="utf-8")
    tree = json.loads(text)
    part = tree[mode_name(reader=reader, dense=dense)]
    first = tree[mode_name(reader=False, dense=dense)]
    return AnswerModel(
        _linear(first["ranker"]), _linear(part["ranker"]), _linear(part["confidence"])
    )


def _linear(tree: dict[str, object]) -> Linear:
    weights = tree["weights"]
    assert isinstance(weights, dict)
    return Linear(
        tuple(weights), np.array(list(weights.values()), dtype=float), float(str(tree["bias"]))
    )
