"""Generations of the vector index: what changed is written into a copy of the last one."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from rag.generations import Generation
from tests.conftest import HashingEncoder
from tests.core.stores import Store, generation_folder, rows, ships


@pytest.fixture
def harbour(tmp_path: Path, encoder: HashingEncoder) -> Store:
    """Forty files of one sentence each, indexed."""
    corpus = tmp_path / "harbour"
    corpus.mkdir()
    for number in range(40):
        (corpus / f"{number}.txt").write_text(f"Ship {number} lies in the harbour.")
    store = Store(corpus, tmp_path / "harbour store", encoder)
    store.sync()
    return store


def current(store: Store) -> Generation:
    found = store.vectors.current()
    assert found is not None
    return found


def nearest(store: Store, text: str, documents: list[str] | None = None) -> tuple[str, float]:
    """Document and similarity of the passage nearest to `text`."""
    assert store.encoder is not None
    vector = store.encoder.encode([text])[0]
    ((best, similarity),) = store.vectors.query(vector, limit=1, documents=documents)
    return store.catalog.chunks([best])[best].document, similarity


def test_changed_file_is_applied_to_a_copy_of_the_last_generation(harbour: Store) -> None:
    last = current(harbour)
    (harbour.corpus / "7.txt").write_text("A walrus lies in the harbour.")
    (harbour.corpus / "8.txt").unlink()
    harbour.sync()
    found = current(harbour)
    assert found.name != last.name
    assert (found.rows, found.changes) == (39, 3), "two rows gone, one new"
    assert harbour.vectors.is_sound(harbour.catalog)
    assert nearest(harbour, "A walrus lies in the harbour.") == (
        "7.txt",
        pytest.approx(1, abs=1e-5),
    )
    assert nearest(harbour, "walrus", ["7.txt"])[0] == "7.txt"
    assert nearest(harbour, "Ship 8 lies in the harbour.")[0] != "8.txt"


def test_changes_add_up_and_beyond_a_quarter_of_the_rows_it_is_built_in_full(
    harbour: Store,
) -> None:
    counts = []
    for number in range(6):
        (harbour.corpus / f"{number}.txt").write_text(f"Walrus {number} came.")
        harbour.sync()
        counts.append(current(harbour).changes)
    assert counts == [2, 4, 6, 8, 10, 0]
    assert harbour.vectors.is_sound(harbour.catalog)


def test_difference_of_an_index_whose_segments_are_stored(tmp_path: Path) -> None:
    """Chroma stores a segment from 1,000 rows on, and again after each further 1,000."""
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for number in range(3):
        (corpus / f"{number}.txt").write_text(ships(500, of=f"{number}-"))
    (corpus / "walrus.txt").write_text(ships(100, of="w"))
    store = Store(corpus, tmp_path / "store", HashingEncoder(dimensions=8))
    store.sync()
    assert current(store).files, "stored segments have digests"
    (corpus / "walrus.txt").write_text(ships(120, of="x"))
    store.sync()
    assert (current(store).rows, current(store).changes) == (1620, 220)
    assert store.vectors.is_sound(store.catalog)
    store.close()
    assert Store(corpus, store.path, store.encoder).vectors.is_sound(store.catalog)


@pytest.mark.parametrize("count", [5, 1500])
def test_sound_index_stays_sound_however_often_it_is_opened(count: int, tmp_path: Path) -> None:
    """Chroma stores segments from 1,000 rows on; smaller ones it makes anew at each start."""
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "a.txt").write_text(ships(count))
    for is_new in (True, False, False):
        store = Store(corpus, tmp_path / "store", HashingEncoder(dimensions=8))
        assert store.sync().rebuilt_vectors == is_new
        assert store.vectors.is_sound(store.catalog)
        store.close()


def test_only_the_last_two_generations_stay_and_nothing_unfinished(harbour: Store) -> None:
    before = generation_folder(harbour)
    for suffix in ("a1", "b2", "c3"):
        (before.parent / f"{before.name.split('-')[0]}-{suffix}").mkdir()
    (harbour.corpus / "7.txt").write_text("A walrus came.")
    harbour.sync()
    left = {path for path in before.parent.iterdir() if path.is_dir()}
    assert left == {before, generation_folder(harbour)}


def test_more_rows_than_chroma_takes_at_once_are_written_in_pages(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for number in range(6):
        (corpus / f"{number}.txt").write_text(ships(1000, of=f"{number}-"))
    store = Store(corpus, tmp_path / "store", HashingEncoder(dimensions=8))
    store.sync()
    assert rows(store)[1:] == (6000, 6000)
    assert store.vectors.is_sound(store.catalog)
    (wanted,) = store.catalog.chunks([store.catalog.all_chunk_ids()[5999]]).values()
    assert nearest(store, wanted.text, [wanted.document])[1] == pytest.approx(1.0, abs=1e-4)


DYING_AT_ANY_POINT = """
import os, signal, sys, time
from pathlib import Path
import chromadb.api.rust
from tests.conftest import HashingEncoder
from tests.core.stores import Store

