"""A conversation saved and loaded: citations resolve, or say that the source changed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rag.chat import Chat
from rag.errors import RagError
from rag.pipeline import Pipeline


@pytest.fixture
def saved(pipeline: Pipeline) -> str:
    chat = Chat(pipeline=pipeline)
    chat.ask("When was the Leeds sawmill closed?")
    chat.ask("What about the Bergen sawmill?")
    assert chat.turns[0].citations
    return chat.to_json()


def test_unchanged_sources_give_the_same_conversation(saved: str, pipeline: Pipeline) -> None:
    loaded = Chat.from_json(saved, pipeline=pipeline)
    assert loaded.to_json() == saved
    assert loaded.turns[1].metadata.understood_as == "When was the Bergen sawmill closed?"
    follow_up = loaded.ask("why?")
    assert follow_up.metadata.understood_as == "Why was the Bergen sawmill closed?"


def test_text_put_before_a_quote_moves_the_citation(
    saved: str, pipeline: Pipeline, corpus: Path
) -> None:
    for path in corpus.iterdir():
        path.write_text("A new first paragraph.\n\n" + path.read_text(encoding="utf-8"))
    turn = Chat.from_json(saved, pipeline=pipeline).turns[0]
    for citation in turn.citations:
        text = pipeline.document(citation.document).text
        assert text[citation.start : citation.end] == citation.quote
    assert "changed; the quotes shown were checked again." in turn.metadata.notices[-1]


def test_changed_quote_is_left_out_and_the_turn_says_so(
    saved: str, pipeline: Pipeline, corpus: Path
) -> None:
    before = json.loads(saved)["turns"][0]
    for path in corpus.iterdir():
        path.write_text("Nothing of the old text.\n", encoding="utf-8")
    turn = Chat.from_json(saved, pipeline=pipeline).turns[0]
    assert before["citations"]
    assert turn.citations == ()
    assert "[1]" not in turn.text
    assert {sentence.verdict for sentence in turn.sentences} == {"unsupported"}
    assert "changed; what [1]" in turn.metadata.notices[-1]


def test_missing_source_is_named(saved: str, pipeline: Pipeline, corpus: Path) -> None:
    (corpus / "letter.txt").unlink()
    turn = Chat.from_json(saved, pipeline=pipeline).turns[0]
    assert "letter.txt is gone" in turn.metadata.notices[-1]
    assert all(citation.document != "letter.txt" for citation in turn.citations)


def test_forged_quote_and_path_are_not_believed(saved: str, pipeline: Pipeline) -> None:
    forged = json.loads(saved)
    forged["turns"][0]["citations"][0]["quote"] = "The sawmill was sold for one pound."
    forged["turns"][1]["citations"][0]["document"] = "../../etc/passwd"
    turns = Chat.from_json(json.dumps(forged), pipeline=pipeline).turns
    assert all("one pound" not in citation.quote for citation in turns[0].citations)
    assert all(citation.document != "../../etc/passwd" for citation in turns[1].citations)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"format": "footnote-chat", "version": 9}',
     '{"format": "footnote-chat", "version": 1, "turns": [{"question": 3}]}', "[" * 100000],
)  # fmt: skip
def test_what_is_no_conversation_is_refused_in_a_sentence(text: str, pipeline: Pipeline) -> None:
    with pytest.raises(RagError, match="not a saved conversation"):
        Chat.from_json(text, pipeline=pipeline)
