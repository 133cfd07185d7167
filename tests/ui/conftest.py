"""One corpus, one pipeline with the real embedder, one server and one browser for these tests."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from articles import write_articles
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from serving import serving

from rag.pipeline import Pipeline
from rag.settings import RagSettings
from rag.types import Event, Filters
from ui.server import create_app

CHROMIUM = "/usr/bin/chromium"


class UnhurriedPipeline(Pipeline):
    """The real pipeline, which takes its time over questions that ask it to."""

    def stream(self, question: str, *, filters: Filters = Filters()) -> Iterator[Event]:
        for event in super().stream(question, filters=filters):
            if "slowly" in question and event.kind == "token":
                for word in event.text.split():
                    yield Event("token", text=f"{word} ")
                    time.sleep(0.4)
            else:
                yield event


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The corpus folder."""
    return write_articles(tmp_path_factory.mktemp("ui") / "articles")


@pytest.fixture(scope="session")
def served_settings(tmp_path_factory: pytest.TempPathFactory) -> RagSettings:
    """Uploads on, nothing kept outside the temporary folder."""
    place = tmp_path_factory.mktemp("served")
    return RagSettings().override(
        storage={"path": place / "store"},
        server={
            "uploads": True,
            "max_upload_mb": 1,
            "requests_per_minute": 10_000,
            "feedback": place / "feedback" / "votes.jsonl",
        },
    )


@pytest.fixture(scope="session")
def pipeline(folder: Path, served_settings: RagSettings) -> Iterator[Pipeline]:
    """The pipeline behind the server."""
    opened = UnhurriedPipeline.open(folder, served_settings)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def address(pipeline: Pipeline, served_settings: RagSettings) -> Iterator[str]:
    """Where the server is."""
    with serving(create_app(pipeline, served_settings)) as where:
        yield where


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium; without it these tests fail and say how to install it."""
    if not Path(CHROMIUM).exists():
        pytest.fail(f"No Chromium at {CHROMIUM}. Install it with: apt-get install -y chromium")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield launched
        launched.close()


class Visit:
    """A page in a browser session of its own, with what it asked the network for."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.context = context
        self.address = address
        self.requests: list[str] = []
        self.errors: list[str] = []
        context.on("request", lambda request: self.requests.append(request.url))
        context.set_default_timeout(15_000)
        self.page: Page = context.new_page()
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.open()

    def open(self) -> None:
        """Load the page and wait until it can be used."""
        self.page.goto(self.address)
        self.page.get_by_role("textbox", name="Ask a question").wait_for()
        self.page.locator("#sources[role=region]").wait_for()
        self.page.wait_for_timeout(300)

    def ask(self, question: str) -> None:
        """Ask and wait for the whole answer."""
        before = self.page.locator("#past .fn-turn").count()
        self.page.get_by_role("textbox", name="Ask a question").fill(question)
        self.page.keyboard.press("Enter")
        self.page.locator("#past .fn-turn").nth(before).wait_for()

    @property
    def turn(self):  # type: ignore[no-untyped-def]
        """The newest turn."""
        return self.page.locator("#past .fn-turn").last

    @property
    def sources(self):  # type: ignore[no-untyped-def]
        """The Sources panel."""
        return self.page.get_by_role("region", name="Sources")

    def foreign_requests(self) -> list[str]:
        """Requests that would leave the machine."""
        kept = ("blob", "data", "about")
        urls = (urlsplit(url) for url in self.requests)
        return [url.geturl() for url in urls if url.scheme not in kept
                and url.hostname != "127.0.0.1"]  # fmt: skip


@pytest.fixture
def visit(browser: Browser, address: str) -> Iterator[Callable[..., Visit]]:
    """Opens the page in a new session; afterwards no request may have left the machine."""
    visits: list[Visit] = []

    def begin(**options: object) -> Visit:
        size = {"viewport": {"width": 1280, "height": 860}}
        visits.append(Visit(browser.new_context(**(size | options)), address))  # type: ignore[arg-type]
        return visits[-1]

    yield begin
    for each in visits:
        foreign, errors = each.foreign_requests(), each.errors
        each.context.close()
        assert foreign == []
        assert errors == []
