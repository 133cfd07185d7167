"""Examples to padded tensors: batches of similar length within a token budget."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from training.examples import BETWEEN, FIRST, PAD, SEPARATOR, Example

_SORTED_TOGETHER = 1600


@dataclass(frozen=True)
class Batch:
    """Padded rows; `start` and `last` are token positions in the row, 0 (<s>) = no answer."""

    ids: Tensor
    mask: Tensor
    start: Tensor
    last: Tensor


def order_batches(examples: Sequence[Example], budget_tokens: int, seed: str) -> list[list[int]]:
    """Numbers of the examples of each batch: sorted by length in blocks, batches shuffled."""
    batches: list[list[int]] = []
    for block in range(0, len(examples), _SORTED_TOGETHER):
        numbers = range(block, min(block + _SORTED_TOGETHER, len(examples)))
        block_batches = list(
            _fill(sorted(numbers, key=lambda n: len(examples[n])), examples, budget_tokens)
        )
        random.Random(f"{seed}-{block}").shuffle(block_batches)
        batches += block_batches
    return batches


def collate(examples: Sequence[Example]) -> Batch:
    """Pad rows of <s> question </s></s> window </s> to the longest."""
    width = max(len(example) for example in examples)
    ids = torch.full((len(examples), width), PAD, dtype=torch.long)
    start = torch.zeros(len(examples), dtype=torch.long)
    last = torch.zeros_like(start)
    for row, example in enumerate(examples):
        between = [SEPARATOR, SEPARATOR]
        tokens = [FIRST, *example.question, *between, *example.window, SEPARATOR]
        ids[row, : len(tokens)] = torch.tensor(tokens)
        shift = len(example.question) + BETWEEN
        if example.start >= 0:
            start[row] = shift + example.start
            last[row] = shift + example.last
    mask = torch.arange(width)[None, :] < torch.tensor([len(e) for e in examples])[:, None]
    return Batch(ids, mask, start, last)


def _fill(
    numbers: list[int], examples: Sequence[Example], budget_tokens: int
) -> Iterator[list[int]]:
    batch: list[int] = []
    for number in numbers:
        if batch and len(examples[number]) * (len(batch) + 1) > budget_tokens:
            yield batch
            batch = []
        batch.append(number)
    if batch:
        yield batch
