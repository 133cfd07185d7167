"""The training loop: seeded, resumable, with a JSON-lines log of loss and dev scores.

    python -m training.train --data FOLDER --weights FOLDER --run FOLDER --minutes 90

`--weights` holds model.safetensors and tokenizer.json of all-mpnet-base-v2. The learning rate
rises over the first 4 % and then falls linearly to zero at the end of the time (`--minutes`) or
of the steps (`--steps`, the same on every machine). Started again with the same `--run`, it goes
on from the last checkpoint; with `--from CHECKPOINT` a new run goes on from an older run's last
weights with a learning rate that rises anew (a warm restart). bfloat16 autocast is 1.4 times as fast as float32 on the machine used.
"""

from __future__ import annotations

import argparse
import json
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from training.batches import Batch, collate, order_batches
from training.devset import DevSet, make_devset, score_devset
from training.examples import Example, ExamplePool
from training.model import ReaderNet, load_encoder
from training.splits import load_splits

WARM_UP = 0.04
HEAD_RATE = 3.0
CLIP_NORM = 1.0
CHECKPOINT_SECONDS = 240
LOG_STEPS = 25


@dataclass
class State:
    """What a run is made of besides its arguments.

    The counters go on through warm restarts; `began` and `began_step` are the `seconds` (of training
    only) and `step` of the last one, where the learning rate's plan starts.
    """

    net: ReaderNet
    averaged: ReaderNet
    optimizer: torch.optim.Optimizer
    epoch: int = 0
    batch: int = 0
    step: int = 0
    tokens: int = 0
    seconds: float = 0.0
    best: float = float("-inf")
    began: float = 0.0
    began_step: int = 0


