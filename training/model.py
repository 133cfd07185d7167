"""The reader network in torch: the lower layers of MPNet with span, null and answerability heads.

Takes token ids and a mask; gives start logits, end logits and one answerability logit per row.
Weights come from all-mpnet-base-v2 (`load_encoder`); only training needs this file.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional


@dataclass(frozen=True)
class EncoderShape:
    """Sizes of the encoder; the defaults are those of all-mpnet-base-v2 but for `layers`."""

    vocabulary: int = 30527
    positions: int = 512
    hidden: int = 768
    feed_forward: int = 3072
    layers: int = 8
    heads: int = 12
    norm_eps: float = 1e-5
    buckets: int = 32


def distance_buckets(length: int, buckets: int = 32, farthest: int = 128) -> Tensor:
    """Bucket of each pair of places, shape (length, length): signed distance, exact when near and
    by logarithm when far (T5, Raffel et al. 2020, section 2.1; MPNet uses the same)."""
    places = torch.arange(length)
    distance = places[:, None] - places[None, :]
    half = buckets // 2
    exact = half // 2
    away = distance.abs()
    far = exact + torch.log(away.clamp(min=1) / exact) / math.log(farthest / exact) * (half - exact)
    bucket = torch.where(away < exact, away, far.long().clamp(max=half - 1))
    return bucket + half * (distance < 0)


class Layer(nn.Module):
    """One post-norm transformer layer; query, key and value share one matrix product."""

    def __init__(self, shape: EncoderShape) -> None:
        super().__init__()
        self.heads = shape.heads
        self.qkv = nn.Linear(shape.hidden, 3 * shape.hidden)
        self.out = nn.Linear(shape.hidden, shape.hidden)
        self.norm1 = nn.LayerNorm(shape.hidden, eps=shape.norm_eps)
        self.up = nn.Linear(shape.hidden, shape.feed_forward)
        self.down = nn.Linear(shape.feed_forward, shape.hidden)
        self.norm2 = nn.LayerNorm(shape.hidden, eps=shape.norm_eps)

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        """`x` (batch, length, hidden); `bias` (batch, heads, length, length) is added to the
        attention scores: that of the distance, and -1e4 on padding."""
        batch, length, hidden = x.shape
        qkv = self.qkv(x).view(batch, length, 3, self.heads, hidden // self.heads)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(query, key, value, attn_mask=bias)
        mixed = mixed.transpose(1, 2).reshape(batch, length, hidden)
        x = self.norm1(x + self.out(mixed))
        return self.norm2(x + self.down(functional.gelu(self.up(x))))


class ReaderNet(nn.Module):
    """Encoder plus a span head (two logits per token) and an answerability head on the first."""

    def __init__(self, shape: EncoderShape | None = None) -> None:
        super().__init__()
        self.shape = shape or EncoderShape()
        self.words = nn.Embedding(self.shape.vocabulary, self.shape.hidden)
        self.positions = nn.Embedding(self.shape.positions, self.shape.hidden)
        self.distances = nn.Embedding(self.shape.buckets, self.shape.heads)
        self.norm = nn.LayerNorm(self.shape.hidden, eps=self.shape.norm_eps)
        self.layers = nn.ModuleList(Layer(self.shape) for _ in range(self.shape.layers))
        self.span = nn.Linear(self.shape.hidden, 2)
        self.answerable = nn.Linear(self.shape.hidden, 1)
        for head in (self.span, self.answerable):
            nn.init.normal_(head.weight, std=0.02)
            nn.init.zeros_(head.bias)

    def freeze_lowest(self, layers: int) -> None:
        """Stop training the embeddings and the `layers` lowest layers."""
        frozen = [self.words, self.positions, self.distances, self.norm, *self.layers[:layers]]
        for module in frozen:
            module.requires_grad_(False)

    def forward(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Start and end logits (batch, length; padding at -1e4), answerability logit (batch,)."""
        length = ids.shape[1]
        x = self.norm(self.words(ids) + self.positions(torch.arange(length)))
        near = self.distances(distance_buckets(length)).permute(2, 0, 1)
        bias = near[None] + torch.where(mask, 0.0, -1e4)[:, None, None, :]
        if torch.is_autocast_enabled("cpu"):
            bias = bias.to(torch.get_autocast_dtype("cpu"))
        for layer in self.layers:
            x = layer(x, bias)
        start, end = self.span(x).masked_fill(~mask[..., None], -1e4).unbind(-1)
        return start, end, self.answerable(x[:, 0]).squeeze(-1)


_FIRST_POSITION = 2
"""MPNet numbers places from its padding id plus one on."""


def load_encoder(net: ReaderNet, weights: Path) -> None:
    """Copy the lower layers of an MPNet safetensors file into `net`; the heads stay as they are."""
    source = load_file(str(weights))
    state = net.state_dict()
    state["words.weight"] = source["embeddings.word_embeddings.weight"]
    places = source["embeddings.position_embeddings.weight"]
    state["positions.weight"] = places[_FIRST_POSITION:][: net.shape.positions]
    state["distances.weight"] = source["encoder.relative_attention_bias.weight"]
    for kind in ("weight", "bias"):
        state[f"norm.{kind}"] = source[f"embeddings.LayerNorm.{kind}"]
        for number in range(net.shape.layers):
            state |= _layer_state(source, number, kind)
    net.load_state_dict(state)


_PARTS = {
    "out": "attention.attn.o",
    "norm1": "attention.LayerNorm",
    "up": "intermediate.dense",
    "down": "output.dense",
    "norm2": "output.LayerNorm",
}


def _layer_state(source: dict[str, Tensor], number: int, kind: str) -> dict[str, Tensor]:
    prefix = f"encoder.layer.{number}"
    state = {
        f"layers.{number}.{ours}.{kind}": source[f"{prefix}.{theirs}.{kind}"]
        for ours, theirs in _PARTS.items()
    }
    parts = [source[f"{prefix}.attention.attn.{name}.{kind}"] for name in ("q", "k", "v")]
    state[f"layers.{number}.qkv.{kind}"] = torch.cat(parts)
    return state
