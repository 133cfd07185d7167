"""Title, outlet, author, place and date: where the text gives them, and nowhere else."""

from __future__ import annotations

import pytest

from rag.dates import parse_date, weekday_before
from rag.metadata import extract_metadata
from rag.types import DocumentMetadata
from tests.conftest import BRIDGE, FERRY, HONEY
from tests.core import pages


def test_metadata_of_an_agency_story() -> None:
    assert extract_metadata(BRIDGE, "bridge.txt") == DocumentMetadata(
        title="Old bridge reopens after repairs", outlet="Associated Press", place="Riverton"
    )


def test_metadata_of_a_labelled_date_and_of_a_byline_with_outlet() -> None:
    assert extract_metadata(FERRY, "ferry.txt").published == "2023-06-14"
    assert extract_metadata(HONEY, "honey.md") == DocumentMetadata(
        title="Honey harvest", outlet="Alder Gazette", author="Tomas Quill"
    )


def test_metadata_of_front_matter() -> None:
    assert extract_metadata(pages.README, "README.md") == DocumentMetadata(
        title="Tidepool", author="Ines Duarte", published="2023-07-09"
    )


def test_metadata_of_a_blog_page_looks_past_its_navigation() -> None:
    assert extract_metadata(pages.BLOG, "blog.txt") == DocumentMetadata(
        title="How we moved the old lighthouse lamp",
        author="Maud Ellery-Jones",
        published="2017-03-03",
    )


def test_metadata_of_a_recipe_with_date_in_the_byline() -> None:
    found = extract_metadata(pages.RECIPE, "cake.txt")
    assert (found.author, found.published) == ("Rosa Marchetti", "2021-05-03")


def test_minutes_have_no_publication_date_though_they_name_days() -> None:
    assert extract_metadata(pages.MINUTES, "m.txt").published == ""


@pytest.mark.parametrize(
    "line",
    [
        "The bridge opened on 3 May 2024.", "Deadline: 3 May 2024", "Due 2024-05-03", "May 2024",
        "03/05/2024", "Tuesday", "2024", "Born 3 May 2024", "Version 2024-05-03-beta notes",
        "3 May 2024 to 5 May 2024", "Date of birth: 3 May 2024",
    ],
)  # fmt: skip
def test_no_publication_date_where_the_text_prints_none(line: str) -> None:
    assert (
        extract_metadata(f"A title\n\n{line}\n\nSome text follows here.", "a.txt").published == ""
    )


@pytest.mark.parametrize(
    "line",
    [
        "3 May 2024", "May 3, 2024", "2024-05-03", "2024-05-03T10:15:00", "Friday, May 3, 2024",
        "Published: May 3rd, 2024", "Posted on 3 May 2024 at 10:15", "date 2024-05-03",
        "Published Fri, 03 May 2024 10:15 GMT", "By Ada Byron | May 3, 2024", "2024/05/03",
        "Updated: 4 May 2024\n\nPublished: 3 May 2024", "*Published: 3 May 2024*",
    ],
)  # fmt: skip
def test_publication_date_in_the_forms_pages_print_it(line: str) -> None:
    found = extract_metadata(f"A title\n\n{line}\n\nSome text follows here.", "a.txt").published
    assert found == "2024-05-03"


def test_title_falls_back_to_the_file_name_when_the_text_starts_with_a_sentence() -> None:
    assert extract_metadata("It rained all day.", "notes/rainy_day.txt").title == "rainy day"


@pytest.mark.parametrize(
    ("first", "title"),
    [
        ("# Tides #", "Tides"), ("**Tides**", "Tides"), ("[Tides](https://t.example.org)", "Tides"),
        ("Tides\n=====", "Tides"), ("date 2024-01-31 Two met in town", "Two met in town"),
    ],
)  # fmt: skip
def test_title_without_its_markup(first: str, title: str) -> None:
    assert extract_metadata(f"{first}\n\nSome text.", "a.md").title == title


def test_a_bracketed_remark_is_no_dateline() -> None:
    assert (
        extract_metadata("Title\n\n(See the map on page four) The road ends.", "a.txt").place == ""
    )
    assert extract_metadata("Title\n\n(Beijing) Talks resumed.", "a.txt").place == "Beijing"


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("Jan. 31, 2024", "2024-01-31"), ("31st January 2024", "2024-01-31"),
        ("Sept. 5, 2023", "2023-09-05"), ("on 2024-02-29.", "2024-02-29"),
        ("2023-02-29", ""), ("February 30, 2024", ""), ("yesterday", ""), ("last May", ""), ("", ""),
    ],
)  # fmt: skip
def test_parse_date_reads_full_days_only(text: str, iso: str) -> None:
    assert parse_date(text) == iso


def test_weekday_before_is_the_nearest_such_day_up_to_the_date() -> None:
    assert weekday_before("2024-01-31", "Tuesday") == "2024-01-30"
    assert weekday_before("2024-01-31", "wednesday") == "2024-01-31"
    assert weekday_before("2024-01-31", "Thursday") == "2024-01-25"
    assert weekday_before("", "Tuesday") == weekday_before("2024-01-31", "someday") == ""
