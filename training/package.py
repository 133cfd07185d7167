"""A checkpoint to the files that ship: reader.onnx, reader.json, tokenizer.json.

    python -m training.package --checkpoint RUN/best.pt --data FOLDER --weights FOLDER --out FOLDER

Exports to int8, fits the probability weights on the dev slices, measures, and writes reader.json
(hash, limits, probability weights, scores). The ONNX is replaced last but for its JSON, so a
reader that is opened in between refuses the pair instead of mixing two models.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch

from rag.reader import Reader
from training.evaluate import evaluate, evaluation_sets, fit_probability, read_all
from training.export import add_choice, export, read_choice

LIMITS = {"row_tokens": 256, "overlap_tokens": 64, "question_tokens": 48, "answer_tokens": 30}


def package(arguments: argparse.Namespace) -> dict[str, Any]:
    """Make all files in a temporary folder, then move them to `--out`; returns reader.json."""
    arguments.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=arguments.out) as folder:
        model = export(read_choice(arguments), Path(folder), reduce_range=arguments.reduce_range)
        tokenizer = Path(folder) / "tokenizer.json"
        shutil.copyfile(arguments.weights / "tokenizer.json", tokenizer)
        card = _card(model, arguments.checkpoint)
        _write(model, card | {"probability": {"span": 0.0, "answerable": 1.0, "bias": 0.0}})
        card["probability"] = _fit(
            Reader(model, tokenizer, threads=arguments.threads), arguments.data
        )
        _write(model, card)
        reader = Reader(model, tokenizer, threads=arguments.threads)
        card["scores"] = evaluate(reader, arguments.data, arguments.sets)
        _write(model, card)
        for name in ("tokenizer.json", "reader.onnx", "reader.json"):
            (Path(folder) / name).replace(arguments.out / name)
    return card


def _card(model: Path, checkpoint: Path) -> dict[str, Any]:
    state = torch.load(checkpoint, weights_only=True)
    return {
        "name": "footnote-reader",
        "sha256": hashlib.sha256(model.read_bytes()).hexdigest(),
        "bytes": model.stat().st_size,
        "limits": LIMITS,
        "training": {key: round(state[key]) for key in ("step", "tokens", "seconds")},
    }


def _fit(reader: Reader, data: Path) -> dict[str, float]:
    sets = evaluation_sets(data)
    pairs = [pair for name in ("squad2_calibration", "new_wiki_dev") for pair in sets[name]()]
    readings = read_all(reader, pairs)
    p = np.clip([r.answer_probability for r in readings], 1e-6, 1 - 1e-6)
    scores = np.column_stack([[r.span_score for r in readings], np.log(p / (1 - p))])
    weights = fit_probability(scores, np.array([bool(pair.spans) for pair in pairs], dtype=float))
    return dict(zip(("span", "answerable", "bias"), np.round(weights, 4).tolist(), strict=True))


def _write(model: Path, card: dict[str, Any]) -> None:
    text = json.dumps(card, indent=1) + "\n"
    model.with_suffix(".json").write_text(text, encoding="utf-8")


def main() -> None:
    """Package from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--sets", nargs="*", default=[], help="sets to measure; none = all")
    parser.add_argument("--threads", type=int, default=0)
    add_choice(parser)
    print(json.dumps(package(parser.parse_args()), indent=1))


if __name__ == "__main__":
    main()
