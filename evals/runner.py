"""Runs a system over a dataset: question and gold in, one judged result per question out.

Questions are independent, so they go through a thread pool; the turns of a dialogue stay in
order in one conversation. The texts that quotes are checked against are read here from the files,
not taken from the system.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from evals.dataset import Dataset, Gold, Question, locate_evidence
from evals.measures import MEASURES, Case
from evals.measures.ranking import ranking_scores
from evals.results import Evaluation, Result
from evals.systems import Searches, System
from rag.types import Answer, Document, ScoredChunk

SEARCHED = 10
"""Chunks asked for when the retrieval is measured: the largest k of `measures.RANKING`."""
PLAIN_SUFFIXES = {".txt", ".md", ".markdown"}

Asked = tuple[Question, tuple[str, ...], Callable[[str], Answer]]


def evaluate(
    system: System,
    dataset: Dataset,
    texts: Mapping[str, str],
    *,
    workers: int = 1,
    fingerprint: str = "",
    show_progress: bool = False,
) -> Evaluation:
    """Ask everything, judge everything; results come in the dataset's order.

    Raises DatasetError when evidence does not stand in the texts (before anything is asked).
    """
    gold = locate_evidence(dataset, texts)
    units = _units(system, dataset)

    def run(unit: list[Asked]) -> list[Result]:
        return [_result(question, gold, texts, context, ask) for question, context, ask in unit]

    with ThreadPoolExecutor(max_workers=max(1, workers)) as pool:
        done = _tracked(pool.map(run, units), len(units), system.name, show_progress)
        results = [result for unit in done for result in unit]
    results = _with_ranking(results, system, gold)
    notices = dict.fromkeys(note for each in results for note in each.answer.metadata.notices)
    return Evaluation(system.name, tuple(results), fingerprint, tuple(notices))


def read_texts(corpus: Path, documents: Sequence[Document]) -> dict[str, str]:
    """Document path -> source text; plain text files are read anew, as UTF-8."""
    return {document.path: _file_text(corpus, document) for document in documents}


def _file_text(corpus: Path, document: Document) -> str:
    path = corpus / document.path
    if path.suffix.lower() in PLAIN_SUFFIXES:
        try:
            return path.read_bytes().decode("utf-8-sig")
        except (OSError, UnicodeDecodeError):
            pass  # another encoding: the extracted text is all there is to check against
    return document.text


def _units(system: System, dataset: Dataset) -> list[list[Asked]]:
    units: list[list[Asked]] = [[(question, (), system.answer)] for question in dataset.questions]
    for dialogue in dataset.dialogues:
        ask = system.conversation()
        asked = [turn.question for turn in dialogue.turns]
        units.append([(turn, tuple(asked[:n]), ask) for n, turn in enumerate(dialogue.turns)])
    return units


def _result(
    question: Question,
    gold: Mapping[str, Gold],
    texts: Mapping[str, str],
    context: tuple[str, ...],
    ask: Callable[[str], Answer],
) -> Result:
    error = ""
    started = time.perf_counter()
    try:
        answer = ask(question.question)
    except Exception as failure:  # noqa: BLE001 - one failing question must not lose the others
        error = f"{type(failure).__name__}: {failure}"
        answer = Answer(question.question, "", abstained=True)
    seconds = time.perf_counter() - started
    case = Case(question, gold[question.id], texts)
    scores = {name: measure(case, answer) for name, measure in MEASURES.items()}
    if error:
        scores |= {"correct": 0.0, "false_answer": None}  # a failure is no wise abstention
    return Result(question, answer, case.gold, scores, seconds, error, context)


def _with_ranking(results: list[Result], system: System, gold: Mapping[str, Gold]) -> list[Result]:
    if not isinstance(system, Searches):
        return results
    standing = [each for each in results if not each.context and not each.error]
    runs: dict[str, list[ScoredChunk]] = {
        each.question.id: system.search(each.question.question, top_k=SEARCHED)
        for each in standing
        if gold[each.question.id]
    }
    values = ranking_scores(runs, gold)
    return [
        replace(each, scores=each.scores | values.get(each.question.id, {})) for each in results
    ]


def _tracked(
    done: Iterable[list[Result]], total: int, name: str, show_progress: bool
) -> Iterable[list[Result]]:
    if not show_progress:
        return done
    from rich.console import Console
    from rich.progress import track

    console = Console(stderr=True)
    return track(done, description=f"Asking {name}", total=total, console=console, transient=True)
