"""External question sets as corpora of text files with labelled questions.

Each set becomes a folder of one file per paragraph, so that fitting sees what answering sees:
retrieval among all paragraphs, not a given one. Gold is a span of one of the files.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from evals.external import import_loader
from rag.types import Span

HERE = Path(__file__).parent
NEWS = HERE / "news"
"""Small corpora of invented news reports with questions, ours: one folder each."""
NEWS_TEST = ("museum", "wildfire", "glacier", "ceasefire")
NEW_WIKI_QUESTIONS = HERE / "new_wiki_questions.jsonl"
"""Our questions on whole articles of new_wiki, half of them near misses."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """A question with the spans that answer it; none when the corpus does not."""

    question: str
    answerable: bool
    gold: tuple[tuple[str, Span], ...]
    group: str
    """Article the question belongs to: fitting and testing never share one."""
    answers: tuple[str, ...] = ()


def write_corpus(documents: Iterator[dict[str, Any]], folder: Path) -> None:
    """One text file per paragraph, named by its id; files already there are left alone."""
    folder.mkdir(parents=True, exist_ok=True)
    for document in documents:
        path = folder / f"{document['doc_id']}.txt"
        text = document["text"]
        if not path.exists():
            path.write_text(text, encoding="utf-8", newline="")


def squad_like(records: Iterator[dict[str, Any]], corpus: Path) -> Iterator[Labelled]:
    """Questions of a set in SQuAD's shape; gold is every annotated span."""
    for record in records:
        name = f"{record['doc_id'][0]}.txt"
        text = (corpus / name).read_text(encoding="utf-8")
        offset = text.find(record["context"].strip()[:50]) - (
            len(record["context"]) - len(record["context"].lstrip())
        )
        pairs = zip(record["meta"]["starts"], record["meta"]["spans"], strict=True)
        gold = tuple(
            (name, Span(offset + start, offset + start + len(answer))) for start, answer in pairs
        )
        yield Labelled(
            record["question"], bool(record["answerable"]), gold, record["meta"]["title"],
            tuple(record["answers"]),
        )  # fmt: skip


def clapnq(records: Iterator[dict[str, Any]], corpus: Path) -> Iterator[Labelled]:
    """Search questions; gold is every selected sentence."""
    for record in records:
        name = f"{record['doc_id'][0]}.txt"
        text = (corpus / name).read_text(encoding="utf-8")
        starts = [(text.find(sentence), len(sentence)) for sentence in record["evidence"]]
        gold = tuple((name, Span(at, at + length)) for at, length in starts if at >= 0)
        if record["answerable"] and not gold:
            continue
        yield Labelled(record["question"], bool(record["answerable"]), gold, record["id"])


def halves(
    questions: list[Labelled], paragraphs: Path, work: Path, *, most: int, seed: int
) -> Iterator[tuple[Path, list[Labelled]]]:
    """For each article two small corpora, each of half its paragraphs, asked the same questions.

    A question whose paragraph is in the other half is a near-miss of the plainest kind: the
    subject is there, the answer is not. Questions that nothing answers stay unanswerable.
    """
    for group in sorted({question.group for question in questions}):
        asked = [question for question in questions if question.group == group]
        random.Random(seed).shuffle(asked)
        names = sorted({path for question in asked for path, _ in question.gold})
        random.Random(seed + 1).shuffle(names)
        for part in (0, 1):
            folder = work / f"{group.replace(' ', '_')}-{part}"
            folder.mkdir(parents=True, exist_ok=True)
            present = set(names[part::2])
            for name in present:
                (folder / name).write_bytes((paragraphs / name).read_bytes())
            yield (
                folder,
                [
                    replace(each, answerable=False, gold=())
                    if each.answerable and not any(path in present for path, _ in each.gold)
                    else each
                    for each in asked[:most]
                ],
            )


def news_corpora() -> Iterator[tuple[str, Path, list[Labelled]]]:
    """Name, folder and questions of each news corpus; gold is every sentence that answers."""
    for path in sorted(NEWS.glob("*/questions.jsonl")):
        folder, lines = path.parent, path.read_text(encoding="utf-8").splitlines()
        yield folder.name, folder, [_news_question(json.loads(line), folder) for line in lines]


def _news_question(record: dict[str, Any], folder: Path) -> Labelled:
    gold = []
    for each in record["gold"]:
        start = (folder / each["file"]).read_text(encoding="utf-8").index(each["sentence"])
        gold.append((each["file"], Span(start, start + len(each["sentence"]))))
    answers = tuple(record["answers"])
    return Labelled(record["question"], bool(gold), tuple(gold), folder.name, answers)


def whole_articles(
    questions: list[Labelled], paragraphs: Path, work: Path
) -> Iterator[tuple[Path, list[Labelled]]]:
    """Each new_wiki article that we asked about as a corpus of its paragraphs; `questions` are
    the set's own, which tell the paragraphs of an article."""
    records = [json.loads(line) for line in NEW_WIKI_QUESTIONS.read_text("utf-8").splitlines()]
    for title in sorted({record["title"] for record in records}):
        folder = work / f"{title.replace(' ', '_')}-whole"
        folder.mkdir(parents=True, exist_ok=True)
        for name in {path for each in questions if each.group == title for path, _ in each.gold}:
            (folder / name).write_bytes((paragraphs / name).read_bytes())
        yield folder, [_article_question(each) for each in records if each["title"] == title]


def _article_question(record: dict[str, Any]) -> Labelled:
    gold = tuple((f"{g['doc_id']}.txt", Span(g["start"], g["end"])) for g in record["gold"])
    return Labelled(record["question"], bool(gold), gold, record["title"])


def build_sets(data: Path, work: Path, splits: Path) -> dict[str, tuple[Path, list[Labelled]]]:
    """Name -> (corpus folder, questions), fitting and test parts apart by article."""
    module = import_loader(data)
    split = json.loads(splits.read_text(encoding="utf-8"))
    folders = {name: work / name for name in ("squad2", "clapnq", "new_wiki")}
    write_corpus(module.squad2_corpus(), folders["squad2"])
    write_corpus(module.clapnq_corpus(), folders["clapnq"])
    write_corpus(module.squadshifts_corpus("new_wiki"), folders["new_wiki"])
    squad = list(squad_like(module.squad2(), folders["squad2"]))
    wiki = list(squad_like(module.squadshifts("new_wiki"), folders["new_wiki"]))
    claps = list(clapnq(module.clapnq_dev(), folders["clapnq"]))
    random.Random(7).shuffle(claps)
    held = sorted(split["new_wiki_held_out"])
    parts = {
        "squad2_fit": ("squad2", [q for q in squad if q.group in split["squad2"]["calibration"]]),
        "squad2_test": ("squad2", [q for q in squad if q.group in split["squad2"]["test"]]),
        "clapnq_fit": ("clapnq", claps[: len(claps) // 2]),
        "clapnq_test": ("clapnq", claps[len(claps) // 2 :]),
        "new_wiki_fit": ("new_wiki", [q for q in wiki if q.group in held[: len(held) // 2]]),
        "new_wiki_test": ("new_wiki", [q for q in wiki if q.group in held[len(held) // 2 :]]),
    }
    return {name: (folders[folder], questions) for name, (folder, questions) in parts.items()}
