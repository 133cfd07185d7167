"""Measures of a reader: exact match, token F1 and the AUROC of the no-answer score.

EM and F1 are those of the SQuAD 2.0 evaluation script (lower case, no punctuation, no articles;
best over the golds; an unanswerable question scores 1 when nothing is answered). AUROC is the
chance that an answerable question scores above an unanswerable one, ties counting half.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_PUNCTUATION = str.maketrans("", "", string.punctuation)


@dataclass(frozen=True)
class Judged:
    """One question answered: the predicted text, its score (higher = surely answered) and golds."""

    predicted: str
    score: float
    golds: tuple[str, ...]


def normalise(text: str) -> str:
    """Lower case without punctuation, articles and double spaces."""
    text = text.lower().translate(_PUNCTUATION)
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", text).split())


def exact_match(predicted: str, golds: Sequence[str]) -> float:
    """1.0 when the prediction equals a gold after normalisation."""
    return float(any(normalise(predicted) == normalise(gold) for gold in golds or [""]))


def token_f1(predicted: str, golds: Sequence[str]) -> float:
    """Best token F1 over the golds; without golds 1.0 for an empty prediction."""
    return max(_f1(normalise(predicted).split(), normalise(gold).split()) for gold in golds or [""])


def auroc(positives: Sequence[float], negatives: Sequence[float]) -> float:
    """Rank-sum area under the ROC curve; nan when a side is empty."""
    if not len(positives) or not len(negatives):
        return float("nan")
    values = np.concatenate([positives, negatives])
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    n, m = len(positives), len(negatives)
    return float((ranks[:n].sum() - n * (n + 1) / 2) / (n * m))


def best_threshold(judged: Sequence[Judged]) -> float:
    """The score from which answering gives the highest mean F1 on `judged`."""
    ordered = sorted(judged, key=lambda j: -j.score)
    gains = [token_f1(j.predicted, j.golds) if j.golds else -1.0 for j in ordered]
    sums = np.concatenate([[0.0], np.cumsum(gains)])
    best = int(sums.argmax())
    return ordered[best - 1].score if best else float("inf")


def summarise(judged: Sequence[Judged], threshold: float) -> dict[str, float]:
    """All measures in percent but AUROC; HasAns and NoAns first as if the reader had to answer
    (HasAns) and then with the threshold, whole with the threshold."""
    has = [j for j in judged if j.golds]
    no = [j for j in judged if not j.golds]
    kept = [Judged(j.predicted if j.score >= threshold else "", j.score, j.golds) for j in judged]
    kept_has = [j for j in kept if j.golds]
    kept_no = [j for j in kept if not j.golds]
    return {
        "questions": len(judged),
        "has_answer": len(has),
        "has_em": _mean(exact_match(j.predicted, j.golds) for j in has),
        "has_f1": _mean(token_f1(j.predicted, j.golds) for j in has),
        "has_f1_at_threshold": _mean(token_f1(j.predicted, j.golds) for j in kept_has),
        "no_f1_at_threshold": _mean(token_f1(j.predicted, j.golds) for j in kept_no),
        "whole_em": _mean(exact_match(j.predicted, j.golds) for j in kept),
        "whole_f1": _mean(token_f1(j.predicted, j.golds) for j in kept),
        "auroc": round(auroc([j.score for j in has], [j.score for j in no]), 4),
        "threshold": round(threshold, 3),
    }


def _mean(values) -> float:  # type: ignore[no-untyped-def]
    values = list(values)
    return round(100 * float(np.mean(values)), 2) if values else float("nan")


def _f1(predicted: list[str], gold: list[str]) -> float:
    if not predicted or not gold:
        return float(predicted == gold)
    common = sum((Counter(predicted) & Counter(gold)).values())
    return 2 * common / (len(predicted) + len(gold))
