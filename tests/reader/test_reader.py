"""The shipped reader, read for real: offsets, long passages, odd input, hash, determinism."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from rag.errors import ModelUnavailableError
from rag.reader import Reader, open_default_reader
from rag.reader.reader import NOTHING_READ_SCORE
from rag.reader.shipped import MODEL_FOLDER, MODEL_PATH, TOKENIZER_PATH

TOWER = (
    "The Eiffel Tower stands in Paris. It was built by the company of Gustave Eiffel and opened "
    "in March 1889. About six million people visit it every year."
)
GARDEN = "Tomatoes need six hours of sun a day. Water them early in the morning."


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(MODEL_PATH, TOKENIZER_PATH, threads=1)


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("When was the Eiffel Tower opened?", "1889"),
        ("Where does the Eiffel Tower stand?", "Paris"),
        ("Whose company built the Eiffel Tower?", "Gustave Eiffel"),
    ],
)
def test_read_finds_the_answering_words(reader: Reader, question: str, words: str) -> None:
    (reading,) = reader.read(question, [TOWER])
    assert words in TOWER[reading.start : reading.end]
    assert reading.end - reading.start <= 40


def test_read_scores_the_answering_passage_highest(reader: Reader) -> None:
    readings = reader.read("When was the Eiffel Tower opened?", [GARDEN, TOWER, GARDEN[:38]])
    scores = [reading.span_score for reading in readings]
    assert scores.index(max(scores)) == 1
    assert readings[1].answer_probability > readings[0].answer_probability


def test_read_gives_one_reading_per_passage_in_order(reader: Reader) -> None:
    passages = [TOWER, GARDEN, TOWER * 3, GARDEN * 2]
    readings = reader.read("How many hours of sun do tomatoes need?", passages)
    assert len(readings) == 4
    for passage, reading in zip(passages, readings, strict=True):
        assert 0 <= reading.start < reading.end <= len(passage)
        assert 0.0 <= reading.answer_probability <= 1.0


def test_read_without_passages_gives_nothing(reader: Reader) -> None:
    assert reader.read("Who?", []) == []


@pytest.mark.parametrize("passage", ["", "   \n\t", "\u200b\u00ad"])
def test_read_scores_a_passage_without_words_lowest(reader: Reader, passage: str) -> None:
    empty, full = reader.read("When was it opened?", [passage, TOWER])
    assert (empty.start, empty.end, empty.span_score) == (0, 0, NOTHING_READ_SCORE)
    assert empty.answer_probability == 0.0
    assert full.span_score > NOTHING_READ_SCORE


def test_read_offsets_count_characters_not_bytes(reader: Reader) -> None:
    passage = (
        "\u201cCaf\u00e9\u201d 😀😀 — Angela Merkel was born in Hamburg\u00a0in 1954, \u4eca\u65e5."
    )
    (reading,) = reader.read("Where was Angela Merkel born?", [passage])
    assert "Hamburg" in passage[reading.start : reading.end]


def test_read_spans_begin_and_end_at_word_edges(reader: Reader) -> None:
    passage = "Antidisestablishmentarianism was discussed by Przemyslawski in Szczebrzeszyn."
    for question in ("Who discussed it?", "Where was it discussed?", "What was discussed?"):
        (reading,) = reader.read(question, [passage])
        before, after = passage[: reading.start][-1:], passage[reading.end :][:1]
        assert not before.isalnum()
        assert not after.isalnum()


def test_read_finds_an_answer_deep_in_a_long_passage(reader: Reader) -> None:
    passage = GARDEN * 60 + " " + TOWER + " " + GARDEN * 20
    (reading,) = reader.read("When was the Eiffel Tower opened?", [passage])
    assert reading.start > len(GARDEN) * 60
    assert "1889" in passage[reading.start : reading.end]


def test_read_survives_a_question_longer_than_a_row(reader: Reader) -> None:
    question = "When was the Eiffel Tower opened? " + "Please tell me exactly. " * 200
    (reading,) = reader.read(question, [TOWER])
    assert 0 <= reading.start < reading.end <= len(TOWER)


def test_read_is_deterministic(reader: Reader) -> None:
    question, passages = "When was the Eiffel Tower opened?", [TOWER, GARDEN, TOWER[:50]]
    again = Reader(MODEL_PATH, TOKENIZER_PATH, threads=1)
    assert reader.read(question, passages) == reader.read(question, passages)
    assert again.read(question, passages) == reader.read(question, passages)


def test_a_reading_does_not_depend_on_the_other_passages(reader: Reader) -> None:
    question = "When was the Eiffel Tower opened?"
    passages = [TOWER, GARDEN, TOWER[34:], GARDEN * 3]
    together = reader.read(question, passages)
    alone = [reader.read(question, [passage])[0] for passage in passages]
    assert together == alone


def test_read_gives_the_same_with_more_threads(reader: Reader) -> None:
    question, passages = "When was the Eiffel Tower opened?", [TOWER, GARDEN, TOWER * 8]
    many = Reader(MODEL_PATH, TOKENIZER_PATH, threads=3)
    assert many.read(question, passages) == reader.read(question, passages)


def test_questions_read_at_once_do_not_disturb_each_other() -> None:
    shared = Reader(MODEL_PATH, TOKENIZER_PATH, threads=2)
    questions = ["When was the tower opened?", "How much sun do tomatoes need?"] * 4
    passages = [GARDEN, TOWER * 3, TOWER]  # the longest stands in the middle
    alone = [shared.read(question, passages) for question in questions[:2]] * 4
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(lambda each: shared.read(each, passages), questions)) == alone


def test_a_wrong_hash_is_refused_with_the_remedy(tmp_path: Path) -> None:
    shutil.copy(MODEL_PATH, tmp_path / "reader.onnx")
    (tmp_path / "reader.json").write_text(json.dumps({"sha256": "0" * 64}))
    reader = Reader(tmp_path / "reader.onnx", TOKENIZER_PATH)
    with pytest.raises(ModelUnavailableError, match=r"SHA-256 .* expected 000000000000.*none"):
        reader.read("Who?", ["He."])


def test_a_damaged_model_is_refused(tmp_path: Path) -> None:
    shutil.copytree(MODEL_FOLDER, tmp_path / "model")
    model = tmp_path / "model" / "reader.onnx"
    model.write_bytes(model.read_bytes()[:-100])
    with pytest.raises(ModelUnavailableError, match="expected"):
        Reader(model, TOKENIZER_PATH).read("Who?", ["He."])


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    model = tmp_path / "other.onnx"
    model.write_bytes(b"not an onnx file")
    with pytest.raises(ModelUnavailableError, match="onnxruntime cannot open"):
        Reader(model, TOKENIZER_PATH).read("Who?", ["He."])


def test_the_expected_hash_of_the_caller_comes_first() -> None:
    reader = Reader(MODEL_PATH, TOKENIZER_PATH, expected_sha256="f" * 64)
    with pytest.raises(ModelUnavailableError, match="expected ffffffffffff"):
        reader.read("Who?", ["He."])


def test_open_default_reader_knows_default_none_and_paths(tmp_path: Path) -> None:
    assert open_default_reader("none") is None
    assert isinstance(open_default_reader(), Reader)
    assert isinstance(open_default_reader("default"), Reader)
    shutil.copytree(MODEL_FOLDER, tmp_path / "model")
    other = open_default_reader(str(tmp_path / "model" / "reader.onnx"))
    assert other is not None
    assert other.read("When was it opened?", [TOWER])[0].end > 0


def test_open_default_reader_names_the_missing_path(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailableError, match=r"no\.onnx.*RAG_READER__MODEL"):
        open_default_reader(str(tmp_path / "no.onnx"))


def test_the_shipped_model_is_small_and_described() -> None:
    card = json.loads((MODEL_FOLDER / "reader.json").read_text())
    assert MODEL_PATH.stat().st_size <= 90_000_000
    assert card["bytes"] == MODEL_PATH.stat().st_size
    assert {"sha256", "limits", "probability", "scores"} <= card.keys()
    assert (MODEL_FOLDER / "MODEL_CARD.md").is_file()


def test_read_parts_finds_the_best_words_of_each_sentence(reader: Reader) -> None:
    ends = [TOWER.index("Paris.") + 6, TOWER.index("1889.") + 5, len(TOWER)]
    parts = list(zip([0, *ends[:-1]], ends, strict=True))
    (readings,) = reader.read_parts("When was the Eiffel Tower opened?", [TOWER], [parts])
    for (start, end), reading in zip(parts, readings, strict=True):
        assert start <= reading.start < reading.end <= end
    scores = [reading.span_score for reading in readings]
    assert scores.index(max(scores)) == 1
    (whole,) = reader.read("When was the Eiffel Tower opened?", [TOWER])
    assert whole == readings[1]


def test_a_part_without_words_gives_an_empty_reading(reader: Reader) -> None:
    ((empty, full),) = reader.read_parts("Where?", [TOWER], [[(5, 5), (0, len(TOWER))]])
    assert (empty.start, empty.end, empty.span_score) == (0, 0, NOTHING_READ_SCORE)
    assert full.span_score > NOTHING_READ_SCORE
