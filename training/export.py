"""A checkpoint to the shipped ONNX file: graph, int8, comparison with torch.

    python -m training.export --checkpoint RUN/best.pt --out FOLDER

Writes reader.fp32.onnx and reader.onnx (int8, atomically replaced) into the folder. Matrix products
get int8 weights with one scale per output channel and dynamically quantised inputs; the word
embeddings are int8 in both (see `training.graph`); the two output heads stay float32. With
`--reduce-range` the weights have 7 bits, which older processors without VNNI need to avoid
saturated sums.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic

from training.graph import INPUTS, reader_graph
from training.model import ReaderNet

TOLERANCE = 0.05


def export(checkpoint: Path, out: Path, *, reduce_range: bool, raw: bool = False) -> Path:
    """Write both files for `checkpoint` and return the int8 one.

    best.pt holds averaged weights; of checkpoint.pt the averaged ones are taken unless `raw`.
    """
    state = torch.load(checkpoint, weights_only=True)
    net = ReaderNet()
    net.load_state_dict(state["net"] if raw else state.get("averaged", state["net"]))
    out.mkdir(parents=True, exist_ok=True)
    model = reader_graph({name: w.numpy() for name, w in net.state_dict().items()})
    full = out / "reader.fp32.onnx"
    onnx.save(model, full)
    compare(net, full)
    part = out / "reader.part.onnx"
    quantize_dynamic(
        full,
        part,
        per_channel=True,
        reduce_range=reduce_range,
        weight_type=QuantType.QInt8,
        op_types_to_quantize=["MatMul"],
        nodes_to_exclude=_heads(model),
    )
    part.replace(out / "reader.onnx")
    return out / "reader.onnx"


def compare(net: ReaderNet, model: Path) -> float:
    """Largest difference of the logits to torch on random rows; raises when above `TOLERANCE`.

    The difference comes from the int8 word embeddings alone.
    """
    generator = torch.Generator().manual_seed(0)
    ids = torch.randint(1000, 30000, (4, 60), generator=generator)
    segments = (torch.arange(60) > 12).long().expand(4, 60)
    mask = torch.arange(60)[None, :] < torch.tensor([60, 50, 40, 30])[:, None]
    with torch.inference_mode():
        expected = net(ids, segments, mask)
    session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    feeds = dict(zip(INPUTS, (ids.numpy(), segments.numpy(), mask.long().numpy()), strict=True))
    found = session.run(None, feeds)
    seen = mask.numpy()
    worst = max(
        float(np.abs(e.numpy() - f)[seen if f.ndim == 2 else slice(None)].max())
        for e, f in zip(expected, found, strict=True)
    )
    if worst > TOLERANCE * max(float(e[mask].abs().max()) for e in expected[:2]):
        raise ValueError(f"The ONNX graph differs from torch by {worst:.3f} logits.")
    print(f"largest difference to torch: {worst:.4f} logits")
    return worst


def _heads(model: onnx.ModelProto) -> list[str]:
    """Names of the matrix products of the two heads: the last two of the graph."""
    constants = {c.name for c in model.graph.initializer}
    products = [n for n in model.graph.node if n.op_type == "MatMul" and n.input[1] in constants]
    return [node.name for node in products[-2:]]


def main() -> None:
    """Export from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--reduce-range", action="store_true")
    parser.add_argument("--raw", action="store_true", help="the last weights, not their average")
    arguments = parser.parse_args()
    path = export(
        arguments.checkpoint,
        arguments.out,
        reduce_range=arguments.reduce_range,
        raw=arguments.raw,
    )
    print(f"{path.name}: {path.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
