"""The dev slice during training: quick scores of the torch network on whole paragraphs.

The slice holds squad2 paragraphs and our own questions (both half unanswerable near misses) and
answerable new_wiki, reddit and amazon ones, all apart from training; new_wiki questions also get another paragraph of their
article as an unanswerable row. Final scores come from `training.evaluate`, on the ONNX file.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer

from training.batches import collate
from training.examples import BETWEEN, LONGEST_QUESTION_TOKENS, Example
from training.metrics import Judged, best_threshold, summarise
from training.model import ReaderNet
from training.sources import ENCYCLOPEDIC, Pair
from training.splits import train_and_dev
from training.windows import Paragraph, tokenize_paragraphs

LONGEST_ANSWER_TOKENS = 30
SETS = ("squad2", "new_wiki", "near_misses", "reddit", "amazon")
_WINDOW_TOKENS = 220


@dataclass(frozen=True)
class DevSet:
    """Pairs with their tokenised paragraphs and rows, in parallel."""

    pairs: list[Pair]
    paragraphs: list[Paragraph]
    rows: list[Example]


def make_devset(data: Path, splits: dict[str, Any], tokenizer: Tokenizer) -> DevSet:
    """The dev slice of all training sets but policyqa."""
    pairs: list[Pair] = []
    for name in SETS:
        dev = train_and_dev(data, name, splits)[1]
        pairs += dev
        pairs += misplaced(dev) if name == "new_wiki" else []
    paragraphs = tokenize_paragraphs(tokenizer, [pair.context for pair in pairs])
    questions = tokenizer.encode_batch([pair.question for pair in pairs], add_special_tokens=False)
    rows = [
        Example(
            list(q.ids)[:LONGEST_QUESTION_TOKENS], paragraph.ids[:_WINDOW_TOKENS], -1, -1, "dev"
        )
        for q, paragraph in zip(questions, paragraphs, strict=True)
    ]
    return DevSet(pairs, paragraphs, rows)


def score_devset(net: ReaderNet, dev: DevSet) -> dict[str, dict[str, float]]:
    """Measures by set, each with the best threshold of the whole dev slice."""
    judged, answerable = _judge(net, dev)
    threshold = best_threshold(judged)
    result = {}
    for name in SETS:
        chosen = [n for n, pair in enumerate(dev.pairs) if pair.set == name]
        result[name] = summarise([judged[n] for n in chosen], threshold)
        if name in ENCYCLOPEDIC:
            probabilities = [replace(judged[n], score=answerable[n]) for n in chosen]
            result[name]["auroc_answerable_head"] = summarise(probabilities, 0.0)["auroc"]
    return result


@torch.inference_mode()
def _judge(net: ReaderNet, dev: DevSet) -> tuple[list[Judged], list[float]]:
    judged: dict[int, Judged] = {}
    answerable: dict[int, float] = {}
    order = sorted(range(len(dev.rows)), key=lambda n: len(dev.rows[n]))
    for at in range(0, len(order), 24):
        numbers = order[at : at + 24]
        batch = collate([dev.rows[n] for n in numbers])
        with torch.autocast("cpu", torch.bfloat16):
            logits = net(batch.ids, batch.mask)
        start, end, answer = (x.float().numpy() for x in logits)
        for row, number in enumerate(numbers):
            judged[number] = _best_span(dev, number, start[row], end[row])
            answerable[number] = float(answer[row])
    return [judged[n] for n in range(len(order))], [answerable[n] for n in range(len(order))]


def _best_span(dev: DevSet, number: int, start: np.ndarray, end: np.ndarray) -> Judged:
    row, paragraph = dev.rows[number], dev.paragraphs[number]
    shift = len(row.question) + BETWEEN
    inside = slice(shift, shift + len(row.window))
    pairs = start[inside, None] + end[None, inside]
    allowed = np.triu(np.ones_like(pairs, dtype=bool)) & ~np.triu(
        np.ones_like(pairs, dtype=bool), LONGEST_ANSWER_TOKENS
    )
    pairs = np.where(allowed, pairs, -1e9)
    first, last = np.unravel_index(pairs.argmax(), pairs.shape)
    text = paragraph.text[paragraph.offsets[first][0] : paragraph.offsets[last][1]]
    return Judged(text, float(pairs[first, last] - start[0] - end[0]), dev.pairs[number].answers)


def misplaced(pairs: Iterable[Pair]) -> list[Pair]:
    """Every third question on the next paragraph of its article, where no gold answer stands."""
    pairs = list(pairs)
    moved = []
    for number, pair in enumerate(pairs[::3]):
        others = [p for p in pairs if p.title == pair.title and p.doc_id != pair.doc_id]
        others = [
            p for p in others if not any(a.lower() in p.context.lower() for a in pair.answers)
        ]
        if others:
            other = others[number % len(others)]
            moved.append(
                replace(pair, doc_id=other.doc_id, context=other.context, answers=(), spans=())
            )
    return moved
