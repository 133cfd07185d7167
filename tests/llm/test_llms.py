"""Models by name."""

from __future__ import annotations

import subprocess
import sys

import pytest

from rag.errors import LlmError, SettingsError
from rag.llms import known_providers, redacted, register, resolve_llm
from rag.settings import RagSettings
from tests.llm import server as play
from tests.llm.helpers import settings_for


def llm_settings(**fields):
    return RagSettings().override(llm=fields).llm


def test_none_is_no_model():
    assert resolve_llm(llm_settings(model="none")) is None


def test_an_unknown_provider_lists_the_known_ones():
    with pytest.raises(SettingsError, match=r"'gpt'.*anthropic, google.*openai-like"):
        resolve_llm(llm_settings(model="gpt:4"))


def test_a_missing_model_name_is_an_error():
    with pytest.raises(SettingsError, match="openai-like:model"):
        resolve_llm(llm_settings(model="openai-like"))


@pytest.mark.parametrize("provider", ["anthropic", "mistral", "ollama", "llamacpp", "huggingface"])
def test_a_missing_extra_names_the_install_command(provider):
    with pytest.raises(LlmError, match=rf'pip install "footnote-rag\[{provider}\]"'):
        resolve_llm(llm_settings(model=f"{provider}:x"))


def test_a_missing_base_url_names_the_variable():
    with pytest.raises(SettingsError, match="RAG_LLM__BASE_URL"):
        resolve_llm(llm_settings(model="openai-like:x"))


def test_a_name_in_use_cannot_be_registered_again():
    with pytest.raises(SettingsError, match="exists already"):
        register("ollama", lambda _model, _settings: None)


def test_an_outside_provider_is_registered_like_a_built_in_one():
    from llama_index.core.llms import MockLLM

    if "mock" not in known_providers():
        register("mock", lambda _model, _settings: MockLLM())
    assert isinstance(resolve_llm(llm_settings(model="mock:any")), MockLLM)


def test_the_sdk_of_openai_retries_nothing():
    llm = resolve_llm(llm_settings(model="openai:gpt-4o-mini", api_key="sk-abcdefgh12345678"))
    assert llm.max_retries == 0


def test_secrets_are_redacted():
    settings = llm_settings(api_key="my own secret")
    assert redacted("key my own secret is wrong", settings) == "key *** is wrong"
    assert "abcd" not in redacted("Incorrect API key: sk-proj-abcdefgh12345678")
    assert "s3cr3tt" not in redacted("Authorization: Bearer s3cr3ttoken")


def test_a_model_answers_outside_of_the_pipeline_too():
    with play.serving(play.whole("ready")) as server:
        assert str(resolve_llm(settings_for(server).llm).complete("Say ready")) == "ready"
        assert server.requests[0]["stream"] is False


def test_importing_the_registry_does_not_import_llama_index():
    code = "import sys, rag.llms, rag.answer.llm; sys.exit('llama_index' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
