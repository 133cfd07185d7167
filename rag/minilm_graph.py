"""The BERT graph of all-MiniLM-L6-v2 written with `onnx.helper` from safetensors weights.

Devlin et al. 2019, "BERT"; layer count, heads and width are read from the weights. Numerics match
sentence-transformers to about 1e-6 (tests/core/test_minilm.py compares vectors recorded from it).

In int8, linear layers multiply integers: weights on one scale for each column, activations on a
scale found at run time (`DynamicQuantizeLinear`), word embeddings on one scale. The nodes are
those of onnxruntime's `quantize_dynamic(per_channel=True)`, which its kernels fuse; writing them
here takes a tenth of its time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load as load_safetensors

HEADS = 12
LAYER_NORM_EPSILON = 1e-12
OPSET = 17


class _Graph:
    """Collects nodes and weights; each method adds an operation and returns its output's name."""

    def __init__(self, *, is_int8: bool) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []
        self._is_int8 = is_int8
        self._quantized: dict[str, list[str]] = {}

    def add(self, operation: str, *inputs: str, **attributes: Any) -> str:
        return self._node(operation, inputs, 1, attributes)[0]

    def constant(self, values: Any, kind: type = np.float32) -> str:
        name = f"w{len(self.weights)}"
        array: NDArray[Any] = np.asarray(values, dtype=kind, order="C")
        self.weights.append(numpy_helper.from_array(array, name))
        return name

    def gather(self, table: NDArray[Any], rows: str) -> str:
        if not self._is_int8:
            return self.add("Gather", self.constant(table), rows)
        values, scale, zero = _uint8(table)
        picked = self.add("Gather", self.constant(values, np.uint8), rows)
        return self.add(
            "DequantizeLinear", picked, self.constant(scale), self.constant(zero, np.uint8)
        )

    def linear(self, x: str, weight: NDArray[Any], bias: NDArray[Any]) -> str:
        product = (
            self._integer_product(x, weight.T)
            if self._is_int8
            else self.add("MatMul", x, self.constant(weight.T))
        )
        return self.add("Add", product, self.constant(bias))

    def _integer_product(self, x: str, weight: NDArray[Any]) -> str:
        if x not in self._quantized:  # query, key and value read the same activations
            self._quantized[x] = self._node("DynamicQuantizeLinear", [x], 3, {})
        quantized, x_scale, x_zero = self._quantized[x]
        values, scale = _int8(weight)
        zeros = self.constant(np.zeros(len(scale)), np.int8)
        product = self.add(
            "MatMulInteger", quantized, self.constant(values, np.int8), x_zero, zeros
        )
        as_float = self.add("Cast", product, to=TensorProto.FLOAT)
        return self.add("Mul", as_float, self.add("Mul", x_scale, self.constant(scale)))

    def _node(
        self, operation: str, inputs: Sequence[str], count: int, attributes: dict[str, Any]
    ) -> list[str]:
        outputs = [f"{operation}_{len(self.nodes)}_{number}" for number in range(count)]
        self.nodes.append(helper.make_node(operation, list(inputs), outputs, **attributes))
        return outputs

    def layer_norm(self, x: str, scale: NDArray[Any], bias: NDArray[Any]) -> str:
        return self.add(
            "LayerNormalization",
            x,
            self.constant(scale),
            self.constant(bias),
            axis=-1,
            epsilon=LAYER_NORM_EPSILON,
        )

    def gelu(self, x: str) -> str:
        error = self.add("Erf", self.add("Div", x, self.constant(np.sqrt(2.0))))
        shifted = self.add("Add", error, self.constant(1.0))
        return self.add("Mul", self.add("Mul", x, shifted), self.constant(0.5))


def bert_graph(safetensors: bytes, precision: str) -> bytes:
    """Serialised model: input_ids (batch, length) int64 and attention_mask (batch, length)
    float32 in, `vector` (batch, width) float32 of length 1 out. `precision`: fp32 or int8."""
    w = load_safetensors(safetensors)
    graph = _Graph(is_int8=precision == "int8")
    hidden = _embeddings(graph, w)
    mask = graph.add("Unsqueeze", "attention_mask", graph.constant([1, 2], np.int64))
    bias = graph.add("Mul", graph.add("Sub", graph.constant(1.0), mask), graph.constant(-10000.0))
    layers = 1 + max(int(name.split(".")[2]) for name in w if name.startswith("encoder.layer."))
    for layer in range(layers):
        hidden = _layer(graph, w, f"encoder.layer.{layer}.", hidden, bias)
    _pool(graph, hidden)
    return _serialised(graph, w["embeddings.word_embeddings.weight"].shape[1])


