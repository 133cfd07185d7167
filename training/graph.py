"""The reader network as an ONNX graph, written with `onnx.helper` from a torch state dict.

Inputs `input_ids`, `attention_mask` (batch, length) int64, at most `LONGEST_ROW` long; outputs
`start_logits`, `end_logits` (batch, length) and `answerable_logit` (batch,). The word embeddings
are int8 with one scale per row, so that a rare word does not pay for the widest one; everything
else is float32 here and quantised by `training.export`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from training.model import distance_buckets

OPSET = 17
INPUTS = ("input_ids", "attention_mask")
LONGEST_ROW = 256
_MASKED = -1e4

Weights = dict[str, NDArray[np.float32]]


class _Graph:
    """Collects nodes and weights; each method adds an operation and returns its output's name."""

    def __init__(self, weights: Weights) -> None:
        self.source = weights
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def add(self, operation: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        output = output or f"{operation}_{len(self.nodes)}"
        self.nodes.append(
            helper.make_node(operation, list(inputs), [output], name=f"node_{output}", **attributes)
        )
        return output

    def constant(self, values: Any, kind: type = np.float32) -> str:
        name = f"w{len(self.constants)}"
        array = np.asarray(values, dtype=kind, order="C")
        self.constants.append(numpy_helper.from_array(array, name))
        return name

    def linear(self, x: str, name: str) -> str:
        product = self.add("MatMul", x, self.constant(self.source[f"{name}.weight"].T))
        return self.add("Add", product, self.constant(self.source[f"{name}.bias"]))

    def norm(self, x: str, name: str, epsilon: float) -> str:
        scale, bias = (self.constant(self.source[f"{name}.{kind}"]) for kind in ("weight", "bias"))
        return self.add("LayerNormalization", x, scale, bias, axis=-1, epsilon=epsilon)

    def gelu(self, x: str) -> str:
        error = self.add("Erf", self.add("Div", x, self.constant(np.sqrt(2.0))))
        shifted = self.add("Add", error, self.constant(1.0))
        return self.add("Mul", self.add("Mul", x, shifted), self.constant(0.5))


def reader_graph(weights: Weights, *, heads: int = 12, epsilon: float = 1e-5) -> onnx.ModelProto:
    """The checked model for the state dict `weights` of `training.model.ReaderNet`."""
    graph = _Graph(weights)
    length = _length(graph)
    x = graph.norm(_embeddings(graph, length), "norm", epsilon)
    padding = _padding_bias(graph)
    wide = graph.add("Unsqueeze", padding, graph.constant([1, 2], np.int64))
    bias = graph.add("Add", _distance_bias(graph, length), wide)
    layers = 1 + max(int(name.split(".")[1]) for name in weights if name.startswith("layers."))
    for number in range(layers):
        x = _layer(graph, x, bias, f"layers.{number}", heads, epsilon)
    _heads(graph, x, padding)
    return _model(graph)


def _length(graph: _Graph) -> str:
    """The number of word pieces of a row, shape (1,)."""
    shape = graph.add("Shape", "input_ids")
    return graph.add("Gather", shape, graph.constant([1], np.int64), axis=0)


def _embeddings(graph: _Graph, length: str) -> str:
    words = graph.source["words.weight"]
    scales = np.abs(words).max(axis=1, keepdims=True) / 127
    table = graph.constant(np.round(words / np.maximum(scales, 1e-12)), np.int8)
    rows = graph.add("Cast", graph.add("Gather", table, "input_ids"), to=TensorProto.FLOAT)
    word = graph.add("Mul", rows, graph.add("Gather", graph.constant(scales), "input_ids"))
    positions = graph.constant(graph.source["positions.weight"][:LONGEST_ROW])
    zero = graph.constant([0], np.int64)
    return graph.add("Add", word, graph.add("Slice", positions, zero, length, zero))


def _distance_bias(graph: _Graph, length: str) -> str:
    """What the distance of two places adds to their attention; (1, heads, length, length)."""
    buckets = graph.constant(distance_buckets(LONGEST_ROW).numpy(), np.int64)
    ends = graph.add("Concat", length, length, axis=0)
    starts, axes = graph.constant([0, 0], np.int64), graph.constant([0, 1], np.int64)
    seen = graph.add("Slice", buckets, starts, ends, axes)
    values = graph.constant(graph.source["distances.weight"].T)
    near = graph.add("Gather", values, seen, axis=1)
    return graph.add("Unsqueeze", near, graph.constant([0], np.int64))


def _padding_bias(graph: _Graph) -> str:
    """0 where a token stands, a large negative number on padding; (batch, length)."""
    mask = graph.add("Cast", "attention_mask", to=TensorProto.FLOAT)
    padding = graph.add("Sub", graph.constant(1.0), mask)
    return graph.add("Mul", padding, graph.constant(_MASKED))


def _layer(graph: _Graph, x: str, bias: str, name: str, heads: int, epsilon: float) -> str:
    width = graph.source[f"{name}.out.weight"].shape[0]
    split = graph.constant([0, 0, 3, heads, width // heads], np.int64)
    parts = graph.add("Reshape", graph.linear(x, f"{name}.qkv"), split)

    def part(number: int, order: list[int]) -> str:
        chosen = graph.add("Gather", parts, graph.constant(number, np.int64), axis=2)
        return graph.add("Transpose", chosen, perm=order)

    scores = graph.add("MatMul", part(0, [0, 2, 1, 3]), part(1, [0, 2, 3, 1]))
    scores = graph.add("Div", scores, graph.constant(np.sqrt(width / heads)))
    shares = graph.add("Softmax", graph.add("Add", scores, bias), axis=-1)
    mixed = graph.add(
        "Transpose", graph.add("MatMul", shares, part(2, [0, 2, 1, 3])), perm=[0, 2, 1, 3]
    )
    joined = graph.add("Reshape", mixed, graph.constant([0, 0, width], np.int64))
    x = graph.norm(
        graph.add("Add", graph.linear(joined, f"{name}.out"), x), f"{name}.norm1", epsilon
    )
    inner = graph.gelu(graph.linear(x, f"{name}.up"))
    return graph.norm(
        graph.add("Add", graph.linear(inner, f"{name}.down"), x), f"{name}.norm2", epsilon
    )


def _heads(graph: _Graph, x: str, padding: str) -> None:
    spans = graph.linear(x, "span")
    for number, output in enumerate(("start_logits", "end_logits")):
        logits = graph.add("Gather", spans, graph.constant(number, np.int64), axis=2)
        graph.add("Add", logits, padding, output=output)
    first = graph.add("Gather", x, graph.constant(0, np.int64), axis=1)
    answerable = graph.linear(first, "answerable")
    graph.add("Squeeze", answerable, graph.constant([1], np.int64), output="answerable_logit")


def _model(graph: _Graph) -> onnx.ModelProto:
    rows = ["batch", "length"]
    outputs = {"start_logits": rows, "end_logits": rows, "answerable_logit": ["batch"]}
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "footnote-reader",
            [helper.make_tensor_value_info(name, TensorProto.INT64, rows) for name in INPUTS],
            [
                helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
                for name, shape in outputs.items()
            ],
            graph.constants,
        ),
        opset_imports=[helper.make_opsetid("", OPSET)],
    )
    model.ir_version = 8  # the newest that older onnxruntime releases read
    onnx.checker.check_model(model)
    return model
