"""Witnesses: copies of one text count once."""

from __future__ import annotations

from rag.answer.agree import count_independent


def test_the_same_quotation_in_two_reports_is_one_source() -> None:
    reports = [
        "“We are ready to open the mill to everyone at last,” Byron said on Monday.",
        "Speaking in Leeds, Byron declared: “We are ready to open the mill to everyone at last.”",
        "The mill drew nine hundred visitors on its first day.",
    ]
    assert count_independent(reports) == 2
