"""The BERT graph of all-MiniLM-L6-v2 written with `onnx.helper` from safetensors weights.

Devlin et al. 2019, "BERT"; layer count, heads and width are read from the weights. Numerics match
sentence-transformers to about 1e-6 (tests/test_minilm.py compares vectors recorded from it).
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
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

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def add(self, operation: str, *inputs: str, **attributes: Any) -> str:
        output = f"{operation}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operation, list(inputs), [output], **attributes))
        return output

    def constant(self, values: Any, kind: type = np.float32) -> str:
        name = f"w{len(self.weights)}"
        array: NDArray[Any] = np.ascontiguousarray(np.asarray(values, dtype=kind))
        self.weights.append(numpy_helper.from_array(array, name))
        return name

    def linear(self, x: str, weight: NDArray[Any], bias: NDArray[Any]) -> str:
        return self.add("Add", self.add("MatMul", x, self.constant(weight.T)), self.constant(bias))

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


def bert_graph(safetensors: bytes) -> bytes:
    """Serialised model: input_ids (batch, length) int64 and attention_mask (batch, length)
    float32 in, `vector` (batch, width) float32 of length 1 out."""
    w = load_safetensors(safetensors)
    graph = _Graph()
    hidden = _embeddings(graph, w)
    mask = graph.add("Unsqueeze", "attention_mask", graph.constant([1, 2], np.int64))
    bias = graph.add("Mul", graph.add("Sub", graph.constant(1.0), mask), graph.constant(-10000.0))
    layers = 1 + max(int(name.split(".")[2]) for name in w if name.startswith("encoder.layer."))
    for layer in range(layers):
        hidden = _layer(graph, w, f"encoder.layer.{layer}.", hidden, bias)
    _pool(graph, hidden)
    return _serialised(graph, w["embeddings.word_embeddings.weight"].shape[1])


def quantized(model: bytes) -> bytes:
    """The model with int8 weights and dynamically quantised activations, per channel."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with tempfile.TemporaryDirectory() as folder, _quiet():
        target = Path(folder) / "int8.onnx"
        quantize_dynamic(
            onnx.load_from_string(model), target, per_channel=True, weight_type=QuantType.QInt8
        )
        return target.read_bytes()


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the advice that the quantiser gives on the root logger (and sets that up for)."""
    root, handler = logging.getLogger(), logging.NullHandler()
    root.addHandler(handler)
    before, logging.root.manager.disable = logging.root.manager.disable, logging.WARNING
    try:
        yield
    finally:
        logging.root.manager.disable = before
        root.removeHandler(handler)


def _embeddings(graph: _Graph, w: dict[str, NDArray[Any]]) -> str:
    word = graph.add("Gather", graph.constant(w["embeddings.word_embeddings.weight"]), "input_ids")
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