def main() -> None:
    """Train from the command line."""
    arguments = _arguments()
    torch.manual_seed(arguments.seed)
    torch.set_num_threads(arguments.threads)
    torch.set_flush_denormal(True)
    arguments.run.mkdir(parents=True, exist_ok=True)
    tokenizer = Tokenizer.from_file(str(arguments.weights / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    splits = load_splits()
    pool = ExamplePool(arguments.data, splits, tokenizer, seed=arguments.seed)
    dev = make_devset(arguments.data, splits, tokenizer)
    state = _start(arguments)
    train(state, pool, dev, arguments)


def train(state: State, pool: ExamplePool, dev: DevSet, arguments: argparse.Namespace) -> None:
    """Run until the time or the steps are used up, then score and save a last time."""
    saved = scored = state.seconds
    losses: list[float] = []
    stopping = _stop_asked()
    for batch in _batches(state, pool, arguments):
        began = time.monotonic()
        losses.append(_step(state, batch, _progress(state, arguments), arguments))
        state.seconds += time.monotonic() - began
        if state.step % LOG_STEPS == 0:
            _log(arguments.run, _status(state, losses))
            losses.clear()
        if state.seconds - saved > CHECKPOINT_SECONDS:
            _save(state, arguments.run)
            saved = state.seconds
        if state.seconds - scored > 60 * arguments.dev_minutes:
            _score(state, dev, arguments.run)
            scored = state.seconds
        if stopping.is_set():
            _save(state, arguments.run)
            return
        if _progress(state, arguments) >= 1:
            break
    _save(state, arguments.run)
    _score(state, dev, arguments.run)


def _stop_asked() -> threading.Event:
    """An event set by SIGTERM: the run then saves and ends, to go on later."""
    event = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: event.set())
    return event


def _step(state: State, batch: Batch, progress: float, arguments: argparse.Namespace) -> float:
    rate = arguments.rate * min(progress / WARM_UP, (1 - progress) / (1 - WARM_UP))
    for group in state.optimizer.param_groups:
        group["lr"] = max(rate, 1e-7) * group["scale"]
    with torch.autocast("cpu", torch.bfloat16):
        start, end, answerable = state.net(batch.ids, batch.mask)
    loss = reader_loss(start.float(), end.float(), answerable.float(), batch)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(state.net.parameters(), CLIP_NORM)
    state.optimizer.step()
    state.optimizer.zero_grad()
    state.step += 1
    state.batch += 1
    state.tokens += int(batch.mask.sum())
    _average(state, arguments.average)
    return loss.item()


def reader_loss(start: Tensor, end: Tensor, answerable: Tensor, batch: Batch) -> Tensor:
    """Mean cross-entropy of start and end (<s> for no answer) plus the answerability loss."""
    start_loss = functional.cross_entropy(start, batch.start)
    end_loss = functional.cross_entropy(end, batch.last)
    answered = (batch.start > 0).float()
    judged = functional.binary_cross_entropy_with_logits(answerable, answered)
    return (start_loss + end_loss) / 2 + judged


def _batches(state: State, pool: ExamplePool, arguments: argparse.Namespace) -> Iterator[Batch]:
    while True:
        examples = pool.epoch(state.epoch)
        batches = order_batches(examples, arguments.batch_tokens, f"{arguments.seed}-{state.epoch}")
        _log(arguments.run, {"epoch": state.epoch} | _contents(examples, batches))
        while state.batch < len(batches):
            yield collate([examples[n] for n in batches[state.batch]])
        state.epoch += 1
        state.batch = 0


def _contents(examples: list[Example], batches: list[list[int]]) -> dict[str, Any]:
    kinds: dict[str, int] = {}
    for example in examples:
        kinds[example.kind] = kinds.get(example.kind, 0) + 1
    return {
        "examples": len(examples),
        "batches": len(batches),
        "tokens": sum(map(len, examples)),
        "kinds": kinds,
    }


def _progress(state: State, arguments: argparse.Namespace) -> float:
    if arguments.steps:
        return min(1.0, (state.step - state.began_step) / arguments.steps)
    return min(1.0, (state.seconds - state.began + 0.5) / (60 * arguments.minutes))


def _start(arguments: argparse.Namespace) -> State:
    net, averaged = ReaderNet(), ReaderNet()
    load_encoder(net, arguments.weights / "model.safetensors")
    net.freeze_lowest(arguments.frozen_layers)
    averaged.load_state_dict(net.state_dict())
    averaged.requires_grad_(False)
    state = State(net, averaged, _optimizer(net, arguments.rate))
    checkpoint = arguments.run / "checkpoint.pt"
    if checkpoint.exists():
        _restore(state, torch.load(checkpoint, weights_only=True))
    elif arguments.warm:
        _restart(state, torch.load(arguments.warm, weights_only=True))
    _log(
        arguments.run,
        {
            "event": "start",
            "step": state.step,
            "warm_restart_at_step": state.began_step,
            "threads": arguments.threads,
            "rate": arguments.rate,
            "minutes": arguments.minutes,
            "steps": arguments.steps,
            "frozen_layers": arguments.frozen_layers,
            "seed": arguments.seed,
        },
    )
    return state


def _optimizer(net: ReaderNet, rate: float) -> torch.optim.Optimizer:
    groups: dict[tuple[float, float], list[Tensor]] = {}
    for name, parameter in net.named_parameters():
        if parameter.requires_grad:
            scale = HEAD_RATE if name.startswith(("span", "answerable")) else 1.0
            decay = 0.01 if parameter.ndim > 1 else 0.0
            groups.setdefault((scale, decay), []).append(parameter)
    settings = [{"params": p, "scale": s, "weight_decay": d} for (s, d), p in groups.items()]
    return torch.optim.AdamW(settings, lr=rate, betas=(0.9, 0.98), fused=True)


@torch.no_grad()
def _average(state: State, keep: float) -> None:
    keep = min(keep, (1 + state.step) / (10 + state.step))
    trained = [
        (a, p)
        for a, p in zip(state.averaged.parameters(), state.net.parameters(), strict=True)
        if p.requires_grad
    ]
    torch._foreach_lerp_([a for a, _ in trained], [p for _, p in trained], 1 - keep)


def _score(state: State, dev: DevSet, run: Path) -> None:
    scores = score_devset(state.averaged, dev)
    merit = (
        scores["squad2"]["whole_f1"] + scores["new_wiki"]["has_f1"] + 50 * scores["squad2"]["auroc"]
    )
    _log(run, _status(state, []) | {"merit": round(merit, 3), "dev": scores})
    if merit > state.best:
        state.best = merit
        _write(
            run / "best.pt",
            {
                "net": state.averaged.state_dict(),
                "step": state.step,
                "seconds": state.seconds,
                "tokens": state.tokens,
                "dev": json.dumps(scores),
            },
        )


_COUNTERS = ("epoch", "batch", "step", "tokens", "seconds", "best", "began", "began_step")


def _save(state: State, run: Path) -> None:
    counters = {name: getattr(state, name) for name in _COUNTERS}
    _write(
        run / "checkpoint.pt",
        counters
        | {
            "net": state.net.state_dict(),
            "averaged": state.averaged.state_dict(),
            "optimizer": state.optimizer.state_dict(),
        },
    )


def _restore(state: State, saved: dict[str, Any]) -> None:
    for name in _COUNTERS:
        setattr(state, name, saved.get(name, 0))
    state.net.load_state_dict(saved["net"])
    state.averaged.load_state_dict(saved["averaged"])
    state.optimizer.load_state_dict(saved["optimizer"])


def _restart(state: State, saved: dict[str, Any]) -> None:
    """Go on from another run's last weights (and moments): next pass, new rate, new average."""
    _restore(state, saved)
    state.averaged.load_state_dict(saved["net"])
    state.epoch, state.batch = state.epoch + 1, 0
    state.began, state.began_step = state.seconds, state.step
    state.best = float("-inf")


def _write(path: Path, content: dict[str, Any]) -> None:
    temporary = path.with_suffix(".part")
    torch.save(content, temporary)
    temporary.replace(path)


def _status(state: State, losses: list[float]) -> dict[str, Any]:
    status: dict[str, Any] = {
        "step": state.step,
        "epoch": state.epoch,
        "tokens": state.tokens,
        "seconds": round(state.seconds, 1),
    }
    if losses:
        status["loss"] = round(sum(losses) / len(losses), 4)
        status["tokens_per_second"] = round(state.tokens / max(state.seconds, 1e-9))
    return status


def _log(run: Path, record: dict[str, Any]) -> None:
    with (run / "log.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(record) + "\n")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--from", dest="warm", type=Path, help="a checkpoint for a warm restart")
    parser.add_argument("--minutes", type=float, default=90.0)
    parser.add_argument("--steps", type=int, default=0)
    parser.add_argument("--rate", type=float, default=5e-5)
    parser.add_argument("--frozen-layers", type=int, default=2)
    parser.add_argument("--batch-tokens", type=int, default=3600)
    parser.add_argument("--average", type=float, default=0.997)
    parser.add_argument("--dev-minutes", type=float, default=15.0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=5)
    return parser.parse_args()


if __name__ == "__main__":
    main()
