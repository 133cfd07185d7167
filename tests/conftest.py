"""Shared parts of the tests: a small true encoder and a corpus short enough to know by heart."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from rag.analyze import terms
from rag.settings import RagSettings

Vectors = NDArray[np.float32]


class HashingEncoder:
    """A deterministic bag-of-words encoder: every term adds a fixed direction. Counts its texts."""

    def __init__(self, dimensions: int = 64, name: str = "hashing") -> None:
        self.name = f"{name} {dimensions}"
        self.dimensions = dimensions
        self.texts: list[str] = []

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.texts.extend(texts)
        if not texts:
            return np.zeros((0, self.dimensions), dtype=np.float32)
        return np.stack([self._one(text) for text in texts])

    def _one(self, text: str) -> Vectors:
        vector = np.full(self.dimensions, 1e-3)
        for term in terms(text):
            seed = int.from_bytes(hashlib.sha256(term.encode()).digest()[:4], "big")
            vector += np.random.default_rng(seed).standard_normal(self.dimensions)
        return (vector / np.linalg.norm(vector)).astype(np.float32)


BRIDGE = """\
Old bridge reopens after repairs

RIVERTON (AP) — The stone bridge over the Alder reopened on Monday after two years of repairs.

Mayor Helena Brandt cut the ribbon. “Nobody missed the detour,” she said.

The repairs cost 4.2 million pounds, the council said.

Copyright 2023 The Associated Press. All rights reserved.
"""
FERRY = """\
Ferry timetable

Published: 14 June 2023

The ferry to Gull Island leaves Riverton at 9:15 every morning except Sunday.

A return ticket costs 12 pounds. Dogs travel free.
"""
HONEY = """\
# Honey harvest

By Tomas Quill, Alder Gazette

The beekeepers of Riverton took in nine hundred jars, said Wang Xiaohong, who keeps the books.

It was the poorest harvest since 1998.
"""


@pytest.fixture(scope="session")
def models_folder(pytestconfig: pytest.Config) -> Path:
    """Where tests keep the embedder's built graphs; it outlives a run, as it does for users."""
    assert pytestconfig.cache is not None
    return pytestconfig.cache.mkdir("models")


@pytest.fixture
def encoder() -> HashingEncoder:
    return HashingEncoder()


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Three short documents: bridge.txt, ferry.txt and notes/honey.md."""
    folder = tmp_path / "corpus"
    (folder / "notes").mkdir(parents=True)
    (folder / "bridge.txt").write_text(BRIDGE, encoding="utf-8")
    (folder / "ferry.txt").write_text(FERRY, encoding="utf-8")
    (folder / "notes" / "honey.md").write_text(HONEY, encoding="utf-8")
    return folder


@pytest.fixture
def settings(tmp_path: Path) -> RagSettings:
    """The defaults, with the indexes in a folder of their own."""
    return RagSettings().override(storage={"path": tmp_path / "store"})
