"""The streaming parser: marks in their usual forms, the same however the stream is cut."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.answer.markers import CitedSentence, MarkerParser

STREAM = (
    "<think>Which one? Perhaps [2].</think>**Ilsa Korda** met Mr. Reyl on Jan. 5 in the U.S. [1]. "
    "He said “it is so.” [2, 3] It grew by 3.5 %【1†source】. It cost (2024) crowns (2).\n"
    "1. First item [^1][9]\n- Second item [passage 2]\n\nThird one. [1-3] Then [[2]] the end [1"
)


def parse(pieces: list[str], *, complete: bool = True) -> list[CitedSentence]:
    parser = MarkerParser(passages=5)
    found = [sentence for piece in pieces for sentence in parser.feed(piece)]
    return found + parser.finish(complete=complete)[0]


@pytest.mark.parametrize(
    ("mark", "cited"),
    [
        ("[1]", (1,)), ("[1,2]", (1, 2)), ("[1][3]", (1, 3)), ("[1] [2]", (1, 2)),
        ("[1-3]", (1, 2, 3)), ("【2】", (2,)), ("【2†a.txt】", (2,)), ("(1)", (1,)),
        ("(1, 2)", (1, 2)), ("[^4]", (4,)), ("[[2]]", (2,)), ("[Passage 3]", (3,)),
        ("[passages 1 and 2]", (1, 2)), ("［5］", (5,)), ("[source 2; 3]", (2, 3)),
    ],
)  # fmt: skip
def test_marks_are_understood_before_and_after_the_full_stop(mark, cited):
    expected = [CitedSentence("The port opened.", cited), CitedSentence("It is large.", ())]
    assert parse([f"The port opened {mark}. It is large."]) == expected
    assert parse([f"The port opened. {mark} It is large."]) == expected


def test_unknown_numbers_are_left_out_and_noted():
    assert parse(["The port opened [7]."]) == [CitedSentence("The port opened.", (), True)]
    assert parse(["The port opened [1, 7]."]) == [CitedSentence("The port opened.", (1,), True)]


def test_a_number_in_brackets_that_is_no_passage_stays_text():
    assert parse(["The mayor (61) spoke [1]."]) == [CitedSentence("The mayor (61) spoke.", (1,))]


def test_sentences_are_not_split_at_abbreviations_or_decimals():
    found = parse([STREAM])
    assert found[0] == CitedSentence("Ilsa Korda met Mr. Reyl on Jan. 5 in the U.S.", (1,))
    assert found[2].text == "It grew by 3.5 %."


def test_character_by_character_gives_the_same():
    assert parse(list(STREAM)) == parse([STREAM])


@given(st.lists(st.integers(0, len(STREAM)), max_size=12))
def test_the_cut_of_the_stream_does_not_matter(cuts):
    edges = [0, *sorted(cuts), len(STREAM)]
    pieces = [STREAM[a:b] for a, b in pairwise(edges)]
    assert parse(pieces) == parse([STREAM])


@given(st.text(alphabet="aB1 .,![]()【】^\n*“”¦", max_size=80), st.integers(1, 7))
def test_any_text_gives_the_same_in_pieces(text, size):
    pieces = [text[start : start + size] for start in range(0, len(text), size)]
    assert parse(pieces) == parse([text])


def test_a_stream_that_broke_off_gives_no_unfinished_sentence():
    parser = MarkerParser(passages=2)
    assert parser.feed("It opened [1]. It handles 240") == [CitedSentence("It opened.", (1,))]
    assert parser.finish(complete=False) == ([], True)


def test_a_finished_answer_may_lack_its_last_full_stop():
    assert parse(["It opened [1]. It is large [2]"])[-1] == CitedSentence("It is large", (2,))


def test_a_label_before_the_answer_is_dropped():
    parser = MarkerParser(1)
    found = [*parser.feed("Answer: It opened in May [1]. "), *parser.finish(complete=True)[0]]
    assert [sentence.text for sentence in found] == ["It opened in May."]
