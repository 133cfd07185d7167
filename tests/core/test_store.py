"""An open store: documents by path, and what it says of itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from rag.errors import CorpusError
from rag.pipeline import Pipeline
from rag.settings import RagSettings
from rag.store import BEING_WRITTEN
from rag.types import Filters
from tests.conftest import HashingEncoder
from tests.core.test_writers import HOLDER


@pytest.fixture
def pipeline(corpus: Path, settings: RagSettings, encoder: HashingEncoder) -> Pipeline:
    return Pipeline.open(corpus, settings, encoder=encoder)


@pytest.mark.parametrize(
    "path",
    ["", "none.txt", "../corpus/ferry.txt", "ferry.txt\0", "x\x00", "\ud800", "a\nb", "%s", "'"],
)
def test_path_that_is_no_document_is_one_sentence(path: str, pipeline: Pipeline) -> None:
    with pytest.raises(CorpusError, match=r"^No document .*\. See: rag status$") as caught:
        pipeline.document(path)
    assert str(caught.value).isprintable()
    assert pipeline.search("ferry", filters=Filters(documents=(path,))) == []


def test_document_is_found_by_its_path(pipeline: Pipeline) -> None:
    assert pipeline.document("notes/honey.md").metadata.title == "Honey harvest"


def test_question_while_another_process_writes_is_answered_from_before(pipeline: Pipeline) -> None:
    place = pipeline.store.folder
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(place)], stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"locked\n"
        (pipeline.corpus / "walrus.txt").write_text("The walrus Olaf weighs two tons.")
        answer = pipeline.ask("When does the ferry to Gull Island leave Riverton?")
        assert answer.citations[0].document == "ferry.txt"
        assert BEING_WRITTEN in answer.metadata.notices
        holder.kill()
    answer = pipeline.ask("How much does the walrus Olaf weigh?")
    assert answer.citations[0].document == "walrus.txt"
    assert BEING_WRITTEN not in answer.metadata.notices
