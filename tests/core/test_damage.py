"""A damaged index is told, mended from the catalog, and announced; nothing is embedded again."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from rag.errors import StoreError
from rag.pipeline import Pipeline
from rag.settings import RagSettings
from rag.store import REPAIRED
from tests.conftest import HashingEncoder
from tests.core.stores import Store, generation_folder, ships


def damage_sqlite_deleted(folder: Path) -> None:
    (folder / "chroma.sqlite3").unlink()


def damage_sqlite_emptied(folder: Path) -> None:
    (folder / "chroma.sqlite3").write_bytes(b"")


def damage_sqlite_overwritten(folder: Path) -> None:
    (folder / "chroma.sqlite3").write_bytes(b"not a database" * 1000)


def damage_segment_deleted(folder: Path) -> None:
    shutil.rmtree(next(path for path in folder.iterdir() if path.is_dir()))


def damage_segment_emptied(folder: Path) -> None:
    for path in folder.rglob("*.*"):
        if path.parent != folder:
            path.write_bytes(b"")


def damage_segment_overwritten(folder: Path) -> None:
    """Loading such a file ends the process with a segmentation fault."""
    path = next(folder.rglob("data_level0.bin"))
    path.write_bytes(os.urandom(path.stat().st_size))


def damage_folder_deleted(folder: Path) -> None:
    shutil.rmtree(folder)


def damage_pointer_overwritten(folder: Path) -> None:
    (folder.parent / "current.json").write_text("{")


@pytest.mark.parametrize(
    "damage",
    [
        damage_sqlite_deleted, damage_sqlite_emptied, damage_sqlite_overwritten,
        damage_folder_deleted, damage_pointer_overwritten,
    ],
)  # fmt: skip
def test_damaged_vector_index_is_rebuilt_from_the_catalog_and_announced(
    damage: Callable[[Path], None],
    store: Store,
    encoder: HashingEncoder,
    caplog: pytest.LogCaptureFixture,
) -> None:
    store.sync()
    embedded = len(encoder.texts)
    folder = generation_folder(store)
    store.close()
    damage(folder)
    reopened = Store(store.corpus, store.path, encoder)
    assert not reopened.vectors.is_sound(reopened.catalog)
    report = reopened.sync()
    assert (report.rebuilt_vectors, report.repaired) == (True, True)
    assert "The vector index was damaged" in caplog.text
    assert len(encoder.texts) == embedded
    assert reopened.vectors.is_sound(reopened.catalog)


@pytest.mark.parametrize(
    "damage", [damage_segment_deleted, damage_segment_emptied, damage_segment_overwritten]
)
def test_damaged_segment_of_a_small_index_loses_nothing(
    damage: Callable[[Path], None], store: Store, encoder: HashingEncoder
) -> None:
    """Under 1,000 rows Chroma makes its segment anew from its log at every start."""
    store.sync()
    folder = generation_folder(store)
    store.close()
    damage(folder)
    reopened = Store(store.corpus, store.path, encoder)
    reopened.sync()
    assert reopened.vectors.is_sound(reopened.catalog)
    found = reopened.vectors.query(encoder.encode(["bridge"])[0], limit=50, documents=None)
    assert len(found) == reopened.catalog.counts()[2]


def damage_header_emptied(folder: Path) -> None:
    next(folder.rglob("header.bin")).write_bytes(b"")


def damage_segment_truncated(folder: Path) -> None:
    path = next(folder.rglob("data_level0.bin"))
    os.truncate(path, path.stat().st_size // 2)


def damage_metadata_deleted(folder: Path) -> None:
    next(folder.rglob("index_metadata.pickle")).unlink()


def damage_graph_files_deleted(folder: Path) -> None:
    for path in folder.rglob("*.bin"):
        path.unlink()


@pytest.fixture
def fleet(tmp_path: Path, settings: RagSettings) -> Pipeline:
    """A closed index of 1,500 rows: enough for Chroma to store its graph in files."""
    corpus = tmp_path / "fleet"
    corpus.mkdir()
    (corpus / "a.txt").write_text(ships(1499))
    (corpus / "b.txt").write_text("The walrus Olaf came to the harbour in May.")
    pipeline = Pipeline.open(corpus, settings, encoder=HashingEncoder(dimensions=64))
    pipeline.close()
    return pipeline


def graph_folder(pipeline: Pipeline) -> Path:
    """The current generation, whose segment files must exist."""
    generation = pipeline.vectors.current()
    assert generation is not None
    assert generation.files
    return pipeline.store.folder / "chroma" / generation.name


@pytest.mark.parametrize("is_behind", [False, True])
@pytest.mark.parametrize(
    "damage",
    [
        damage_segment_overwritten, damage_segment_truncated, damage_segment_emptied,
        damage_segment_deleted, damage_header_emptied, damage_metadata_deleted,
        damage_graph_files_deleted, damage_sqlite_overwritten,
    ],
)  # fmt: skip
def test_damaged_graph_is_mended_at_the_next_question_and_announced_once(
    damage: Callable[[Path], None], is_behind: bool, fleet: Pipeline
) -> None:
    damage(graph_folder(fleet))
    if is_behind:
        (fleet.corpus / "c.txt").write_text("A seal came as well.")
    encoder = HashingEncoder(dimensions=64)
    reopened = Pipeline(fleet.corpus, fleet.settings, encoder=encoder)
    answer = reopened.ask("When did the walrus Olaf come?")
    assert answer.citations[0].document == "b.txt"
    assert answer.metadata.notices.count(REPAIRED) == 1
    assert len(encoder.texts) < 10, "only the question and what is new is embedded"
    assert reopened.vectors.is_sound(reopened.catalog)
    again = reopened.ask("When did the walrus Olaf come?")
    assert REPAIRED not in again.metadata.notices
    reopened.close()


def test_damaged_catalog_is_one_sentence_with_the_remedy(store: Store) -> None:
    store.sync()
    store.close()
    (store.path / "catalog.sqlite").write_bytes(b"garbage" * 5000)
    for name in ("catalog.sqlite-wal", "catalog.sqlite-shm"):
        (store.path / name).unlink(missing_ok=True)
    with pytest.raises(StoreError, match=r"catalog .* cannot be .* index again"):
        Store(store.corpus, store.path, None).catalog.counts()
