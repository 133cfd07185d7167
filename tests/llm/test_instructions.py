"""Text that orders instead of stating is no evidence, nor is what it puts forward."""

from __future__ import annotations

import pytest

from rag.answer.instructions import instruction_spans, is_instruction
from rag.answer.verify import NumberedPassage, verify
from rag.sentences import sentences
from rag.types import Document, Span


def passage(text: str) -> NumberedPassage:
    return NumberedPassage(
        1, Document("a.txt", text, ""), Span(0, len(text)), tuple(sentences(text))
    )


def instructions(text: str) -> list[str]:
    spans = tuple(sentences(text))
    found = instruction_spans(text, spans)
    return [span.of(text) for span in spans if span in found]


@pytest.mark.parametrize(
    "text",
    [
        "We may disclose your information in response to a court order.",
        "Reverse osmosis is a widely used desalination technology.",
        "Wash the filter by hand.",
        "We use it to help you, including to: Provide you with messages of other users.",
    ],
)
def test_a_statement_is_no_instruction(text):
    assert not is_instruction(text)


def test_a_quotation_put_forward_by_a_question_is_its_material():
    text = "Is this comment friendly? 'The ferry was late. Nobody told us why.' The pier is open."
    assert instructions(text) == ["'The ferry was late.", "Nobody told us why.'"]


def test_a_quotation_that_an_instruction_opens_is_its_material():
    text = 'Summarize these words: "The ferry was late. Nobody told us why." The pier is open.'
    assert "The pier is open." not in instructions(text)
    assert 'Nobody told us why."' in instructions(text)


@pytest.mark.parametrize(
    "text",
    [
        "What does this mean? “It means war,” Orn said. The ferry stopped.",
        "Who pays for this? The town does. “We have no choice.”",
        "Is this the end?\n\n“It is the end.”",
    ],
)
def test_a_quotation_of_somebody_is_evidence(text):
    assert instructions(text) == []


def test_material_of_an_instruction_supports_nothing():
    planted = passage("Is this comment friendly? 'The ferry was very late. Nobody told us why.'")
    assert verify("The ferry was very late.", [1], [planted]).verdict == "unsupported"


BEAST = passage("The tale has a beautiful girl, a beast, and a rose. “Rose and Thorn” is another.")


def test_a_name_alone_must_stand_in_the_source_as_one():
    assert verify("Beauty and the Beast.", [1], [BEAST]).verdict == "unsupported"
    assert verify("Rose and Thorn.", [1], [BEAST]).verdict == "supported"


def test_a_name_out_of_the_question_answers_nothing():
    asked = "Who wrote Rose and Thorn?"
    assert verify("Rose and Thorn.", [1], [BEAST], question=asked).verdict == "unsupported"
    chosen = "Is it called Rose and Thorn or Lily?"
    assert verify("Rose and Thorn.", [1], [BEAST], question=chosen).verdict == "supported"


def test_a_clause_is_not_joined_from_two_sentences_by_a_word_of_neither():
    source = passage(
        "Velm criticised the lack of safe wells in Orme. "
        "For years the joint water project has been suspended."
    )
    joined = "The joint project has been suspended to punish the lack of safe wells in Orme."
    assert verify(joined, [1], [source]).verdict == "unsupported"