corpus, path = Path(sys.argv[1]), Path(sys.argv[2])

def killed_after(seconds):
    child = os.fork()
    if child == 0:
        Store(corpus, path, HashingEncoder()).sync()
        os._exit(0)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

codes = []
for number in range(24):
    (corpus / "7.txt").write_text(f"Walrus {number} came.")
    codes.append(killed_after(0.01 + 0.02 * number))
    check = os.fork()
    if check == 0:
        store = Store(corpus, path, HashingEncoder())
        generation = store.vectors.current()
        found = store.vectors.query(
            HashingEncoder().encode(["Ship 3 lies in the harbour."])[0], limit=1, documents=None
        )
        assert generation.is_finished and found[0][1] > 0.999, (generation, found)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(check, 0)[1]) == 0, number
print(codes)
"""


def test_kill_at_any_point_of_a_refresh_leaves_a_readable_index(harbour: Store) -> None:
    harbour.close()
    done = subprocess.run(
        [sys.executable, "-c", DYING_AT_ANY_POINT, str(harbour.corpus), str(harbour.path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert str(-signal.SIGKILL) in done.stdout
    again = Store(harbour.corpus, harbour.path, harbour.encoder)
    assert not again.sync().repaired
    assert again.vectors.is_sound(again.catalog)
    assert nearest(again, "Walrus 23 came.")[0] == "7.txt"
    folders = [path for path in (harbour.path / "chroma").iterdir() if path.is_dir()]
    assert len(folders) <= 3, "at most one unfinished one is left until the next change"


DYING_BEFORE_THE_SWITCH = """
import os, signal, sys
from pathlib import Path
from rag.index import sync
from rag.settings import ChunkingSettings
from tests.conftest import HashingEncoder
from tests.core.stores import Store

def die(stage, done, total):
    if stage == "Indexing vectors":
        os.kill(os.getpid(), signal.SIGKILL)

store = Store(Path(sys.argv[1]), Path(sys.argv[2]), HashingEncoder())
sync(store.corpus, store.path, store.catalog, store.vectors, store.encoder, ChunkingSettings(), die)
"""


def test_kill_after_writing_and_before_the_switch_keeps_the_old_generation(harbour: Store) -> None:
    last = current(harbour)
    (harbour.corpus / "7.txt").write_text("A walrus came.")
    command = [sys.executable, "-c", DYING_BEFORE_THE_SWITCH]
    done = subprocess.run([*command, str(harbour.corpus), str(harbour.path)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert current(harbour) == last
    assert nearest(harbour, "Ship 3 lies in the harbour.")[0] == "3.txt"
    report = harbour.sync()
    assert (report.rebuilt_vectors, report.repaired) == (True, False)
    assert current(harbour).changes == 2
    assert harbour.vectors.is_sound(harbour.catalog)
    assert len(list((harbour.path / "chroma").iterdir())) == 3, "two generations and the pointer"