def _int8(values: NDArray[Any]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Integers from -127 to 127 and the scale of each column."""
    largest = np.abs(values).max(axis=0).astype(np.float64)
    scale = np.where(largest > 0, largest / 127, 1.0).astype(np.float32)
    return np.clip(np.rint(values / scale), -127, 127).astype(np.int8), scale


def _uint8(values: NDArray[Any]) -> tuple[NDArray[np.uint8], np.float32, np.uint8]:
    """Integers from 0 to 255, their one scale, and which of them stands for zero."""
    least, most = float(min(values.min(), 0.0)), float(max(values.max(), 0.0))
    scale = np.float32((most - least) / 255)
    zero = np.uint8(round(-least / float(scale)))
    return np.clip(np.rint(values / scale) + zero, 0, 255).astype(np.uint8), scale, zero


def _embeddings(graph: _Graph, w: dict[str, NDArray[Any]]) -> str:
    word = graph.gather(w["embeddings.word_embeddings.weight"], "input_ids")
    length = graph.add(
        "Gather", graph.add("Shape", "input_ids"), graph.constant([1], np.int64), axis=0
    )
    # Token types are all zero here, so their row is folded into the position table.
    positions = (
        w["embeddings.position_embeddings.weight"] + w["embeddings.token_type_embeddings.weight"][0]
    )
    zero = graph.constant([0], np.int64)
    position = graph.add("Slice", graph.constant(positions), zero, length, zero)
    return graph.layer_norm(
        graph.add("Add", word, position),
        w["embeddings.LayerNorm.weight"],
        w["embeddings.LayerNorm.bias"],
    )


def _layer(graph: _Graph, w: dict[str, NDArray[Any]], at: str, x: str, mask_bias: str) -> str:
    def linear(value: str, name: str) -> str:
        return graph.linear(value, w[f"{at}{name}.weight"], w[f"{at}{name}.bias"])

    def norm(value: str, name: str) -> str:
        return graph.layer_norm(value, w[f"{at}{name}.weight"], w[f"{at}{name}.bias"])

    width = w[f"{at}attention.self.query.weight"].shape[0]
    split = graph.constant([0, 0, HEADS, width // HEADS], np.int64)

    def heads(name: str, order: list[int]) -> str:
        value = graph.add("Reshape", linear(x, f"attention.self.{name}"), split)
        return graph.add("Transpose", value, perm=order)

    scale = graph.constant(np.sqrt(width / HEADS))
    scores = graph.add("MatMul", heads("query", [0, 2, 1, 3]), heads("key", [0, 2, 3, 1]))
    scores = graph.add("Add", graph.add("Div", scores, scale), mask_bias)
    mixed = graph.add("MatMul", graph.add("Softmax", scores, axis=-1), heads("value", [0, 2, 1, 3]))
    joined = graph.add(
        "Reshape",
        graph.add("Transpose", mixed, perm=[0, 2, 1, 3]),
        graph.constant([0, 0, width], np.int64),
    )
    attended = norm(
        graph.add("Add", linear(joined, "attention.output.dense"), x), "attention.output.LayerNorm"
    )
    inner = graph.gelu(linear(attended, "intermediate.dense"))
    return norm(graph.add("Add", linear(inner, "output.dense"), attended), "output.LayerNorm")


def _pool(graph: _Graph, hidden: str) -> None:
    mask = graph.add("Unsqueeze", "attention_mask", graph.constant([2], np.int64))
    axis = graph.constant([1], np.int64)
    total = graph.add("ReduceSum", graph.add("Mul", hidden, mask), axis, keepdims=0)
    mean = graph.add("Div", total, graph.add("ReduceSum", mask, axis, keepdims=0))
    norm = graph.add("ReduceL2", mean, axes=[1], keepdims=1)
    graph.nodes.append(helper.make_node("Div", [mean, norm], ["vector"]))


def _serialised(graph: _Graph, width: int) -> bytes:
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "all-MiniLM-L6-v2",
            [
                helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["batch", "length"]),
                helper.make_tensor_value_info(
                    "attention_mask", TensorProto.FLOAT, ["batch", "length"]
                ),
            ],
            [helper.make_tensor_value_info("vector", TensorProto.FLOAT, ["batch", width])],
            graph.weights,
        ),
        opset_imports=[helper.make_opsetid("", OPSET)],
    )
    model.ir_version = 8  # the newest that older onnxruntime releases read
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())
