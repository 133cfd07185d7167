"""Values that documents give for the same question: compatible or not."""

from __future__ import annotations

import pytest

from rag.answer.conflicts import Kind, compatible


@pytest.mark.parametrize(
    ("kind", "a", "b", "same"),
    [
        ("date", "Tuesday", "Wednesday", False),
        ("date", "Tuesday", "March 3", True),
        ("date", "March 3, 2021", "3 March", True),
        ("date", "March 3, 2021", "March 4, 2021", False),
        ("date", "5 p.m. on March 3", "March 3, 2021", True),
        ("date", "from March 3 to March 5", "March 5", True),
        ("date", "2021-03-04", "2021-03-05", False),
        ("date", "2021-03-04", "4 March 2021", True),
        ("date", "in the market on Monday", "May 3", True),
        ("date", "1987", "1990", False),
        ("number", "1,200", "1200 people", True),
        ("number", "900 visitors", "1,200", False),
        ("number", "seven trawlers", "eight", False),
        ("number", "seven", "7 trawlers", True),
        ("number", "$15bn", "$15 billion", True),
        ("number", "20km", "20 km", True),
        ("place", "San Francisco", "near San Francisco", True),
        ("place", "Leeds", "York", False),
        ("place", "North Korea", "South Korea", False),
    ],
)
def test_compatible_values_share_what_both_give(kind: Kind, a: str, b: str, same: bool) -> None:
    assert compatible(kind, a, b) is same
    assert compatible(kind, b, a) is same
