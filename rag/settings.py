"""One frozen tree of settings, read once at the edge and passed in.

Sources, later ones win: defaults, `rag.toml` in the working directory, environment variables
`RAG_SECTION__FIELD`, arguments of the command line. Unknown names are errors.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from rag.errors import SettingsError

ENV_PREFIX = "RAG_"
NOT_SETTINGS = {"RAG_LOG_LEVEL", "RAG_CONFIG"}
SECRETS = {("llm", "api_key"), ("server", "auth"), ("server", "token")}


class Section(BaseModel):
    """A frozen group of settings that refuses unknown names."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class StorageSettings(Section):
    """Where indexes are kept."""

    path: Path = Field(
        Path("index_store"), description="folder of built indexes; may be deleted at any time"
    )
    chroma_url: str = Field(
        "", description="http://host:port of a Chroma server; empty: a local Chroma in `path`"
    )


class ChunkingSettings(Section):
    """How documents are cut."""

    max_tokens: int = Field(160, ge=16, le=240, description="longest chunk, o200k_base tokens")
    overlap_sentences: int = Field(
        1, ge=0, le=3, description="sentences repeated from the chunk before"
    )


class EmbeddingSettings(Section):
    """How passages and questions become vectors."""

    model: Literal["minilm", "none"] = Field(
        "minilm", description="all-MiniLM-L6-v2 on onnxruntime, or none for lexical search only"
    )
    weights: Path | None = Field(
        None, description="folder with model.safetensors and tokenizer.json; empty: the package's"
    )
    precision: Literal["fp32", "int8"] = Field("int8", description="arithmetic of the model")
    batch_size: int = Field(16, ge=1, le=256, description="most texts in one batch")
    threads: int = Field(0, ge=0, le=64, description="compute threads; 0: one per core")


class RetrievalSettings(Section):
    """How passages are found."""

    top_k: int = Field(15, ge=1, le=200, description="chunks handed to the answerer")
    candidates: int = Field(40, ge=1, le=500, description="chunks each search returns to fusion")
    dense_weight: float = Field(1.0, ge=0, description="weight of the dense scores in the fusion")
    bm25_weight: float = Field(1.0, ge=0, description="weight of the BM25 scores in the fusion")
    fuzzy: bool = Field(True, description="match misspelt words to near words of the corpus")


class ReaderSettings(Section):
    """The small model that finds the answering span."""

    model: str = Field("default", description="default, none, or the path of another ONNX reader")
    max_passages: int = Field(10, ge=1, le=100, description="passages read for one question")
    threads: int = Field(0, ge=0, le=64, description="compute threads; 0: one per core")


class AnsweringSettings(Section):
    """How the answer is composed and when it is declined."""

    max_sentences: int = Field(3, ge=1, le=10, description="most sentences quoted")
    min_confidence: float = Field(
        0.28, ge=0, le=1, description="below this calibrated probability the answer is declined"
    )
    nearest: int = Field(3, ge=0, le=20, description="passages shown when an answer is declined")
    unsupported: Literal["drop", "show"] = Field(
        "drop", description="LLM sentences without support: left out, or shown and labelled"
    )
    max_question_chars: int = Field(4000, ge=1, description="longer questions are refused")


class LlmSettings(Section):
    """The optional language model."""

    model: str = Field("none", description="provider:model, or none for extractive answers")
    base_url: str = Field("", description="address of an OpenAI-compatible or Ollama server")
    api_key: SecretStr = Field(SecretStr(""), description="from the environment only")
    context_tokens: int = Field(8192, ge=512, description="context window of the model")
    max_output_tokens: int = Field(512, ge=16, description="longest completion")
    max_answer_chars: int = Field(8000, ge=200, description="a longer stream is cut and closed")
    temperature: float = Field(0.0, ge=0, le=2, description="sampling temperature")
    timeout_seconds: float = Field(10.0, gt=0, description="connect and read timeout of one call")
    deadline_seconds: float = Field(
        30.0, gt=0, description="for the whole answer, retries included"
    )


