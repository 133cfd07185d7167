"""External sets through the same runner: scifact, clapnq, squad2, new_wiki, quotesum.

Nothing of them is kept here. A folder holds the data and a `load.py` that reads it (records with
id, question, answers, answerable, doc_id, context, evidence, meta); its paragraphs are written as
text files to a temporary corpus folder, each with its title as first line, and its questions
become the same `Question` objects, all of the part "test". Samples are seeded.

    clapnq     gold sentences as evidence; no facts: the figure is "gold evidence cited"
    squad2     the answer's own span as evidence; only held-out articles when
               training/splits.json names them
    new_wiki   encyclopedic articles that nothing was fitted on, every fourth of their paragraphs
               left out: its questions are the unanswerable ones
    quotesum   quoted spans of several sources as evidence, one group per source
    scifact    ranking only, see `evals.retrieval`
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import random
import re
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from evals.dataset import Dataset, Question, Quote
from rag.errors import DatasetError

SPLITS = Path(__file__).resolve().parent.parent / "training" / "splits.json"
SAMPLE = 500
SEED = 7
LEFT_OUT = 4
"""One paragraph in so many of the new_wiki articles asked about is left out of the corpus."""

Record = Mapping[str, Any]


@dataclass
class Paragraphs:
    """The corpus of an external set: file name -> text, equal texts kept once."""

    texts: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    """Document id of the set -> file name."""

    def add(self, identity: str, title: str, text: str) -> str:
        """Keep a paragraph; returns its file name."""
        whole = f"{title.strip()}\n\n{text}\n" if title.strip() else f"{text}\n"
        name = self._alike.setdefault(whole, re.sub(r"[^\w.-]", "_", identity) + ".txt")
        self.texts[name] = whole
        self.names[identity] = name
        return name

    def quote(self, identity: str, quote: str, start: int | None = None) -> Quote:
        """A passage of a paragraph; `start` counts from the paragraph's text, title left out."""
        name = self.names[identity]
        if start is None:
            return Quote(document=name, quote=quote)
        prefix = self.texts[name].index("\n\n") + 2 if "\n\n" in self.texts[name] else 0
        return Quote(document=name, quote=quote, start=prefix + start)

    _alike: dict[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class ExternalSet:
    """Questions and the paragraphs they are asked about."""

    questions: list[Question]
    paragraphs: Paragraphs


def data_folder(data: Path | None) -> Path:
    """The folder of external sets. Raises DatasetError when it is not given or has no load.py."""
    if data is None:
        raise DatasetError("External sets need their folder. Name it with: --data FOLDER")
    if not (data / "load.py").is_file():
        raise DatasetError(f"{data} has no load.py. Name the folder that holds the external sets.")
    return data


def prepare(name: str, data: Path, limit: int | None = None) -> tuple[Dataset, Path]:
    """The questions of a set (a seeded sample of `limit`) and the folder of its corpus.

    Raises DatasetError for an unknown set.
    """
    external = read_external(name, data)
    questions = sample(external.questions, limit or SAMPLE)
    places = {question.id: f"{name}, question {question.id}" for question in questions}
    digest = hashlib.sha256("".join(q.digest for q in questions).encode()).hexdigest()
    corpus = write_corpus(name, external.paragraphs.texts)
    return Dataset(name, tuple(questions), (), digest, places), corpus


def read_external(name: str, data: Path) -> ExternalSet:
    """All questions and paragraphs of a set."""
    if name not in SETS:
        known = ", ".join(sorted((*SETS, "scifact")))
        raise DatasetError(f"No external set named {name!r}. Known: {known}.")
    try:
        return SETS[name](import_loader(data))
    except (OSError, KeyError, AttributeError) as error:
        raise DatasetError(f"{name} cannot be read from {data}: {error!r}. Check it.") from error


def import_loader(data: Path) -> ModuleType:
    """The module `load.py` of the data folder."""
    spec = importlib.util.spec_from_file_location("external_load", data / "load.py")
    if spec is None or spec.loader is None:
        raise DatasetError(f"{data / 'load.py'} cannot be imported. Check the file.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def sample(questions: list[Question], size: int) -> list[Question]:
    """A seeded sample in the set's order; everything when there are no more than `size`."""
    if len(questions) <= size:
        return questions
    chosen = sorted(random.Random(SEED).sample(range(len(questions)), size))
    return [questions[index] for index in chosen]


def write_corpus(name: str, texts: Mapping[str, str]) -> Path:
    """Write the paragraphs to a folder named by their hash, once; returns the folder."""
    digest = hashlib.sha256(json.dumps(dict(texts), sort_keys=True).encode()).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / "footnote-evals" / f"{name}-{digest}"
    folder.mkdir(parents=True, exist_ok=True)
    present = {path.name for path in folder.iterdir()}
    for file_name, text in texts.items():
        if file_name not in present:
            (folder / file_name).write_bytes(text.encode("utf-8"))
    return folder


def _squad2(loader: ModuleType) -> ExternalSet:
    paragraphs, questions = Paragraphs(), []
    test = _test_articles()
    kept = {d["doc_id"]: d for d in loader.squad2_corpus() if not test or d["title"] in test}
    for identity, document in kept.items():
        paragraphs.add(identity, document["title"], document["text"])
    for record in loader.squad2():
        identity = record["doc_id"][0]
        if identity not in kept:
            continue
        spans = zip(record["meta"]["spans"], record["meta"]["starts"], strict=True)
        group = tuple(paragraphs.quote(identity, span, start) for span, start in spans)
        questions.append(_question(record, record["meta"]["title"], [group] if group else []))
    return ExternalSet(questions, paragraphs)


def _new_wiki(loader: ModuleType) -> ExternalSet:
    """Whole articles beside those asked about make the corpus larger. Whether another paragraph
    answers a question whose own is left out was not looked at."""
    paragraphs, questions = Paragraphs(), []
    held_out = sorted(_splits().get("new_wiki_held_out", []))
    asked = set(held_out[len(held_out) // 2 :])  # the first half fitted the answerer's weights
    kept: set[str] = set()
    documents = [
        d for d in loader.squadshifts_corpus("new_wiki") if not held_out or d["title"] in held_out
    ]
    for number, document in enumerate(documents):
        if number % LEFT_OUT != 0 or (asked and document["title"] not in asked):
            kept.add(document["doc_id"])
            paragraphs.add(document["doc_id"], document["title"], document["text"])
    for record in loader.squadshifts("new_wiki"):
        if asked and record["meta"]["title"] not in asked:
            continue
        identity = record["doc_id"][0]
        context = record["context"] or ""
        cut = len(context) - len(context.lstrip())  # the corpus has no blanks at either end
        spans = zip(record["meta"]["spans"], record["meta"]["starts"], strict=True)
        group = [
            paragraphs.quote(identity, quote, start - cut)
            for quote, start in spans
            if identity in kept
        ]
        record = {
            **record,
            "answerable": bool(group),
            "answers": record["answers"] if group else [],
        }
        kind = "answerable" if group else "paragraph left out"
        questions.append(_question(record, kind, [tuple(group)] if group else []))
    return ExternalSet(questions, paragraphs)


def _clapnq(loader: ModuleType) -> ExternalSet:
    paragraphs, questions = Paragraphs(), []
    texts = {}
    for document in loader.clapnq_corpus():
        texts[document["doc_id"]] = document["text"]
        paragraphs.add(document["doc_id"], document["title"], document["text"])
    for record in loader.clapnq_dev():
        identity = record["doc_id"][0]
        groups = [
            (paragraphs.quote(identity, sentence),)
            for sentence in dict.fromkeys(record["evidence"])
            if sentence and sentence in texts[identity]
        ]
        kind = "answerable" if record["answerable"] else "unanswerable"
        # The gold answers are whole paragraphs: good for F1, too long to be facts to look for.
        questions.append(_question(record, kind, groups, has_facts=False))
    return ExternalSet(questions, paragraphs)


def _quotesum(loader: ModuleType) -> ExternalSet:
    """The people's answers to one question are joined: what any of them quoted is evidence."""
    paragraphs, questions = Paragraphs(), []
    by_question: dict[str, list[Record]] = {}
    for record in loader.quotesum_dev():
        by_question.setdefault(record["question"], []).append(record)
    for number, records in enumerate(by_question.values()):
        sources = _sources(records[0], number, paragraphs)
        quoted: dict[str, list[str]] = {}
        for source, span in (each for record in records for each in record["meta"]["citations"]):
            identity = sources.get(str(source), "")
            if identity and span and span in paragraphs.texts[paragraphs.names[identity]]:
                quoted.setdefault(identity, []).append(span)
        groups = [
            tuple(paragraphs.quote(identity, span) for span in dict.fromkeys(spans))
            for identity, spans in quoted.items()
        ]
        answers = [a for record in records for a in record["meta"]["short_answers"] if a]
        record = {**records[0], "answers": list(dict.fromkeys(answers))}
        questions.append(_question(record, "several_sources", groups, documents=len(groups)))
    return ExternalSet(questions, paragraphs)


def _sources(record: Record, number: int, paragraphs: Paragraphs) -> dict[str, str]:
    """Number of a source as the answers cite it -> its identity."""
    sources = {}
    each = zip(record["doc_id"], record["meta"]["titles"], record["evidence"], strict=True)
    for source, title, text in each:
        sources[source] = f"quotesum-{number}-{source}"
        paragraphs.add(sources[source], title, text)
    return sources


def _question(
    record: Record,
    kind: str,
    groups: Iterable[tuple[Quote, ...]],
    *,
    has_facts: bool = True,
    documents: int = 0,
) -> Question:
    return Question(
        id=record["id"],
        split="test",
        type=kind,
        question=record["question"],
        answerable=bool(record["answerable"]),
        answers=tuple(record["answers"]),
        has_facts=has_facts,
        evidence=tuple(groups),
        min_documents=documents,
    )


def _test_articles() -> set[str]:
    return set(_splits().get("squad2", {}).get("test", []))


def _splits() -> dict[str, Any]:
    """Which articles were trained on; empty where nothing was, so that all may be asked."""
    try:
        return dict(json.loads(SPLITS.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}


SETS: dict[str, Callable[[ModuleType], ExternalSet]] = {
    "clapnq": _clapnq,
    "new_wiki": _new_wiki,
    "quotesum": _quotesum,
    "squad2": _squad2,
}
