"""Forms of answers found in text: each a span, outside what the question itself says."""

from __future__ import annotations

import pytest

from rag.answer.forms import FORMS, has_form, persons, quantities


@pytest.mark.parametrize(
    ("text", "dates"),
    [
        ("It opened on March 3, 1921 and closed in 1950.", ["March 3, 1921", "1950"]),
        ("They met on Tuesday.", ["Tuesday"]),
        ("The 12 March 2024 minutes", ["12 March 2024"]),
        ("It weighs 40 tonnes.", []),
    ],
)
def test_dates_are_found_as_written(text: str, dates: list[str]) -> None:
    assert [span.of(text) for span in FORMS["when"](text)] == dates


def test_a_number_inside_a_date_is_no_quantity() -> None:
    text = "On March 3, 1921 the crew sold 1,200 tickets at $4.50."
    assert [span.of(text) for span in quantities(text)] == ["1,200", "$4.50"]


def test_persons_are_names_of_two_words_or_titled_or_speaking() -> None:
    text = "Ada Byron met Mr. Lovelace; Babbage said little in Leeds."
    assert {span.of(text) for span in persons(text)} == {"Ada Byron", "Lovelace", "Babbage"}


def test_a_form_that_the_question_gives_does_not_count() -> None:
    assert not has_form("when", "It closed in 1950.", unlike="Who ran it in 1950?")
    assert has_form("when", "It closed in 1950.", unlike="When did it close?")


def test_a_question_for_a_year_wants_four_digits() -> None:
    assert not has_form("when", "It closed on Tuesday.", unlike="In what year did it close?")


def test_a_question_for_a_name_wants_a_name() -> None:
    question = "What was the name of the ship?"
    assert has_form("what", "He sailed on the Beagle for years.", unlike=question)
    assert not has_form("what", "The ship sank near the coast.", unlike=question)
