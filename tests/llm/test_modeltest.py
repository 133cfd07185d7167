"""The button that tries the chosen model."""

from __future__ import annotations

import pytest

from tests.llm import server as play
from tests.llm.helpers import settings_for
from ui.modeltest import try_model


def test_a_model_that_answers_is_named_with_its_words_and_time():
    with play.serving(play.replies("ready")) as server:
        said = try_model(settings_for(server).llm)
    assert said.startswith("openai-like:test answered “ready” in ")


def test_without_a_model_it_says_what_is_done_instead():
    with play.serving(play.replies("ready")) as server:
        assert "quoted" in try_model(settings_for(server, model="none").llm)
        assert not server.requests


@pytest.mark.parametrize(
    ("part", "reason"),
    [
        (play.status(401, '{"error": "bad key sk-secret-12345678"}'), "refused the key (401)"),
        (play.body("<html>sign in</html>", "text/html"), "no valid JSON"),
        (play.stalls(), "deadline"),
    ],
)
def test_a_failure_is_one_sentence_without_the_key(part, reason):
    with play.serving(part) as server:
        said = try_model(settings_for(server).llm)
    assert said.startswith("openai-like:test did not answer: ")
    assert reason in said
    assert "sk-secret" not in said
    assert "\n" not in said


def test_a_missing_package_names_its_install_command():
    with play.serving(play.replies("ready")) as server:
        said = try_model(settings_for(server, model="anthropic:claude").llm)
    assert 'pip install "footnote-rag[anthropic]"' in said


def test_the_button_s_handler_tries_the_model_of_the_settings(corpus, tmp_path):
    from rag.pipeline import Pipeline
    from ui.library import Library
    from ui.sidebar import SidebarHandlers
    from ui.workspace import Workspace

    with play.serving(play.replies("ready")) as server:
        settings = settings_for(server).override(
            storage={"path": tmp_path / "store"}, embedding={"model": "none"}
        )
        pipeline = Pipeline.open(corpus, settings)
        workspace = Workspace(pipeline, settings)
        handlers = SidebarHandlers(workspace, Library(workspace))
        assert "openai-like:test answered" in handlers.test_model("openai-like:test")
        assert "quoted from the articles" in handlers.test_model("none")
        pipeline.close()
