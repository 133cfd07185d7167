"""A small corpus known by heart, as evidence, and an answerer that talks to a scripted server."""

from __future__ import annotations

from typing import Any

from rag.answer.evidence import Evidence
from rag.answer.llm import LlmAnswerer
from rag.llms import resolve_llm
from rag.sentences import sentences
from rag.settings import RagSettings
from rag.types import Chunk, Document, DocumentMetadata, ScoredChunk, Span
from tests.llm.server import ChatServer

HARBOUR = (
    "The harbour of Velm opened on 3 May 1998. Mayor Ilsa Korda said the port would double the "
    "town's trade. It handles 240 ships a year."
)
BRIDGE = (
    "The Orme bridge was not finished in 2005. Its engineer, Tomas Reyl, denied that the steel "
    "was weak. Tolls rose from two to five crowns."
)
MUSEUM = "Anna Lind runs the Velm museum. It lost a third of its visitors last winter."


def make_document(path: str, text: str) -> Document:
    return Document(path, text, "", DocumentMetadata(outlet="Velm Post", published="2024-01-31"))


def make_evidence(*texts: str) -> Evidence:
    documents = {f"{n}.txt": make_document(f"{n}.txt", text) for n, text in enumerate(texts)}
    chunks = [
        Chunk(f"c{n}", path, Span(0, len(doc.text)), doc.text, 40, tuple(sentences(doc.text)))
        for n, (path, doc) in enumerate(documents.items())
    ]
    return Evidence(tuple(ScoredChunk(c, 1.0 - n / 10) for n, c in enumerate(chunks)), documents)


def settings_for(server: ChatServer, **llm: Any) -> RagSettings:
    base: dict[str, Any] = {
        "model": "openai-like:test",
        "base_url": server.url,
        "api_key": "sk-secret-12345678",
        "timeout_seconds": 0.6,
        "deadline_seconds": 1.5,
    }
    return RagSettings().override(llm={**base, **llm})


def answerer_for(server: ChatServer, **llm: Any) -> LlmAnswerer:
    settings = settings_for(server, **llm)
    llm_object = resolve_llm(settings.llm)
    assert llm_object
    return LlmAnswerer(llm_object, settings)
