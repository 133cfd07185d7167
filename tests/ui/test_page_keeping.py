"""The chat page in Chromium: copying, saving, voting, adding files."""

from __future__ import annotations

import json
from pathlib import Path

from playwright.sync_api import expect

FERRY_QUESTION = "When does the ferry to Gull Island leave?"


def test_copy_puts_the_answer_with_its_citations_on_the_clipboard(visit):
    seen = visit(permissions=["clipboard-read", "clipboard-write"])
    seen.ask(FERRY_QUESTION)
    seen.page.get_by_role("button", name="Copy").click()
    expect(seen.page.locator("#copy")).to_have_text("Copied")
    copied = seen.page.evaluate("navigator.clipboard.readText()")
    assert "[^1]" in copied
    assert "`ferry.txt`" in copied


def test_conversation_is_saved_as_markdown_and_as_json(visit):
    seen = visit()
    seen.ask(FERRY_QUESTION)
    with seen.page.expect_download() as markdown:
        seen.page.get_by_text("Save as Markdown").click()
    assert FERRY_QUESTION in Path(markdown.value.path()).read_text(encoding="utf-8")
    with seen.page.expect_download() as data:
        seen.page.get_by_text("Save as JSON").click()
    saved = json.loads(Path(data.value.path()).read_text(encoding="utf-8"))
    assert saved["turns"][0]["answer"]["citations"][0]["document"] == "ferry.txt"


def test_vote_and_note_are_kept_as_a_dataset_record(visit, served_settings):
    seen = visit()
    seen.ask(FERRY_QUESTION)
    seen.page.get_by_role("button", name="Helpful").click()
    expect(seen.page.locator("#thanks")).to_contain_text("Kept as helpful")
    seen.page.get_by_label("Note on this answer").fill("quick and right")
    seen.page.get_by_role("button", name="Add note").click()
    expect(seen.page.locator("#thanks")).to_contain_text("your note is kept")
    lines = served_settings.server.feedback.read_text(encoding="utf-8").splitlines()
    vote = json.loads(lines[-1])
    assert vote["question"] == FERRY_QUESTION
    assert vote["answerable"] is True
    assert vote["evidence"][0][0]["document"] == "ferry.txt"
    assert vote["notes"].startswith("quick and right")


def test_added_file_is_searched_and_can_be_removed(visit, tmp_path, folder):
    note = tmp_path / "observatory.txt"
    note.write_text("Observatory\n\nThe observatory on Mount Sorrel opens on 3 October.\n")
    picture = tmp_path / "picture.txt"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n")
    seen = visit()
    seen.page.get_by_role("button", name="Toggle Sidebar").click()
    seen.page.locator("#upload input[type=file]").set_input_files([note, picture])
    report = seen.page.locator("#report")
    expect(report).to_contain_text("observatory.txt was added.")
    expect(report).to_contain_text("picture.txt was not added: it is not a text file")
    seen.page.get_by_role("button", name="Toggle Sidebar").click()
    seen.ask("When does the observatory on Mount Sorrel open?")
    expect(seen.turn).to_contain_text("3 October")
    assert not (folder / "observatory.txt").exists()
    seen.sources.locator("a.fn-open:visible").first.click()
    expect(seen.sources.locator("#cited")).to_contain_text("3 October")
    seen.page.get_by_role("button", name="Toggle Sidebar").click()
    seen.page.get_by_label("Added files", exact=True).last.click()
    seen.page.get_by_role("option", name="observatory.txt").click()
    seen.page.get_by_role("button", name="Remove", exact=True).click()
    expect(report).to_contain_text("was removed")


def test_reindex_reports_what_changed(visit, folder):
    seen = visit()
    seen.page.get_by_role("button", name="Toggle Sidebar").click()
    seen.page.get_by_role("button", name="Look for changed files").click()
    expect(seen.page.locator("#report")).to_contain_text("0 added, 0 changed, 0 removed.")
