"""What an answerer gets to work with: passages found for the question, and their documents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rag.types import Document, ScoredChunk


@dataclass(frozen=True)
class Evidence:
    """Retrieved chunks, best first, with the documents they (and their duplicates) come from."""

    chunks: tuple[ScoredChunk, ...]
    documents: Mapping[str, Document]
    """By path."""
