"""Shared by the tests of the core."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import HashingEncoder
from tests.core.stores import Store


@pytest.fixture
def store(corpus: Path, tmp_path: Path, encoder: HashingEncoder) -> Store:
    """An index of the three short documents, not built yet."""
    return Store(corpus, tmp_path / "store", encoder)
