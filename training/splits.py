"""Which articles and paragraphs train, tune and test the reader; makes `splits.json`.

    python -m training.splits --data FOLDER        (writes training/splits.json)

squad2 is split by article: 6 train, 2 calibration (never trained on; for the answerer's
calibration), 4 test, drawn among the splits whose question counts and unanswerable shares are
balanced. new_wiki keeps whole articles of at least 320 paragraphs as a second test corpus. A few
paragraphs of every training set are the dev slice (early stopping and the no-answer threshold).
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

from training.sources import Pair, read_pairs

SPLITS_FILE = Path(__file__).with_name("splits.json")
SEED = 5
HELD_OUT_PARAGRAPHS = 320
DEV_PARAGRAPHS = {"squad2": 36, "new_wiki": 50, "reddit": 15, "amazon": 15, "policyqa": 8}
NEAR_MISSES_DEV_STEP = 8
NEAR_MISSES_SPLIT = 2787
"""The first rows give every eighth paragraph to the dev slice; those written later all train."""
NEAR_MISSES_TRAINED = 41024
"""The rows after these, on passages of their own, came when the reader was trained: they test it."""


def make_splits(data: Path, seed: int = SEED) -> dict[str, Any]:
    """Draw all splits; equal data and seed give equal splits."""
    rng = random.Random(seed)
    squad2 = split_squad2(read_pairs(data, "squad2"), rng)
    held_out = hold_out_titles(read_pairs(data, "new_wiki"), rng)
    dev = {
        name: _dev_paragraphs(
            _trainable(read_pairs(data, name), squad2["train"], held_out), name, rng
        )
        for name in DEV_PARAGRAPHS
    }
    near_misses = read_pairs(data, "near_misses")[:NEAR_MISSES_SPLIT]
    asked = sorted({pair.doc_id for pair in near_misses})
    dev["near_misses"] = asked[::NEAR_MISSES_DEV_STEP]
    return {"seed": seed, "squad2": squad2, "new_wiki_held_out": held_out, "dev_doc_ids": dev}


def split_squad2(pairs: list[Pair], rng: random.Random) -> dict[str, list[str]]:
    """6 / 2 / 4 articles, drawn among the twenty most balanced splits."""
    asked = Counter(pair.title for pair in pairs)
    unanswerable = Counter(pair.title for pair in pairs if not pair.spans)
    titles = sorted(asked)

    def imbalance(groups: tuple[list[str], ...]) -> float:
        cost = 0.0
        for group, share in zip(groups, (6 / 12, 2 / 12, 4 / 12), strict=True):
            count = sum(asked[t] for t in group)
            cost += abs(count / (share * len(pairs)) - 1)
            cost += abs(
                sum(unanswerable[t] for t in group) / count
                - sum(unanswerable.values()) / len(pairs)
            )
        return cost

    splits = []
    for train in itertools.combinations(titles, 6):
        rest = [t for t in titles if t not in train]
        for calibration in itertools.combinations(rest, 2):
            splits.append(
                (list(train), list(calibration), [t for t in rest if t not in calibration])
            )
    chosen = rng.choice(sorted(splits, key=imbalance)[:20])
    return dict(zip(("train", "calibration", "test"), chosen, strict=True))


def hold_out_titles(pairs: list[Pair], rng: random.Random) -> list[str]:
    """Whole new_wiki articles, in random order, until `HELD_OUT_PARAGRAPHS` are reached."""
    paragraphs: dict[str, set[str]] = {}
    for pair in pairs:
        paragraphs.setdefault(pair.title, set()).add(pair.doc_id)
    titles = sorted(paragraphs)
    rng.shuffle(titles)
    held_out: list[str] = []
    while sum(len(paragraphs[t]) for t in held_out) < HELD_OUT_PARAGRAPHS:
        held_out.append(titles[len(held_out)])
    return sorted(held_out)


def load_splits(path: Path = SPLITS_FILE) -> dict[str, Any]:
    """The committed splits."""
    return json.loads(path.read_text(encoding="utf-8"))


def train_and_dev(data: Path, name: str, splits: dict[str, Any]) -> tuple[list[Pair], list[Pair]]:
    """Pairs of the set `name` for training and for the dev slice, apart by paragraph."""
    pairs = read_pairs(data, name)
    if name == "near_misses":
        pairs = pairs[:NEAR_MISSES_TRAINED]
    usable = _trainable(pairs, splits["squad2"]["train"], splits["new_wiki_held_out"])
    dev_ids = set(splits["dev_doc_ids"][name])
    train = [pair for pair in usable if pair.doc_id not in dev_ids]
    return train, [pair for pair in usable if pair.doc_id in dev_ids]


def _trainable(pairs: list[Pair], squad2_train: list[str], held_out: list[str]) -> list[Pair]:
    return [
        pair
        for pair in pairs
        if (pair.set != "squad2" or pair.title in squad2_train)
        and (pair.set != "new_wiki" or pair.title not in held_out)
    ]


def _dev_paragraphs(pairs: list[Pair], name: str, rng: random.Random) -> list[str]:
    doc_ids = sorted({pair.doc_id for pair in pairs})
    return sorted(rng.sample(doc_ids, DEV_PARAGRAPHS[name]))


def main() -> None:
    """Write splits.json beside this file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    arguments = parser.parse_args()
    splits = make_splits(arguments.data)
    SPLITS_FILE.write_text(
        json.dumps(splits, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )


if __name__ == "__main__":
    main()
