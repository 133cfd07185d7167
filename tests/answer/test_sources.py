"""Outlets named in a question."""

from __future__ import annotations

import pytest

from rag.answer.sources import named_outlet

OUTLETS = ("Harbour Gazette", "Northern Press", "Meridian", "Isle Times")


@pytest.mark.parametrize(
    ("question", "outlet"),
    [
        ("According to the Harbour Gazette, who paid?", "Harbour Gazette"),
        ("what does northern press say about the fire", "Northern Press"),
        ("Who is quoted in the Meridian article?", "Meridian"),
        ("In the report by Northern Press, how many were hurt?", "Northern Press"),
        ("Which figure does the NP give?", "Northern Press"),
        ("Where does it say so, and what does np mean?", ""),
        ("Who owns the Harbour Gazette?", ""),
        ("Did the minister speak to Meridian?", ""),
        ("According to the Daily Planet, who paid?", ""),
        ("Does Meridian say the same as Northern Press reports?", ""),
    ],
)
def test_only_an_outlet_that_is_asked_restricts(question: str, outlet: str) -> None:
    assert named_outlet(question, OUTLETS) == outlet
