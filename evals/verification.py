"""How well the checks of `rag.answer.verify` tell true sentences from altered ones.

Sentences of real passages are left as they are, lightly paraphrased, or altered in one place: a
number, a name, a date, the polarity, the speaker, two names or two numbers changing places,
or a circumstance added. Each is checked against its own passage among four others.

    python -m evals.verification --data DIR                  new_wiki and amazon, never tuned on
    python -m evals.verification --data DIR --sets squad2 clapnq    the sets used while developing
    python -m evals.verification --data DIR --human          sentences that people wrote from a passage
"""

from __future__ import annotations

import argparse
import random
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from evals.alterations import CHANGES
from evals.external import import_loader
from rag.answer.verify import Checked, NumberedPassage, verify
from rag.sentences import sentences
from rag.types import Document, DocumentMetadata, Span

HELD_OUT = ("new_wiki", "amazon")
FAITHFUL = ("untouched", "paraphrase")
PASSAGES_SHOWN = 5
MAX_PASSAGE_CHARS = 900


@dataclass(frozen=True)
class Case:
    """A sentence to check, what was done to it, and the passages shown with its own one first."""

    kind: str
    sentence: str
    source: str
    passages: tuple[NumberedPassage, ...]

    @property
    def is_faithful(self) -> bool:
        """True when the passage does say it."""
        return self.kind in FAITHFUL


def make_cases(documents: Sequence[Document], per_kind: int, seed: int = 7) -> list[Case]:
    """Up to `per_kind` cases of each kind, from sentences picked at random over all documents."""
    rng = random.Random(seed)
    order = list(range(len(documents)))
    rng.shuffle(order)
    made: dict[str, list[Case]] = {kind: [] for kind in CHANGES}
    for place in order:
        passages = _shown(documents, place)
        own = passages[0]
        picked = [s for s in own.sentences if 40 <= s.end - s.start <= 320]
        rng.shuffle(picked)
        for kind, change in CHANGES.items():
            for span in picked if len(made[kind]) < per_kind else ():
                text = span.of(own.document.text)
                new = change(text, own.span.of(own.document.text), rng)
                if new and (new != text or kind == "untouched"):
                    made[kind].append(Case(kind, new, text, passages))
                    break
    return [case for cases in made.values() for case in cases]


def check(cases: Iterable[Case]) -> Iterator[tuple[Case, Checked]]:
    """Each case with what the checks found; every case cites its own passage."""
    for case in cases:
        yield case, verify(case.sentence, [case.passages[0].number], case.passages)


def confusion(results: Iterable[tuple[Case, Checked]]) -> dict[str, Counter[str]]:
    """Counts of verdicts by kind of case."""
    table: dict[str, Counter[str]] = {}
    for case, checked in results:
        table.setdefault(case.kind, Counter())[checked.verdict] += 1
    return table


def rates(table: dict[str, Counter[str]]) -> tuple[float, float]:
    """Share of altered sentences caught, and of faithful ones refused.

    Caught means `unsupported`; a faithful sentence passes only when `supported`.
    """
    altered = [c for kind, c in table.items() if kind not in FAITHFUL]
    faithful = [c for kind, c in table.items() if kind in FAITHFUL]
    caught = sum(c["unsupported"] for c in altered) / (sum(c.total() for c in altered) or 1)
    passed = sum(c["supported"] for c in faithful) / (sum(c.total() for c in faithful) or 1)
    return caught, 1 - passed


def _shown(documents: Sequence[Document], place: int) -> tuple[NumberedPassage, ...]:
    """The document's first passage and its neighbours in the set, often of the same subject."""
    near = [(place + step) % len(documents) for step in range(PASSAGES_SHOWN)]
    return tuple(_passage(number, documents[n]) for number, n in enumerate(near, start=1))


def _passage(number: int, document: Document) -> NumberedPassage:
    own = tuple(s for s in sentences(document.text) if s.end <= MAX_PASSAGE_CHARS)
    own = own or tuple(sentences(document.text))[:1]
    return NumberedPassage(number, document, Span(own[0].start, own[-1].end), own)


def read_documents(data: Path, name: str) -> list[Document]:
    """The passages of one set of the data folder."""
    load = import_loader(data)
    corpus = {"squad2": "squad2_corpus", "clapnq": "clapnq_corpus"}.get(name)
    records = getattr(load, corpus)() if corpus else load.squadshifts_corpus(name)
    return [
        Document(r["doc_id"], r["text"], "", DocumentMetadata(title=r["title"]))
        for r in records if len(r["text"]) > 80
    ]  # fmt: skip


def human_cases(data: Path) -> list[Case]:
    """Every sentence of clapnq's answers, which people wrote from the passage it is checked with."""
    load = import_loader(data)
    texts = {record["doc_id"]: record for record in load.clapnq_corpus()}
    cases = []
    for record in load.clapnq_dev():
        for answer in record["answers"] if record["answerable"] else ():
            source = texts[record["doc_id"][0]]
            about = DocumentMetadata(title=source["title"])
            document = Document("human", source["text"], "", about)
            whole = Span(0, len(document.text))
            shown = (NumberedPassage(1, document, whole, tuple(sentences(document.text))),)
            cases += [Case("human", s.of(answer), answer, shown) for s in sentences(answer)]
    return cases


def main() -> None:
    """Print the confusion matrix of each set, or how many sentences of people pass."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sets", nargs="+", default=list(HELD_OUT))
    parser.add_argument("--per-kind", type=int, default=100)
    parser.add_argument("--show", nargs="*", default=[], help="kinds whose errors are printed")
    parser.add_argument("--human", action="store_true", help="sentences of clapnq's answers")
    options = parser.parse_args()
    if options.human:
        counts = confusion(check(human_cases(options.data)))["human"]
        print(f"clapnq's human answers: {counts['supported'] / counts.total():.1%} of "
              f"{counts.total()} sentences pass")  # fmt: skip
        return
    for name in options.sets:
        cases = make_cases(read_documents(options.data, name), options.per_kind)
        started = time.perf_counter()
        results = list(check(cases))
        _print(name, results, (time.perf_counter() - started) / len(cases))
        for case, checked in results:
            wrong = (checked.verdict != "supported") == case.is_faithful
            if case.kind in options.show and wrong:
                print(f"  [{case.kind}] {case.sentence}\n      < {case.source}")
                print(f"      {checked.verdict} {checked.problems}")


def _print(name: str, results: list[tuple[Case, Checked]], seconds: float) -> None:
    table = confusion(results)
    verdicts = ("supported", "misattributed", "stitched", "unsupported")
    print(f"{name:12}" + "".join(f"{verdict:>15}" for verdict in verdicts))
    for kind, counts in table.items():
        print(f"  {kind:10}" + "".join(f"{counts[verdict]:15}" for verdict in verdicts))
    caught, alarms = rates(table)
    print(f"  caught {caught:.1%}, false alarms {alarms:.1%}, {1000 * seconds:.1f} ms a sentence\n")


if __name__ == "__main__":
    main()
