"""Gold questions: read from JSON Lines, checked, and their quotes located in the documents.

A line is a question or a dialogue; `evals/datasets/README.md` describes the fields. For your own
file only `question` is mandatory. Every fault is a DatasetError naming file, line and field.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rag.errors import DatasetError
from rag.types import Span

SEEDS = Path(__file__).with_name("datasets") / "seeds.jsonl"
Split = Literal["dev", "test"]


class Quote(BaseModel):
    """A passage that holds evidence: the exact words of a document."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    document: str = Field(min_length=1)
    quote: str = Field(min_length=1)
    start: int | None = Field(None, ge=0)
    """Offset of the quote; without it every occurrence of the quote counts."""


class Question(BaseModel):
    """One question with what people judged to be its answer and evidence."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    id: str = ""
    split: Split = "dev"
    type: str = "question"
    question: str = Field(min_length=1, pattern=r"\S")
    answerable: bool = True
    answers: tuple[str, ...] = ()
    required: tuple[tuple[str, ...], ...] = ()
    """Facts the answer must hold, each as its accepted wordings."""
    forbidden: tuple[str, ...] = ()
    evidence: tuple[tuple[Quote, ...], ...] = ()
    """Groups of interchangeable passages; a complete answer cites one of every group."""
    min_documents: int = Field(0, ge=0)
    has_facts: bool = True
    """False when the answers are too long to be looked for: they then serve token F1 only."""
    notes: str = ""

    @property
    def facts(self) -> tuple[tuple[str, ...], ...]:
        """The required facts; without any, one fact worded as any of the answers."""
        return self.required or ((self.answers,) if self.answers and self.has_facts else ())

    @property
    def digest(self) -> str:
        """Hash of everything the judgement rests on; a changed question gets another."""
        return hashlib.sha256(self.model_dump_json(exclude={"notes"}).encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Dialogue:
    """Questions asked in order in one conversation."""

    id: str
    turns: tuple[Question, ...]


@dataclass(frozen=True)
class Dataset:
    """The questions of one file or more."""

    name: str
    questions: tuple[Question, ...]
    dialogues: tuple[Dialogue, ...]
    sha256: str
    places: Mapping[str, str]
    """Question id -> "file, line n", for error messages."""

    @property
    def all_questions(self) -> tuple[Question, ...]:
        """The single questions, then the turns of the dialogues."""
        return self.questions + tuple(turn for each in self.dialogues for turn in each.turns)

    def select(self, *, split: str = "all", limit: int | None = None) -> Dataset:
        """The part of one split; `limit` keeps that many questions and dialogues, evenly spread."""
        questions = [q for q in self.questions if split in ("all", q.split)]
        dialogues = [d for d in self.dialogues if split in ("all", d.turns[0].split)]
        if limit is not None:
            questions, dialogues = _spread(questions, limit), _spread(dialogues, limit // 10)
        return Dataset(self.name, tuple(questions), tuple(dialogues), self.sha256, self.places)


@dataclass(frozen=True)
class GoldSpan:
    """A gold passage where it stands in its document."""

    document: str
    span: Span


Gold = tuple[tuple[GoldSpan, ...], ...]
"""The located evidence of one question: groups of interchangeable passages."""


def load_dataset(path: Path | str | None = None) -> Dataset:
    """The questions of a JSON Lines file; without a path those on the seeds, dialogues included.

    Raises DatasetError naming file, line and field.
    """
    if path is None:
        return _load("seeds", [SEEDS, SEEDS.with_name("seeds_dialogues.jsonl")])
    return _load(Path(path).stem, [Path(path)])


def locate_evidence(dataset: Dataset, texts: Mapping[str, str]) -> dict[str, Gold]:
    """Question id -> its evidence as spans of the documents (path -> text).

    Raises DatasetError for a document that is not there or a quote that does not stand in it.
    """
    return {
        question.id: tuple(
            tuple(span for quote in group for span in _located(quote, question, dataset, texts))
            for group in question.evidence
        )
        for question in dataset.all_questions
    }


def _located(
    quote: Quote, question: Question, dataset: Dataset, texts: Mapping[str, str]
) -> list[GoldSpan]:
    place = f"{dataset.places[question.id]}, field evidence"
    if quote.document not in texts:
        raise DatasetError(
            f"{place}: no document {quote.document!r} in the corpus. "
            "Use its path relative to the corpus folder, and check --corpus."
        )
    starts = list(_occurrences(quote.quote, texts[quote.document]))
    if quote.start is not None:
        starts = [start for start in starts if start == quote.start]
    if not starts:
        raise DatasetError(
            f"{place}: {quote.document} does not hold {_shortened(quote.quote)!r}. "
            "Copy the quote from the file, character by character."
        )
    length = len(quote.quote)
    return [GoldSpan(quote.document, Span(start, start + length)) for start in starts]


def _occurrences(quote: str, text: str) -> Iterator[int]:
    start = text.find(quote)
    while start >= 0:
        yield start
        start = text.find(quote, start + 1)


def _load(name: str, paths: list[Path]) -> Dataset:
    questions: list[Question] = []
    dialogues: list[Dialogue] = []
    places: dict[str, str] = {}
    digest = hashlib.sha256()
    for path in paths:
        for place, number, record in _records(path, digest):
            turns = _read_turns(record, place, number)
            for turn in turns:
                if turn.id in places:
                    raise DatasetError(
                        f"{place}, field id: {turn.id!r} stands already in {places[turn.id]}. "
                        "Give every question its own id."
                    )
                places[turn.id] = place
            if "turns" in record:
                dialogues.append(Dialogue(turns[0].id.rpartition(".")[0], tuple(turns)))
            else:
                questions.extend(turns)
    if not places:
        raise DatasetError(f"{paths[0]} holds no questions. Write one JSON object per line.")
    return Dataset(name, tuple(questions), tuple(dialogues), digest.hexdigest(), places)


def _records(path: Path, digest: Any) -> Iterator[tuple[str, int, dict[str, Any]]]:
    try:
        data = path.read_bytes()
        lines = data.decode("utf-8-sig").split("\n")
    except FileNotFoundError as error:
        raise DatasetError(f"No question file at {path}. Check --dataset.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(f"{path} cannot be read as UTF-8: {error}. Save it so.") from error
    digest.update(data)
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        place = f"{path}, line {number}"
        try:
            record = json.loads(line)
        except json.JSONDecodeError as error:
            raise DatasetError(f"{place}: not JSON ({error}). Write one object a line.") from error
        if not isinstance(record, dict):
            raise DatasetError(f'{place}: not a JSON object. Write {{"question": ...}}.')
        yield place, number, record


def _read_turns(record: dict[str, Any], place: str, number: int) -> list[Question]:
    if "turns" not in record:
        return [_question({"id": f"q{number}", **record}, place)]
    unknown = set(record) - {"id", "split", "turns", "notes"}
    if unknown:
        raise DatasetError(
            f"{place}, field {min(unknown)}: unknown in a dialogue. Known: id, split, turns, notes."
        )
    if not isinstance(record["turns"], list) or not record["turns"]:
        raise DatasetError(f"{place}, field turns: needs a list with at least one question.")
    dialogue, split = record.get("id", f"d{number}"), record.get("split", "dev")
    return [
        _question({"id": f"{dialogue}.{turn}", "split": split, **fields}, place, f"turns.{turn}.")
        if isinstance(fields, dict)
        else _refuse(place, f"turns.{turn}", "is not an object", 'Write {"question": ...}')
        for turn, fields in enumerate(record["turns"], start=1)
    ]


def _question(fields: dict[str, Any], place: str, prefix: str = "") -> Question:
    try:
        return Question.model_validate(fields)
    except ValidationError as error:
        first = error.errors()[0]
        name = prefix + ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            return _refuse(place, name, "is unknown", f"Known: {', '.join(Question.model_fields)}")
        if first["type"] == "missing":
            return _refuse(place, name, "is missing", "Add it")
        return _refuse(place, name, f"is {first['input']!r}: {first['msg']}", "Mend that value")


def _refuse(place: str, field: str, fault: str, remedy: str) -> Question:
    raise DatasetError(f"{place}, field {field} {fault}. {remedy}.")


def _spread(items: list[Any], limit: int) -> list[Any]:
    if limit >= len(items):
        return items
    return [items[index * len(items) // limit] for index in range(limit)]


def _shortened(quote: str) -> str:
    return quote if len(quote) <= 80 else quote[:77] + "..."
