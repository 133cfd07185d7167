"""Values of different documents: compatible or in conflict; copies counted once."""

from __future__ import annotations

import pytest

from rag.answer.agree import compatible, count_independent


@pytest.mark.parametrize(
    ("kind", "a", "b", "same"),
    [
        ("when", "Tuesday", "Wednesday", False),
        ("when", "Tuesday", "March 3", True),
        ("when", "March 3, 2021", "3 March", True),
        ("when", "March 3, 2021", "March 4, 2021", False),
        ("when", "1987", "1990", False),
        ("how_many", "1,200", "1200 people", True),
        ("how_many", "900 visitors", "1,200", False),
        ("where", "San Francisco", "near San Francisco", True),
        ("where", "Leeds", "York", False),
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
