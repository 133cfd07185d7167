import pytest

from evals.text import contains, normalised, squad_tokens, without_markers


def test_normalised_levels_quotes_dashes_spaces_and_case():
    assert normalised("“It’s”\u00a0 a  FIRST–meeting\u200b") == '"it\'s" a first-meeting'


@pytest.mark.parametrize(
    ("text", "phrase", "expected"),
    [
        ("a deputy advisor", "deputy advis", True),
        ("He does not know.", "no", True),
        ("They know it.", "no", False),
        ("10,000 people", "10", False),
        ("in 2010.", "10", False),
        ("about 10.5 grams", "10", False),
        ("It cost 10.", "10", True),
        ("$100 was paid", "100", True),
        ("anything", "", False),
        ("“appropriate step”", '"appropriate step"', True),
    ],
)
def test_contains_begins_at_words_and_keeps_numbers_whole(text, phrase, expected):
    assert contains(text, phrase) is expected


def test_markers_are_no_part_of_the_answer():
    assert without_markers("In Bern. [1][12] Two days [3].") == "In Bern. Two days."


def test_squad_tokens_drop_articles_and_punctuation():
    assert squad_tokens("The U.S. and a talk!") == ["u", "s", "and", "talk"]
