"""The chat page for everyone: keyboard, screen readers, small screens, hostile documents."""

from __future__ import annotations

import pytest
from articles import BEACON
from axe_core_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}


def serious_violations(page: Page) -> list[str]:
    """Rules of axe-core that are broken seriously, with the first place of each."""
    found = Axe().run(page)["violations"]
    return [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in found
            if each["impact"] in ("serious", "critical")]  # fmt: skip


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(visit, scheme):
    seen = visit(color_scheme=scheme, bypass_csp=True)
    assert serious_violations(seen.page) == []
    seen.ask("When does the ferry to Gull Island leave?")
    seen.turn.locator(".fn-chip").first.click()
    seen.ask("What is the boiling point of tungsten?")
    assert serious_violations(seen.page) == []
    seen.page.get_by_role("button", name="Toggle Sidebar").click()
    seen.page.wait_for_timeout(500)
    assert serious_violations(seen.page) == []


def test_narrow_screen_needs_no_sideways_scrolling_and_brings_the_source_into_view(visit):
    seen = visit(**PHONE)
    seen.ask("When does the ferry to Gull Island leave?")
    width = seen.page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390
    seen.turn.locator(".fn-chip").first.tap()
    card = seen.sources.locator(".fn-source.is-selected")
    expect(card.locator("mark")).to_be_in_viewport()
    card.get_by_text("Back to the answer").tap()
    expect(seen.turn.locator("h2")).to_be_in_viewport()


def tab_to(page: Page, selector: str, *, most: int = 40) -> None:
    """Press Tab until the focus is on `selector`."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("s => document.activeElement?.matches(s)", selector):
            return
    raise AssertionError(f"Tab never reached {selector}")


def test_everything_is_done_with_the_keyboard_alone(visit):
    seen = visit()
    expect(seen.page.get_by_role("textbox", name="Ask a question")).to_be_focused()
    seen.page.keyboard.type("When does the ferry to Gull Island leave?")
    seen.page.keyboard.press("Enter")
    seen.turn.wait_for()
    seen.page.evaluate("document.activeElement.blur(), document.querySelector('#past').focus()")
    tab_to(seen.page, ".fn-chip")
    seen.page.keyboard.press("Enter")
    expect(seen.sources.locator(".fn-source.is-selected")).to_be_focused()
    tab_to(seen.page, "a.fn-open")
    seen.page.keyboard.press("Enter")
    expect(seen.sources.locator("#cited")).to_be_focused()
    seen.page.keyboard.press("Escape")
    expect(seen.sources.locator(".fn-article")).to_have_count(0)


def test_markup_in_a_document_is_shown_and_never_runs(visit):
    seen = visit()
    seen.ask("Who is the lighthouse keeper that retired in March?")
    expect(seen.turn).to_contain_text("<img src=")
    expect(seen.sources).to_contain_text("![pixel](")
    seen.sources.locator("a.fn-open:visible").first.click()
    article = seen.sources.locator(".fn-article")
    expect(article).to_contain_text("<script>window.hacked = 1</script>")
    seen.page.wait_for_timeout(500)
    assert seen.page.evaluate("window.hacked") is None
    live = "img, iframe, script, form, svg, a[href*=beacon]"
    assert seen.page.locator("#past, #sources").locator(live).count() == 0
    assert not [url for url in seen.requests if url.startswith(BEACON)]


def test_markup_in_a_question_is_shown_and_never_runs(visit):
    seen = visit()
    seen.ask("<img src=x onerror=window.hacked=1> **who** is Signe Holm? [a](javascript:1) $$x$$")
    expect(seen.turn.locator("h2")).to_contain_text("<img src=x onerror=window.hacked=1> **who**")
    assert seen.page.evaluate("window.hacked") is None
