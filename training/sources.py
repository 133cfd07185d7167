"""Question and passage pairs from the external data folder, in one shape.

Takes the folder that holds `load.py`; gives `Pair` records. The folder is an argument everywhere,
because the data stay outside the repository (their licences are in rag/reader/model/MODEL_CARD.md).
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

SETS = ("squad2", "new_wiki", "near_misses", "reddit", "amazon", "policyqa", "covid_qa")
ENCYCLOPEDIC = ("squad2", "new_wiki", "near_misses")
NEAR_MISSES_FILE = Path(__file__).with_name("near_misses.jsonl")
PASSAGES_FILE = Path(__file__).with_name("passages.jsonl")
"""Invented news passages, ours, that some of the near misses are about."""


@dataclass(frozen=True)
class Pair:
    """One question on one passage; no answers means that the passage does not answer it.

    `spans` are `[start, end)` character offsets of the gold answers, one per annotator; `near`
    is where a wrong answer tempts (plausible answers of SQuAD 2.0), for unanswerable questions.
    """

    id: str
    set: str
    title: str
    doc_id: str
    question: str
    context: str
    answers: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]
    near: tuple[tuple[int, int], ...] = ()


def read_pairs(data: Path, name: str) -> list[Pair]:
    """All pairs of the set `name` (one of `SETS`), in file order."""
    if name == "near_misses":
        return read_near_misses(data)
    loader = _loader(data)
    if name == "policyqa":
        records = [*loader.policyqa("dev"), *loader.policyqa("test")]
    elif name in ("squad2", "covid_qa"):
        records = list(getattr(loader, name)())
    else:
        records = list(loader.squadshifts(name))
    near = _plausible(loader) if name == "squad2" else {}
    return list(_pairs(records, name, near))


def read_near_misses(data: Path, path: Path = NEAR_MISSES_FILE) -> list[Pair]:
    """Our own questions on new_wiki paragraphs and on passages of ours, half of them near misses.

    A line of `path` holds `doc_id`, `question`, `answer` and `near`: substrings of the paragraph,
    empty where there is none. Raises KeyError or ValueError for a line that fits no passage.
    """
    passages = {pair.doc_id: (pair.title, pair.context) for pair in read_pairs(data, "new_wiki")}
    own = PASSAGES_FILE.read_text(encoding="utf-8").splitlines() if PASSAGES_FILE.exists() else []
    for record in map(json.loads, own):
        passages[record["doc_id"]] = (record["doc_id"], record["text"])
    lines = path.read_text(encoding="utf-8").splitlines()
    return [
        _near_miss(f"near_misses-{number}", json.loads(line), passages)
        for number, line in enumerate(lines)
    ]


def read_clapnq(data: Path) -> list[Pair]:
    """CLAPNQ dev, for answerability only: an answerable pair has gold sentences, no true span."""
    return [
        Pair(
            id=record["id"],
            set="clapnq",
            title=record["meta"]["title"],
            doc_id=record["doc_id"][0],
            question=record["question"],
            context=record["context"],
            answers=tuple(record["evidence"]) if record["answerable"] else (),
            spans=((0, 1),) if record["answerable"] else (),
        )
        for record in _loader(data).clapnq_dev()
    ]


def _near_miss(key: str, record: dict[str, str], passages: dict[str, tuple[str, str]]) -> Pair:
    title, context = passages[record["doc_id"]]

    def span(text: str) -> tuple[tuple[int, int], ...]:
        if not text:
            return ()
        start = context.index(text)
        return ((start, start + len(text)),)

    return Pair(
        id=key,
        set="near_misses",
        title=title,
        doc_id=record["doc_id"],
        question=record["question"],
        context=context,
        answers=(record["answer"],) if record["answer"] else (),
        spans=span(record["answer"]),
        near=() if record["answer"] else span(record["near"]),
    )


def _pairs(
    records: list[dict[str, Any]], name: str, near: dict[str, tuple[tuple[int, int], ...]]
) -> Iterator[Pair]:
    for record in records:
        meta = record["meta"]
        spans = tuple(
            (start, start + len(text))
            for start, text in zip(meta["starts"], meta["spans"], strict=True)
            if text and record["context"][start : start + len(text)] == text
        )
        if record["answers"] and not spans:
            continue
        yield Pair(
            id=record["id"],
            set=name,
            title=meta["title"],
            doc_id=record["doc_id"][0],
            question=record["question"],
            context=record["context"],
            answers=tuple(record["answers"]),
            spans=spans,
            near=near.get(record["id"], ()),
        )


def _plausible(loader: ModuleType) -> dict[str, tuple[tuple[int, int], ...]]:
    data = loader._json("squad2/squad2_12_articles.json.gz")
    questions = (q for a in data["data"] for p in a["paragraphs"] for q in p["qas"])
    return {
        f"sq2-{q['id']}": tuple(
            (a["answer_start"], a["answer_start"] + len(a["text"]))
            for a in q.get("plausible_answers", [])
        )
        for q in questions
    }


@cache
def _loader(data: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("footnote_external_data", data / "load.py")
    if spec is None or spec.loader is None:
        raise FileNotFoundError(f"No load.py in {data}; pass the folder of the external data.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
