"""Loading question files: defaults, faults named with file, line and field, quotes located."""

from pathlib import Path

import pytest

from evals.dataset import SEEDS, Question, load_dataset, locate_evidence
from evals.text import contains
from rag.errors import DatasetError
from rag.types import Span

SEED_FOLDER = SEEDS.parents[2] / "seeds"


def write(folder: Path, *lines: str) -> Path:
    path = folder / "my.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def seed_texts() -> dict[str, str]:
    return {p.name: p.read_bytes().decode("utf-8") for p in sorted(SEED_FOLDER.glob("*.txt"))}


def test_every_quote_of_the_seeds_is_an_exact_substring(seed_texts):
    dataset = load_dataset()
    located = locate_evidence(dataset, seed_texts)
    for question in dataset.all_questions:
        for group, spans in zip(question.evidence, located[question.id], strict=True):
            quotes = {quote.quote for quote in group}
            assert {each.span.of(seed_texts[each.document]) for each in spans} == quotes


def test_seeds_hold_the_promised_questions_and_dialogues():
    dataset = load_dataset()
    assert len(dataset.questions) >= 180
    assert len(dataset.dialogues) >= 20
    assert all(q.answerable == bool(q.evidence) for q in dataset.all_questions)


def test_gold_evidence_of_the_seeds_fulfils_its_own_facts():
    for question in load_dataset().all_questions:
        for pick in (0, -1):
            said = " ".join(group[pick].quote for group in question.evidence)
            missing = [f for f in question.facts if not any(contains(said, w) for w in f)]
            assert not missing, (question.id, missing)


def test_question_alone_is_enough(tmp_path):
    (question,) = load_dataset(write(tmp_path, '{"question": "Who led?"}')).questions
    assert question == Question(id="q1", question="Who led?", split="dev", type="question")
    assert question.facts == ()


def test_answers_serve_as_the_fact_when_none_is_required():
    assert Question(question="Who?", answers=("Ada", "A.")).facts == (("Ada", "A."),)


def test_turns_of_a_dialogue_get_ids_and_the_split_of_the_dialogue(tmp_path):
    line = '{"id": "d", "split": "test", "turns": [{"question": "Who?"}, {"question": "Why?"}]}'
    dataset = load_dataset(write(tmp_path, line))
    assert [(t.id, t.split) for t in dataset.all_questions] == [("d.1", "test"), ("d.2", "test")]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('{"question": }', ["line 2", "not JSON"]),
        ("[1]", ["line 2", "not a JSON object"]),
        ('{"id": "x"}', ["line 2", "field question is missing"]),
        ('{"question": " "}', ["line 2", "field question"]),
        ('{"question": "Who?", "answer": "x"}', ["field answer is unknown", "Known: id"]),
        ('{"question": "Who?", "split": "train"}', ["field split is 'train'"]),
        ('{"question": "Who?", "answers": "Ada"}', ["field answers"]),
        ('{"question": "Who?", "evidence": [[{"document": "a"}]]}', ["field evidence.0.0.quote"]),
        ('{"id": "q1", "question": "Who?"}', ["field id", "line 1"]),
        ('{"id": "d", "turns": []}', ["field turns"]),
        ('{"id": "d", "turns": [{"question": "A?"}, {}]}', ["turns.2.question is missing"]),
    ],
)
def test_faults_name_file_line_and_field(tmp_path, line, words):
    path = write(tmp_path, '{"question": "First?"}', line)
    with pytest.raises(DatasetError) as caught:
        load_dataset(path)
    message = str(caught.value)
    assert str(path) in message
    assert "\n" not in message
    assert all(word in message for word in words), message


def test_missing_and_empty_files_say_what_to_do(tmp_path):
    with pytest.raises(DatasetError, match="Check --dataset"):
        load_dataset(tmp_path / "none.jsonl")
    with pytest.raises(DatasetError, match="holds no questions"):
        load_dataset(write(tmp_path, ""))


EVIDENCE = '{"question": "Who?", "evidence": [[{"document": "a.txt", "quote": "Ada"%s}]]}'


def test_every_occurrence_of_a_quote_is_evidence(tmp_path):
    dataset = load_dataset(write(tmp_path, EVIDENCE % ""))
    ((spans,),) = locate_evidence(dataset, {"a.txt": "Ada met Ada."}).values()
    assert [each.span for each in spans] == [Span(0, 3), Span(8, 11)]


def test_a_start_picks_one_occurrence(tmp_path):
    dataset = load_dataset(write(tmp_path, EVIDENCE % ', "start": 8'))
    ((spans,),) = locate_evidence(dataset, {"a.txt": "Ada met Ada."}).values()
    assert [each.span for each in spans] == [Span(8, 11)]


@pytest.mark.parametrize("texts", [{}, {"a.txt": "Bo met Cy."}])
def test_evidence_that_is_not_there_is_refused(tmp_path, texts):
    dataset = load_dataset(write(tmp_path, EVIDENCE % ""))
    with pytest.raises(DatasetError, match=r"my\.jsonl, line 1, field evidence"):
        locate_evidence(dataset, texts)


def test_select_keeps_one_part_and_spreads_a_limit():
    dataset = load_dataset()
    part = dataset.select(split="dev", limit=20)
    assert len(part.questions) == 20
    assert len(part.dialogues) == 2
    assert {q.split for q in part.all_questions} == {"dev"}
    assert len({q.type for q in part.questions}) > 8
