"""Drafting questions and judging answers with a scripted model of llama-index's interface."""

from __future__ import annotations

import json
from typing import Any

import pytest
from llama_index.core.llms import CompletionResponse, CustomLLM, LLMMetadata
from toys import TEXTS

from evals.dataset import load_dataset, locate_evidence
from evals.draft import configured_llm, draft_questions, write_draft
from evals.judges import judge_results
from rag.errors import LlmError, ModelUnavailableError
from rag.types import Document

TEXT = "Ada led the talks in Bern, which lasted two days and ended with a joint statement on rain."
DOCUMENTS = [Document("a.txt", TEXT + "\n\nShort one.\n\n" + TEXT.replace("Ada", "Bo"), "0")]


class Scripted(CustomLLM):
    """Replies with the given texts in turn, the last one again and again."""

    replies: list[str]

    @property
    def metadata(self) -> LLMMetadata:
        return LLMMetadata(model_name="scripted")

    def complete(self, prompt: str, formatted: bool = False, **_: Any) -> CompletionResponse:
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        return CompletionResponse(text=reply)

    def stream_complete(self, prompt: str, formatted: bool = False, **_: Any) -> Any:
        raise NotImplementedError


def reply(quote: str) -> str:
    return "Here: " + json.dumps({"question": "Who led?", "answer": "Ada", "quote": quote})


def test_drafts_are_a_valid_dataset(tmp_path):
    drafts = draft_questions(DOCUMENTS, Scripted(replies=[reply("led the talks")]), limit=5)
    write_draft(drafts, tmp_path / "draft.jsonl")
    dataset = load_dataset(tmp_path / "draft.jsonl")
    assert len(dataset.questions) == 2  # the short paragraph is left out
    assert locate_evidence(dataset, {"a.txt": DOCUMENTS[0].text})["draft001"]


def test_proposals_that_quote_what_is_not_there_are_dropped():
    llm = Scripted(replies=[reply("Cy led the talks"), reply("Bo led the talks")])
    drafts = draft_questions(DOCUMENTS, llm, limit=5)
    assert [draft["evidence"][0][0]["quote"] for draft in drafts] == ["Bo led the talks"]


@pytest.mark.parametrize("text", ["no JSON", "{broken}", '{"question": 3}', "[]"])
def test_a_model_that_proposes_nothing_usable_is_named(text):
    with pytest.raises(LlmError, match="RAG_LLM__MODEL"):
        draft_questions(DOCUMENTS, Scripted(replies=[text]), limit=2)


def test_without_a_model_one_sentence_names_the_remedy(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RAG_LLM__MODEL", raising=False)
    with pytest.raises(ModelUnavailableError, match="Set RAG_LLM__MODEL"):
        configured_llm()


def test_judges_pass_answers_and_leave_abstentions_out():
    answered = {
        "question": {"question": "Who led?", "answers": ["Ada"]},
        "answer": {
            "text": "Ada led.",
            "abstained": False,
            "citations": [{"quote": TEXTS["a.txt"]}],
        },
    }
    declined = {"question": {"question": "Why?"}, "answer": {"text": "", "abstained": True}}
    llm = Scripted(replies=["YES", "4.5\nGood."])
    found = judge_results([answered, declined, {"id": "closed"}], llm)
    assert (found["faithfulness"].count, found["faithfulness"].total) == (1, 1)
    assert (found["correctness"].count, found["correctness"].total) == (1, 1)
