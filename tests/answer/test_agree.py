"""Values of different documents: compatible or in conflict; copies counted once."""

from __future__ import annotations

import pytest

from rag.answer.agree import count_independent
from rag.answer.conflicts import compatible


@pytest.mark.parametrize(
    ("kind", "a", "b", "same"),
    [
        ("date", "Tuesday", "Wednesday", False),
        ("date", "Tuesday", "March 3", True),
        ("date", "March 3, 2021", "3 March", True),
        ("date", "March 3, 2021", "March 4, 2021", False),
        ("date", "1987", "1990", False),
        ("number", "1,200", "1200 people", True),
        ("number", "900 visitors", "1,200", False),
        ("number", "seven trawlers", "eight", False),
        ("number", "seven", "7 trawlers", True),
        ("place", "San Francisco", "near San Francisco", True),
        ("place", "Leeds", "York", False),
        ("name", "Ada Byron", "Mayor Byron", True),
        ("name", "Ada Byron", "John Hale", False),
    ],
)
def test_compatible_values_share_what_both_give(kind: str, a: str, b: str, same: bool) -> None:
    assert compatible(kind, a, b) is same


def test_the_same_quotation_in_two_reports_is_one_source() -> None:
    reports = [
        "“We are ready to open the mill to everyone at last,” Byron said on Monday.",
        "Speaking in Leeds, Byron declared: “We are ready to open the mill to everyone at last.”",
        "The mill drew nine hundred visitors on its first day.",
    ]
    assert count_independent(reports) == 2
