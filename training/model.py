"""The reader network in torch: a 6-layer BERT encoder with span, null and answerability heads.

Takes token ids, segment ids and a mask; gives start logits, end logits and one answerability
logit per row. Weights come from all-MiniLM-L6-v2 (`load_encoder`); only training needs this file.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional


@dataclass(frozen=True)
class EncoderShape:
    """Sizes of the encoder; the defaults are those of all-MiniLM-L6-v2."""

    vocabulary: int = 30522
    positions: int = 512
    hidden: int = 384
    feed_forward: int = 1536
    layers: int = 6
    heads: int = 12
    norm_eps: float = 1e-12


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

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """`x` (batch, length, hidden), `mask` (batch, 1, 1, length), True where a token stands."""
        batch, length, hidden = x.shape
        qkv = self.qkv(x).view(batch, length, 3, self.heads, hidden // self.heads)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        mixed = mixed.transpose(1, 2).reshape(batch, length, hidden)
        x = self.norm1(x + self.out(mixed))
        return self.norm2(x + self.down(functional.gelu(self.up(x))))


class ReaderNet(nn.Module):
    """Encoder plus a span head (two logits per token) and an answerability head on [CLS]."""

    def __init__(self, shape: EncoderShape | None = None) -> None:
        super().__init__()
        self.shape = shape or EncoderShape()
        self.words = nn.Embedding(self.shape.vocabulary, self.shape.hidden)
        self.positions = nn.Embedding(self.shape.positions, self.shape.hidden)
        self.segments = nn.Embedding(2, self.shape.hidden)
        self.norm = nn.LayerNorm(self.shape.hidden, eps=self.shape.norm_eps)
        self.layers = nn.ModuleList(Layer(self.shape) for _ in range(self.shape.layers))
        self.span = nn.Linear(self.shape.hidden, 2)
        self.answerable = nn.Linear(self.shape.hidden, 1)
        for head in (self.span, self.answerable):
            nn.init.normal_(head.weight, std=0.02)
            nn.init.zeros_(head.bias)

    def freeze_lowest(self, layers: int) -> None:
        """Stop training the embeddings and the `layers` lowest layers."""
        frozen = [self.words, self.positions, self.segments, self.norm, *self.layers[:layers]]
        for module in frozen:
            module.requires_grad_(False)

    def forward(self, ids: Tensor, segments: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Start and end logits (batch, length; padding at -1e4), answerability logit (batch,)."""
        positions = torch.arange(ids.shape[1], device=ids.device)
        x = self.words(ids) + self.positions(positions) + self.segments(segments)
        x = self.norm(x)
        wide = mask[:, None, None, :]
        for layer in self.layers:
            x = layer(x, wide)
        start, end = self.span(x).masked_fill(~mask[..., None], -1e4).unbind(-1)
        return start, end, self.answerable(x[:, 0]).squeeze(-1)


def load_encoder(net: ReaderNet, weights: Path) -> None:
    """Copy the encoder of a BERT safetensors file into `net`; the heads stay as they are."""
    source = load_file(str(weights))
    state = net.state_dict()
    embeddings = {"words": "word", "positions": "position", "segments": "token_type"}
    for ours, theirs in embeddings.items():
        state[f"{ours}.weight"] = source[f"embeddings.{theirs}_embeddings.weight"]
    for kind in ("weight", "bias"):
        state[f"norm.{kind}"] = source[f"embeddings.LayerNorm.{kind}"]
        for number in range(net.shape.layers):
            state |= _layer_state(source, number, kind)
    net.load_state_dict(state)


_PARTS = {
    "out": "attention.output.dense",
    "norm1": "attention.output.LayerNorm",
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
    parts = [source[f"{prefix}.attention.self.{name}.{kind}"] for name in ("query", "key", "value")]
    state[f"layers.{number}.qkv.{kind}"] = torch.cat(parts)
    return state
