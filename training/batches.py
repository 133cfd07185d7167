"""Examples to padded tensors: batches of similar length within a token budget."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from training.examples import CLS, SEP, Example

_SORTED_TOGETHER = 1600


@dataclass(frozen=True)
class Batch:
    """Padded rows; `start` and `last` are token positions in the row, 0 ([CLS]) = no answer."""

    ids: Tensor
    segments: Tensor
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
    """Pad rows of [CLS] question [SEP] window [SEP] to the longest."""
    width = max(len(example) for example in examples)
    ids = torch.zeros(len(examples), width, dtype=torch.long)
    segments = torch.zeros_like(ids)
    start = torch.zeros(len(examples), dtype=torch.long)
    last = torch.zeros_like(start)
    for row, example in enumerate(examples):
        tokens = [CLS, *example.question, SEP, *example.window, SEP]
        ids[row, : len(tokens)] = torch.tensor(tokens)
        shift = len(example.question) + 2
        segments[row, shift : len(tokens)] = 1
        if example.start >= 0:
            start[row] = shift + example.start
            last[row] = shift + example.last
    mask = torch.arange(width)[None, :] < torch.tensor([len(e) for e in examples])[:, None]
    return Batch(ids, segments, mask, start, last)


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
