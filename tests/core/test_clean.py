"""Boilerplate goes, content stays: on pages of several kinds, precision as much as recall."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag.clean import kept_spans
from tests.core import pages

SEEDS = Path(__file__).parents[2] / "seeds"


def kept_lines(text: str) -> list[str]:
    return [line for span in kept_spans(text) for line in span.of(text).splitlines()]


def dropped_lines(text: str) -> list[str]:
    kept = kept_lines(text)
    return [line for line in map(str.strip, text.splitlines()) if line and line not in kept]


def test_a_recipe_keeps_ingredients_and_steps_and_loses_the_page_around_it() -> None:
    assert dropped_lines(pages.RECIPE) == [
        line for line in pages.RECIPE.splitlines() if line in (*pages.RECIPE_FURNITURE, "Pin it")
    ]


def test_minutes_are_content_to_the_last_line() -> None:
    assert dropped_lines(pages.MINUTES) == []


def test_a_readme_keeps_headings_lists_tables_links_and_code() -> None:
    badges = next(line for line in pages.README.splitlines() if line.startswith("[!["))
    front = pages.README.splitlines()[:5]
    assert [line for line in dropped_lines(pages.README) if line not in front] == [
        badges, "- [Install](#install)", "- [Usage](#usage)",
    ]  # fmt: skip


def test_a_blog_page_keeps_the_story_captions_and_byline_only() -> None:
    kept = kept_lines(pages.BLOG)
    assert [line for line in pages.BLOG_FURNITURE if line in kept] == []
    for content in pages.BLOG_CONTENT:
        assert any(line.startswith(content) for line in kept), content


@pytest.mark.parametrize(
    "line",
    [
        "Search", "# Search", "Menu of the day", "Log in to your router at 192.168.0.1.",
        "Read more slowly, she said.", "He made comments that angered the board.",
        "This cake uses cookies.", "Subscribe to the topic, then publish.", "14 Quay Street, Whitby",
        "“Never.”", "Tel. 01947 555 0100", "Home is where the ship is.", "3.", "print(x)",
        "All rights reserved to the states were listed.", "Copyright 2019 law was read.",
        "ISBN 978-3-16-148410-0", "Source: the harbour log", "See also the map", "会议在北京举行。",
        "https://tides.example.org/docs", "| Dover | 6.7 m |", "Share prices fell.", "* salt",
    ],
)  # fmt: skip
def test_a_line_of_content_between_paragraphs_stays(line: str) -> None:
    text = f"The harbour was closed on Monday because of the storm in the north.\n\n{line}\n\n"
    text += "The ferry sailed again on Tuesday, with forty passengers and one very old dog.\n"
    assert line in kept_lines(text)


@pytest.mark.parametrize(
    "line",
    [
        "ADVERTISEMENT", "Advertising", "Share this article", "Leave a comment", "Source link",
        "12 Comments", "Tags: harbour, storm", "Filed under: Weather", "political cartoon",
        "Read more: Ten storms you should see", "Sign up for our newsletter", "* * *", "———",
        "Copyright 2024 The Island Post. All rights reserved.", "We use cookies to improve this site.",
        "Home | News | Sport | Opinion", "Privacy Policy / Terms of Use / Cookie Policy",
        "This material may not be published, broadcast or rewritten.", "5 min read",
        "Related articles", "You may also like: The old pier", "Follow us on Twitter",
    ],
)  # fmt: skip
def test_a_line_of_furniture_between_paragraphs_goes(line: str) -> None:
    text = f"The harbour was closed on Monday because of the storm in the north.\n\n{line}\n\n"
    text += "The ferry sailed again on Tuesday, with forty passengers and one very old dog.\n"
    assert line not in kept_lines(text)


def test_lines_that_repeat_like_page_headers_go_and_repeated_sentences_stay() -> None:
    page = "Harbour report 2023\n\nThe tide rose by {0} metres.\n\nNobody was hurt.\n\n"
    text = "".join(page.format(number) for number in range(4))
    assert "Harbour report 2023" not in kept_lines(text)[1:]
    assert kept_lines(text).count("Nobody was hurt.") == 4


def test_a_text_of_nothing_but_boilerplate_is_kept_whole() -> None:
    assert kept_lines("ADVERTISEMENT\n\nLeave a comment") == ["ADVERTISEMENT", "Leave a comment"]


def test_empty_text_keeps_nothing() -> None:
    assert kept_spans(" \n ") == []


def test_the_seeds_lose_the_boilerplate_inside_them_and_keep_captions_and_datelines() -> None:
    texts = [path.read_text(encoding="utf-8") for path in sorted(SEEDS.glob("*.txt"))]
    dropped = [line for text in texts for line in dropped_lines(text)]
    assert {"political cartoon", "ADVERTISING", "Source link", "Article Link"} <= set(dropped)
    assert "source site-59" in dropped
    kept = "\n".join(line for text in texts for line in kept_lines(text))
    for content in ("(Kent Nishimura/Getty Images/TNS)", "BEIJING (AP)", "(Beijing) Chinese",
                    "By Antoni Slodkowski, Reuters", "2024-01-31"):  # fmt: skip
        assert content in kept
