"""Language models by name: "provider:model" becomes a llama-index LLM, "none" becomes None.

Each provider is an extra of the package and is imported only when it is asked for. Retries of the
SDKs are off: `rag.answer.calls` has the only layer of them. No message of this module or of an
error passed through `redacted` shows a secret.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from rag.errors import LlmError, SettingsError
from rag.settings import LlmSettings

if TYPE_CHECKING:
    from llama_index.core.llms import LLM

Maker = Callable[[str, LlmSettings], "LLM"]

_MAX_SAID_CHARS = 300
_MAKERS: dict[str, tuple[Maker, str]] = {}
_SECRET = re.compile(
    r"(?i)\b(?:sk|pk|gsk|hf|xai|AIza|ghp|key)[-_][A-Za-z0-9_\-]{8,}"
    r"|(?<=bearer )\s*[^\s\"',;]{6,}"
    r"|(?<=api[_-]key[=:])\s*[^\s\"',;&]{4,}"
)


def register(provider: str, maker: Maker, *, extra: str = "") -> None:
    """Add a provider. `extra` names the package extra it needs. A name in use is refused."""
    if provider in _MAKERS:
        raise SettingsError(f"The LLM provider {provider!r} exists already. Choose another name.")
    _MAKERS[provider] = (maker, extra)


def known_providers() -> list[str]:
    """The names that may stand before the colon, sorted."""
    return sorted(_MAKERS)


def resolve_llm(settings: LlmSettings) -> LLM | None:
    """The LLM that `settings.model` names, or None for "none".

    Raises SettingsError for an unknown provider or a missing model name, LlmError when the
    provider's package is not installed or refuses its settings.
    """
    provider, _, model = settings.model.partition(":")
    if provider.strip().lower() in ("", "none"):
        return None
    known = ", ".join(known_providers())
    if provider not in _MAKERS:
        raise SettingsError(
            f"Unknown LLM provider {provider!r} in RAG_LLM__MODEL. Known: {known}, or none."
        )
    if not model:
        raise SettingsError(f"RAG_LLM__MODEL names no model. Write it as {provider}:model.")
    return _made(provider, model, settings)


def model_name(settings: LlmSettings) -> str:
    """`provider:model` as it stands in an answer's metadata."""
    return settings.model


def redacted(text: str, settings: LlmSettings | None = None) -> str:
    """`text` without the configured key and without anything that looks like a key."""
    secret = settings.api_key.get_secret_value() if settings else ""
    if len(secret) >= 4:
        text = text.replace(secret, "***")
    return _SECRET.sub("***", text)


def _made(provider: str, model: str, settings: LlmSettings) -> LLM:
    maker, extra = _MAKERS[provider]
    try:
        return maker(model, settings)
    except ModuleNotFoundError as error:
        raise LlmError(
            f"The LLM provider {provider!r} needs a package that is not installed ({error.name}). "
            f'Install it: pip install "footnote-rag[{extra or provider}]"'
        ) from error
    except (SettingsError, LlmError):
        raise
    except Exception as error:  # noqa: BLE001 (every SDK raises its own kind)
        said = _one_line(redacted(str(error), settings)) or type(error).__name__
        raise LlmError(f"The LLM {settings.model} could not be opened: {said}") from None


def _one_line(text: str) -> str:
    """The first line with words in it; some packages explain over a page."""
    first = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return first if len(first) <= _MAX_SAID_CHARS else f"{first[:_MAX_SAID_CHARS]} ..."


def _base_url(settings: LlmSettings, default: str = "") -> str:
    url = settings.base_url or default
    if not url:
        raise SettingsError(
            "This LLM provider needs RAG_LLM__BASE_URL, for example http://host/v1."
        )
    return url


def _hosted(settings: LlmSettings) -> dict[str, Any]:
    """What every hosted provider's class takes, under the same names."""
    return {
        "api_key": settings.api_key.get_secret_value() or None,
        "temperature": settings.temperature,
        "max_tokens": settings.max_output_tokens,
        "max_retries": 0,
    }


def _openai_like(model: str, settings: LlmSettings) -> LLM:
    from rag.openai_like import OpenAiLike

    return OpenAiLike(
        model=model,
        base_url=_base_url(settings).rstrip("/"),
        api_key=settings.api_key,
        context_tokens=settings.context_tokens,
        max_output_tokens=settings.max_output_tokens,
        max_answer_chars=settings.max_answer_chars,
        temperature=settings.temperature,
        timeout_seconds=settings.timeout_seconds,
    )


def _openai(model: str, settings: LlmSettings) -> LLM:
    from llama_index.llms.openai import OpenAI

    return OpenAI(
        model=model,
        api_base=settings.base_url or None,
        timeout=settings.timeout_seconds,
        **_hosted(settings),
    )


def _anthropic(model: str, settings: LlmSettings) -> LLM:
    from llama_index.llms.anthropic import Anthropic

    return Anthropic(
        model=model,
        base_url=settings.base_url or None,
        timeout=settings.timeout_seconds,
        **_hosted(settings),
    )


def _google(model: str, settings: LlmSettings) -> LLM:
    from llama_index.llms.google_genai import GoogleGenAI

    http = {"timeout": math.ceil(1000 * settings.timeout_seconds)}  # milliseconds
    return GoogleGenAI(
        model=model,
        context_window=settings.context_tokens,
        http_options={**http, "base_url": settings.base_url} if settings.base_url else http,
        **_hosted(settings),
    )


def _mistral(model: str, settings: LlmSettings) -> LLM:
    from llama_index.llms.mistralai import MistralAI

    return MistralAI(
        model=model,
        endpoint=settings.base_url or None,
        timeout=math.ceil(settings.timeout_seconds),  # whole seconds
        **_hosted(settings),
    )


def _ollama(model: str, settings: LlmSettings) -> LLM:
    from llama_index.llms.ollama import Ollama

    return Ollama(
        model=model,
        base_url=settings.base_url or "http://localhost:11434",
        temperature=settings.temperature,
        context_window=settings.context_tokens,
        request_timeout=settings.timeout_seconds,
        additional_kwargs={"num_predict": settings.max_output_tokens},
    )


def _llamacpp(model: str, settings: LlmSettings) -> LLM:
    from rag.llamacpp_llm import LlamaCppChat

    return LlamaCppChat(
        model_path=model,
        temperature=min(settings.temperature, 1.0),  # the most that llama-index's class takes
        max_new_tokens=settings.max_output_tokens,
        context_window=settings.context_tokens,
        verbose=False,
    )


def _huggingface(model: str, settings: LlmSettings) -> LLM:
    from rag.huggingface_llm import HuggingFaceChat

    warm = {"do_sample": True, "temperature": settings.temperature}
    return HuggingFaceChat(
        model_name=model,
        tokenizer_name=model,
        context_window=settings.context_tokens,
        max_new_tokens=settings.max_output_tokens,
        generate_kwargs=warm if settings.temperature > 0 else {"do_sample": False},
    )


register("openai-like", _openai_like)
register("openai", _openai, extra="openai")
register("anthropic", _anthropic, extra="anthropic")
register("google", _google, extra="google")
register("mistral", _mistral, extra="mistral")
register("ollama", _ollama, extra="ollama")
register("llamacpp", _llamacpp, extra="llamacpp")
register("huggingface", _huggingface, extra="huggingface")