class ServerSettings(Section):
    """The chat page and the HTTP interface."""

    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(7860, ge=0, le=65535, description="port; 0: any free one")
    auth: SecretStr = Field(SecretStr(""), description="user:password, from the environment only")
    token: SecretStr = Field(
        SecretStr(""), description="bearer token of the API, from the environment only"
    )
    uploads: bool = Field(False, description="let people add files on the page")
    max_upload_mb: int = Field(10, ge=1, le=200, description="largest file that may be added, MB")
    requests_per_minute: int = Field(120, ge=1, description="for one client address")
    feedback: Path = Field(Path("index_store/feedback.jsonl"), description="where votes are kept")


class RagSettings(Section):
    """All settings of Footnote."""

    storage: StorageSettings = StorageSettings()
    chunking: ChunkingSettings = ChunkingSettings()
    embedding: EmbeddingSettings = EmbeddingSettings()
    retrieval: RetrievalSettings = RetrievalSettings()
    reader: ReaderSettings = ReaderSettings()
    answering: AnsweringSettings = AnsweringSettings()
    llm: LlmSettings = LlmSettings()
    server: ServerSettings = ServerSettings()

    def override(self, **sections: dict[str, Any]) -> RagSettings:
        """A copy with some fields replaced: `settings.override(retrieval={"top_k": 5})`.

        Raises SettingsError for an unknown name or a value out of range.
        """
        tree = {name: getattr(self, name).model_dump() for name in RagSettings.model_fields}
        return _validated(_merged(tree, sections), "the given settings")


def load_settings(config: Path | None = None) -> RagSettings:
    """Defaults, then `rag.toml` (or `config`, or `RAG_CONFIG`), then the environment.

    Raises SettingsError naming the file or variable at fault.
    """
    named = config or os.environ.get("RAG_CONFIG")
    path = Path(named or "rag.toml")
    tree = _read_toml(path) if named or path.is_file() else {}
    return _validated(_merged(tree, _read_environment()), "the settings")


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        tree = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise SettingsError(f"No settings file at {path}. Check the path.") from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path} cannot be read as TOML: {error}. Mend that line.") from error
    for section, name in SECRETS:
        if isinstance(tree.get(section), dict) and name in tree[section]:
            variable = f"{ENV_PREFIX}{section}__{name}".upper()
            raise SettingsError(
                f"{path} holds a secret ({section}.{name}). Set {variable} instead."
            )
    return tree


def _read_environment() -> dict[str, dict[str, str]]:
    """Variables that are set but empty count as unset: compose files pass them so."""
    tree: dict[str, dict[str, str]] = {}
    for variable, value in sorted(os.environ.items()):
        if not value or not variable.startswith(ENV_PREFIX) or variable in NOT_SETTINGS:
            continue
        section, separator, name = variable[len(ENV_PREFIX) :].lower().partition("__")
        if not separator:
            raise SettingsError(
                f"{variable} is no setting. Settings are named RAG_SECTION__FIELD, "
                "for example RAG_RETRIEVAL__TOP_K."
            )
        tree.setdefault(section, {})[name] = value
    return tree


def _merged(base: dict[str, Any], top: dict[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for section, fields in top.items():
        below = merged.get(section)
        merged[section] = (
            {**below, **fields} if isinstance(below, dict) and isinstance(fields, dict) else fields
        )
    return merged


def _validated(tree: dict[str, Any], source: str) -> RagSettings:
    try:
        return RagSettings.model_validate(tree)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise SettingsError(_explained(name, first, source)) from error


def _explained(name: str, error: Any, source: str) -> str:
    variable = ENV_PREFIX + name.upper().replace(".", "__")
    if error["type"] == "extra_forbidden":
        section = name.split(".")[0]
        field = RagSettings.model_fields.get(section)
        known = field.annotation.model_fields if field and field.annotation else None
        names = [f"{section}.{each}" for each in known] if known else list(RagSettings.model_fields)
        return f"Unknown setting {name} ({variable}) in {source}. Known: {', '.join(names)}."
    return f"Setting {name} ({variable}) is {error['input']!r}: {error['msg']}. Change or unset it."
