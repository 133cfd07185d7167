"""Hard negatives: windows of other paragraphs that the current reader wrongly takes for an answer.

    python -m training.mining --data FOLDER --model reader.onnx --tokenizer tokenizer.json \
        --out RUN/mined.jsonl

Reads the best BM25 neighbours of every answerable training question of the encyclopedic sets and
keeps those in which the reader finds an answer with probability `LEAST_PROBABILITY` or more. A line
holds `question_id`, `doc_id`, the characters `[start, end)` of the false answer in that paragraph
and its `probability`; no text. Questions come in random order, and the ones done stand in the file
(with an empty `doc_id` when nothing was kept), so that a run that was cut off, or that ended at
`--minutes`, goes on where it stopped.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TextIO

from tokenizers import Tokenizer

from rag.reader import Reader
from training.bm25 import Bm25, words
from training.neighbours import Unit, find_neighbours, is_specific, near_copies
from training.sources import Pair
from training.splits import load_splits, train_and_dev
from training.windows import Paragraph, tokenize_paragraphs

LEAST_PROBABILITY = 0.5
READ_PER_QUESTION = 6
KEPT_PER_QUESTION = 3
LONGEST_GOLD_WORDS = 5
_CONTENT_LETTERS = 4


@dataclass(frozen=True)
class FalseAnswer:
    """Characters `[start, end)` of the paragraph `doc_id`, which do not answer `question_id`."""

    question_id: str
    doc_id: str
    start: int
    end: int
    probability: float


class Miner:
    """The training pairs with their neighbours, and the reader that judges them."""

    def __init__(self, pairs: list[Pair], tokenizer: Tokenizer, reader: Reader) -> None:
        self.reader = reader
        self.pairs = pairs
        self.passages = {pair.doc_id: pair for pair in pairs}
        texts = [pair.context for pair in self.passages.values()]
        self.paragraphs: dict[str, Paragraph] = dict(
            zip(self.passages, tokenize_paragraphs(tokenizer, texts), strict=True)
        )
        self.units, self.neighbours = find_neighbours(pairs, self.paragraphs)
        self.index = Bm25(texts)

    def mine(self, number: int) -> list[FalseAnswer]:
        """The false answers to pair `number` of which the reader is most sure."""
        pair = self.pairs[number]
        units = [
            u for u in map(self.units.__getitem__, self.neighbours[number]) if self._fits(pair, u)
        ]
        units = units[:READ_PER_QUESTION]
        found = [
            self._false_answer(pair, unit, reading.start, reading.end, reading.answer_probability)
            for unit, reading in zip(
                units, self.reader.read(pair.question, [u.text for u in units]), strict=True
            )
            if reading.answer_probability >= LEAST_PROBABILITY
            and not shares_content(unit.text[reading.start : reading.end], pair.answers)
        ]
        return sorted(found, key=lambda f: -f.probability)[:KEPT_PER_QUESTION]

    def _fits(self, pair: Pair, unit: Unit) -> bool:
        """False where the unit may well answer: a near-copy, or a generic question elsewhere."""
        passage = self.passages[unit.doc_id]
        if near_copies(pair.context, passage.context):
            return False
        return passage.title == pair.title or is_specific(pair.question, self.index)

    def _false_answer(
        self, pair: Pair, unit: Unit, start: int, end: int, probability: float
    ) -> FalseAnswer:
        shift = self.paragraphs[unit.doc_id].offsets[unit.first][0]
        return FalseAnswer(pair.id, unit.doc_id, shift + start, shift + end, round(probability, 3))


def shares_content(text: str, answers: Sequence[str]) -> bool:
    """True when `text` has a number or a longer word of one of `answers`: it may be right too."""
    golds = {word for answer in answers for word in words(answer)}
    return any(
        word in golds and (word.isdigit() or len(word) >= _CONTENT_LETTERS) for word in words(text)
    )


def asks_fact(pair: Pair) -> bool:
    """True for a short gold answer: explanations and definitions often stand in two places."""
    return any(len(words(answer)) <= LONGEST_GOLD_WORDS for answer in pair.answers)


def read_mined(path: Path) -> list[FalseAnswer]:
    """The false answers of a mined file."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    records = (json.loads(line) for line in lines)
    return [FalseAnswer(**record) for record in records if record["doc_id"]]


def main() -> None:
    """Mine from the command line."""
    arguments = _arguments()
    splits = load_splits()
    pairs = [p for name in arguments.sets for p in train_and_dev(arguments.data, name, splits)[0]]
    tokenizer = Tokenizer.from_file(str(arguments.tokenizer))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    miner = Miner(pairs, tokenizer, Reader(arguments.model, arguments.tokenizer, threads=1))
    order = [
        number for number, pair in enumerate(pairs) if miner.neighbours[number] and asks_fact(pair)
    ]
    random.Random(arguments.seed).shuffle(order)
    done = _done(arguments.out)
    end = time.monotonic() + 60 * arguments.minutes
    with arguments.out.open("a", encoding="utf-8") as file:
        for number in order:
            if time.monotonic() > end:
                break
            if pairs[number].id not in done:
                _write(file, pairs[number].id, miner.mine(number))


def _write(file: TextIO, question_id: str, found: list[FalseAnswer]) -> None:
    for answer in found or [FalseAnswer(question_id, "", 0, 0, 0.0)]:
        file.write(json.dumps(asdict(answer)) + "\n")
    file.flush()


def _done(path: Path) -> set[str]:
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return {json.loads(line)["question_id"] for line in lines}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--sets", nargs="*", default=["new_wiki", "squad2"])
    parser.add_argument("--minutes", type=float, default=15.0)
    parser.add_argument("--seed", type=int, default=5)
    return parser.parse_args()


if __name__ == "__main__":
    main()
