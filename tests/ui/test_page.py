"""The chat page in Chromium: asking, reading, checking the source."""

from __future__ import annotations

import re

from playwright.sync_api import expect


def test_answer_is_shown_with_its_sources_beside_it(visit):
    seen = visit()
    seen.ask("When does the ferry to Gull Island leave?")
    expect(seen.turn).to_contain_text("9:15 every morning")
    card = seen.sources.locator(".fn-source:visible").first
    expect(card).to_contain_text("14 June 2023")
    expect(card.locator("mark")).to_contain_text("leaves Riverton at 9:15")


def test_example_question_is_answered_when_pressed(visit):
    seen = visit()
    example = seen.page.locator("button.fn-example").first
    question = example.inner_text()
    example.click()
    expect(seen.turn.locator("h2")).to_have_text(question)
    expect(seen.page.locator("#welcome")).to_be_hidden()


def test_chip_selects_its_source(visit):
    seen = visit()
    seen.ask("What did the repairs of the stone bridge cost?")
    chip = seen.turn.locator(".fn-chip").last
    chip.click()
    number = chip.get_attribute("value")
    selected = seen.sources.locator(".fn-source.is-selected")
    expect(selected).to_have_count(1)
    expect(selected.locator(".fn-num")).to_have_text(number)
    expect(chip).to_have_attribute("aria-pressed", "true")


def test_chip_of_an_earlier_answer_brings_back_its_sources(visit):
    seen = visit()
    seen.ask("When does the ferry to Gull Island leave?")
    seen.ask("What did the repairs of the stone bridge cost?")
    shown = seen.sources.locator(".fn-group:visible")
    expect(shown).to_contain_text("million pounds")
    seen.page.locator("#past .fn-turn").first.locator(".fn-chip").first.click()
    expect(shown).to_contain_text("9:15")
    expect(shown).not_to_contain_text("million pounds")


def test_open_article_shows_the_whole_text_at_the_span_with_boilerplate_greyed(visit):
    seen = visit(viewport={"width": 1280, "height": 420})
    seen.ask("What did Mayor Helena Brandt say of the detour?")
    link = seen.sources.locator(".fn-source", has_text="Associated Press").locator("a.fn-open")
    link.first.click()
    article = seen.sources.locator(".fn-article")
    expect(article).to_contain_text("Nobody missed the detour")
    expect(article.locator("#cited")).to_be_in_viewport()
    expect(article.locator(".fn-boiler", has_text="ADVERTISEMENT")).to_be_visible()
    seen.page.keyboard.press("Escape")
    expect(article).to_have_count(0)
    expect(link.first).to_be_focused()


def test_refusal_looks_different_and_shows_the_nearest_passages(visit):
    seen = visit()
    seen.ask("What is the boiling point of tungsten?")
    expect(seen.turn).to_have_class(re.compile("fn-declined"))
    expect(seen.turn).to_contain_text("Not in these documents")
    expect(seen.turn.locator(".fn-passages li").first).to_be_visible()
    expect(seen.sources).to_contain_text("Nothing is cited")


def test_conflict_is_shown_side_by_side(visit):
    seen = visit()
    seen.ask("How much did the repairs cost?")
    panel = seen.turn.locator(".fn-conflict")
    expect(panel).to_contain_text("The articles disagree")
    expect(panel).to_contain_text("4.2 million")
    expect(panel).to_contain_text("4.8 million")


def test_follow_up_says_how_it_was_understood(visit):
    seen = visit()
    seen.ask("Who is Helena Brandt?")
    seen.ask("What did she say?")
    expect(seen.turn.locator(".fn-understood")).to_contain_text("Understood as: What did")


def test_stop_ends_an_answer_and_keeps_what_was_written(visit):
    seen = visit()
    question = "slowly: what does a ferry return ticket cost?"
    seen.page.get_by_role("textbox", name="Ask a question").fill(question)
    seen.page.keyboard.press("Enter")
    expect(seen.page.locator("#live .fn-s")).to_be_visible()
    seen.page.get_by_role("button", name="Stop", exact=True).click()
    expect(seen.turn).to_contain_text("Stopped.")
    expect(seen.page.get_by_role("button", name="Ask", exact=True)).to_be_visible()


def test_filter_by_document_keeps_the_answer_from_elsewhere(visit):
    seen = visit()
    seen.page.get_by_role("button", name="Toggle Sidebar").click()
    for label in ("Ferry timetable", "Council counts"):
        seen.page.locator("#documents label", has_text=label).locator("input").uncheck()
    seen.page.get_by_role("button", name="Toggle Sidebar").click()
    seen.ask("When does the ferry to Gull Island leave?")
    expect(seen.page.locator("#past")).not_to_contain_text("9:15")


def test_date_range_leaves_out_undated_documents(visit):
    seen = visit()
    seen.page.get_by_role("button", name="Toggle Sidebar").click()
    seen.page.get_by_label("Published from").fill("2023-06-18")
    seen.page.get_by_role("button", name="Toggle Sidebar").click()
    seen.ask("What did the repairs of the stone bridge cost?")
    expect(seen.turn).to_contain_text("4.8 million")
    expect(seen.sources).not_to_contain_text("Associated Press")


def test_two_sessions_do_not_see_each_other_and_reload_keeps_the_conversation(visit):
    one, two = visit(), visit()
    one.ask("When does the ferry to Gull Island leave?")
    two.open()
    expect(two.page.locator("#past .fn-turn")).to_have_count(0)
    one.open()
    expect(one.turn).to_contain_text("9:15")
    one.page.get_by_role("button", name="New chat").click()
    expect(one.page.locator("#welcome")).to_be_visible()
    expect(one.page.locator("#past .fn-turn")).to_have_count(0)


def test_ask_again_replaces_the_answer(visit):
    seen = visit()
    seen.ask("When does the ferry to Gull Island leave?")
    seen.page.get_by_role("button", name="Ask again").click()
    expect(seen.page.locator("#turn-2")).to_contain_text("9:15")
    expect(seen.page.locator("#past .fn-turn")).to_have_count(1)


def test_empty_question_asks_nothing(visit):
    seen = visit()
    seen.page.get_by_role("textbox", name="Ask a question").fill("   ")
    seen.page.keyboard.press("Enter")
    seen.page.wait_for_timeout(500)
    expect(seen.page.locator("#past .fn-turn")).to_have_count(0)
