"""A checkpoint to the shipped ONNX file: graph, int8, comparison with torch.

    python -m training.export --checkpoint RUN/best.pt --out FOLDER

Writes reader.fp32.onnx and reader.onnx (int8, atomically replaced) into the folder. Matrix products
get int8 weights with one scale per output channel and dynamically quantised inputs; the word
embeddings are int8 in both (see `training.graph`); the two output heads stay float32. With
`--reduce-range` the weights have 7 bits, which older processors without VNNI need to avoid
saturated sums. With `--blend OLDER --share S` the weights are (1 - S) of the checkpoint and S of the
last weights of an older one, which keeps some of what a warm restart's own data unteach.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic

from training.graph import INPUTS, reader_graph
from training.model import ReaderNet

TOLERANCE = 0.05


@dataclass(frozen=True)
class Choice:
    """Which weights: of best.pt, or of checkpoint.pt the averaged ones unless `raw`; blended with
    the `share` of the last weights of the checkpoint `older`."""

    checkpoint: Path
    raw: bool = False
    older: Path | None = None
    share: float = 0.0


def export(choice: Choice, out: Path, *, reduce_range: bool) -> Path:
    """Write both files for the weights of `choice` and return the int8 one."""
    net = ReaderNet()
    net.load_state_dict(_weights(choice))
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


def _weights(choice: Choice) -> dict[str, torch.Tensor]:
    state = torch.load(choice.checkpoint, weights_only=True)
    weights = state["net"] if choice.raw else state.get("averaged", state["net"])
    if choice.older is None:
        return weights
    older = torch.load(choice.older, weights_only=True)["net"]
    return {name: torch.lerp(w, older[name], choice.share) for name, w in weights.items()}


def compare(net: ReaderNet, model: Path) -> float:
    """Largest difference of the logits to torch on random rows; raises when above `TOLERANCE`.

    The difference comes from the int8 word embeddings alone.
    """
    generator = torch.Generator().manual_seed(0)
    ids = torch.randint(1000, 30000, (4, 60), generator=generator)
    mask = torch.arange(60)[None, :] < torch.tensor([60, 50, 40, 30])[:, None]
    with torch.inference_mode():
        expected = net(ids, mask)
    session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    feeds = dict(zip(INPUTS, (ids.numpy(), mask.long().numpy()), strict=True))
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


def add_choice(parser: argparse.ArgumentParser) -> None:
    """The arguments that name the weights."""
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--raw", action="store_true", help="the last weights, not their average")
    parser.add_argument("--blend", type=Path, help="an older checkpoint to mix in")
    parser.add_argument("--share", type=float, default=0.15, help="of the older weights")
    parser.add_argument("--reduce-range", action="store_true")


def read_choice(arguments: argparse.Namespace) -> Choice:
    """The weights that the arguments name."""
    return Choice(arguments.checkpoint, arguments.raw, arguments.blend, arguments.share)


def main() -> None:
    """Export from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    add_choice(parser)
    arguments = parser.parse_args()
    path = export(read_choice(arguments), arguments.out, reduce_range=arguments.reduce_range)
    print(f"{path.name}: {path.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
