"""Settings: where they come from, which wins, and what is refused with which sentence."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rag.errors import SettingsError
from rag.settings import RagSettings, load_settings


@pytest.fixture(autouse=True)
def clean_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for variable in [name for name in os.environ if name.startswith("RAG_")]:
        monkeypatch.delenv(variable)


def test_defaults_without_file_or_environment() -> None:
    assert load_settings() == RagSettings()


def test_environment_wins_over_file_and_file_over_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("rag.toml").write_text("[retrieval]\ntop_k = 7\ncandidates = 50\n")
    monkeypatch.setenv("RAG_RETRIEVAL__TOP_K", "9")
    found = load_settings().retrieval
    assert (found.top_k, found.candidates, found.dense_weight) == (9, 50, 1.0)
    assert load_settings().override(retrieval={"top_k": 3}).retrieval.candidates == 50


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        (
            "[retrieval]\ntop_kk = 3",
            r"Unknown setting retrieval\.top_kk .*Known: retrieval\.top_k,",
        ),
        ("[retreival]\ntop_k = 3", r"Unknown setting retreival .*Known: storage, chunking"),
        ("[retrieval]\ntop_k = 0", r"retrieval\.top_k \(RAG_RETRIEVAL__TOP_K\) is 0"),
        ("[retrieval]\ntop_k = 'many'", r"is 'many'"),
        ("retrieval = 3", r"Setting retrieval"),
        ("not toml", r"cannot be read as TOML"),
        (
            "[llm]\napi_key = 'sk-1'",
            r"holds a secret \(llm\.api_key\). Set RAG_LLM__API_KEY instead",
        ),
        ("[server]\nauth = 'me:pw'", r"holds a secret \(server\.auth\)"),
        ("[server]\ntoken = 't'", r"holds a secret \(server\.token\)"),
    ],
)
def test_bad_file_is_one_sentence_with_the_remedy(toml: str, message: str) -> None:
    Path("rag.toml").write_text(toml)
    with pytest.raises(SettingsError, match=message) as caught:
        load_settings()
    assert "\n" not in str(caught.value)
    assert "sk-1" not in str(caught.value)


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("RAG_TOP_K", "3", "RAG_TOP_K is no setting. Settings are named RAG_SECTION__FIELD"),
        ("RAG_RETRIEVAL__TOPK", "3", "Unknown setting retrieval.topk"),
        ("RAG_EMBEDDING__MODEL", "bert", "is 'bert'"),
    ],
)
def test_bad_variable_is_named(
    variable: str, value: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError, match=message):
        load_settings()


def test_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "RAG_STORAGE__PATH",
        "RAG_EMBEDDING__WEIGHTS",
        "RAG_RETRIEVAL__TOP_K",
        "RAG_CONFIG",
    ):
        monkeypatch.setenv(name, "")
    assert load_settings() == RagSettings()


def test_named_file_that_is_missing_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match="No settings file at other.toml"):
        load_settings(Path("other.toml"))
    monkeypatch.setenv("RAG_CONFIG", "missing.toml")
    with pytest.raises(SettingsError, match="No settings file at missing.toml"):
        load_settings()


def test_secrets_come_from_the_environment_and_are_not_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("RAG_LLM__API_KEY", "sk-secret")
    found = load_settings()
    assert found.llm.api_key.get_secret_value() == "sk-secret"
    assert "sk-secret" not in repr(found) + str(found.model_dump())


def test_settings_are_frozen_and_every_field_says_what_it_is() -> None:
    with pytest.raises(ValueError, match="frozen"):
        RagSettings().retrieval.top_k = 3  # type: ignore[misc]
    for section in RagSettings.model_fields.values():
        assert section.annotation is not None
        for name, field in section.annotation.model_fields.items():
            assert field.description, name
