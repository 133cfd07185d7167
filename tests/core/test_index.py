"""An index follows its folder, survives being killed, and never gives a half-written state."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from rag.catalog import Catalog
from rag.chroma import ChromaIndex
from rag.errors import CorpusError, StoreError, StoreLockedError
from rag.index import Encoder, SyncReport, plan_sync, sync, writer_lock
from rag.settings import ChunkingSettings
from rag.types import Filters, Span
from tests.conftest import HashingEncoder


class Store:
    """A folder, its catalog and vectors, put together as a pipeline does."""

    def __init__(self, corpus: Path, store: Path, encoder: Encoder | None) -> None:
        store.mkdir(parents=True, exist_ok=True)
        self.corpus, self.path, self.encoder = corpus, store, encoder
        self.catalog = Catalog(store / "catalog.sqlite")
        self.vectors = ChromaIndex(store)

    def sync(self) -> SyncReport:
        return sync(
            self.corpus, self.path, self.catalog, self.vectors, self.encoder, ChunkingSettings()
        )

    def close(self) -> None:
        self.vectors.close()
        self.catalog.close()


@pytest.fixture
def store(corpus: Path, tmp_path: Path, encoder: HashingEncoder) -> Store:
    return Store(corpus, tmp_path / "store", encoder)


def age(folder: Path) -> None:
    """Wait until the corpus's files are old enough to be told apart by their times."""
    newest = max(path.stat().st_ctime for path in folder.rglob("*"))
    time.sleep(max(0.0, newest + 2.1 - time.time()))


def rows(store: Store) -> tuple[int, int, int]:
    return store.catalog.counts()


def test_sync_indexes_every_document_with_exact_chunks_and_vectors(store: Store) -> None:
    report = store.sync()
    assert (report.added, report.failed, report.rebuilt_vectors) == (3, (), True)
    documents, chunks, vectors = rows(store)
    assert documents == 3
    assert chunks == vectors == len(store.catalog.all_chunk_ids())
    texts = {document.path: document.text for document in store.catalog.documents()}
    for chunk in store.catalog.chunks(store.catalog.all_chunk_ids()).values():
        assert chunk.span.of(texts[chunk.document]) == chunk.text


def test_sync_again_reads_and_writes_nothing(store: Store, encoder: HashingEncoder) -> None:
    age(store.corpus)
    store.sync()
    embedded, revision = len(encoder.texts), store.catalog.revision
    generation = store.vectors.current()
    assert plan_sync(store.corpus, store.catalog).is_empty
    assert store.sync() == SyncReport(unchanged=3)
    assert len(encoder.texts) == embedded
    assert (store.catalog.revision, store.vectors.current()) == (revision, generation)


def test_files_just_written_are_read_again_but_neither_embedded_nor_indexed_again(
    store: Store, encoder: HashingEncoder
) -> None:
    for path in store.corpus.rglob("*.*"):
        os.utime(path)  # newer than the clock can tell apart
    store.sync()
    embedded, generation = len(encoder.texts), store.vectors.current()
    assert len(plan_sync(store.corpus, store.catalog).read) == 3
    assert store.sync() == SyncReport(unchanged=3)
    assert (len(encoder.texts), store.vectors.current()) == (embedded, generation)


def test_changed_file_is_replaced_also_with_the_same_size_and_modification_time(
    store: Store, encoder: HashingEncoder
) -> None:
    file = store.corpus / "ferry.txt"
    info = file.stat()
    age(store.corpus)
    store.sync()
    file.write_bytes(file.read_bytes().replace(b"12 pounds", b"99 pounds"))
    os.utime(file, ns=(info.st_atime_ns, info.st_mtime_ns))
    before = len(encoder.texts)
    assert store.sync() == SyncReport(replaced=1, unchanged=2, rebuilt_vectors=True)
    assert len(encoder.texts) > before
    assert "99 pounds" in store.catalog.documents(["ferry.txt"])[0].text
    assert store.catalog.bm25(["99"], limit=5, documents=None)
    assert not store.catalog.bm25(["12"], limit=5, documents=None)


def test_removed_file_is_gone_from_every_search(store: Store, encoder: HashingEncoder) -> None:
    store.sync()
    (store.corpus / "notes" / "honey.md").unlink()
    assert store.sync().removed == 1
    assert store.catalog.bm25(["honey", "jar"], limit=5, documents=None) == []
    found = store.vectors.query(encoder.encode(["honey jars"])[0], limit=50, documents=None)
    assert len(found) == rows(store)[1] == rows(store)[2]
    assert all(chunk.document != "notes/honey.md"
               for chunk in store.catalog.chunks([each for each, _ in found]).values())  # fmt: skip
    left = store.catalog.connection.execute("SELECT COUNT(*) FROM vectors").fetchone()[0]
    assert left == rows(store)[1], "vectors of removed text must not stay"


def test_moved_file_keeps_its_chunk_vectors(store: Store, encoder: HashingEncoder) -> None:
    store.sync()
    chunks = [chunk.text for chunk in store.catalog.chunks(store.catalog.all_chunk_ids()).values()
              if chunk.document == "ferry.txt"]  # fmt: skip
    encoder.texts.clear()
    (store.corpus / "ferry.txt").rename(store.corpus / "boat.txt")
    report = store.sync()
    assert (report.added, report.removed) == (1, 1)
    assert not set(chunks) & set(encoder.texts)


def test_one_bad_file_does_not_stop_the_others_and_is_tried_again_when_it_changes(
    store: Store,
) -> None:
    (store.corpus / "bad.txt").write_bytes(b"\x00\x01\x02")
    (store.corpus / "link.txt").symlink_to("nowhere")
    os.link(store.corpus / "ferry.txt", store.corpus.parent / "elsewhere.txt")
    report = store.sync()
    assert report.added == 2
    assert dict(report.failed) == {
        "bad.txt": "looks like a binary file (it holds NUL bytes)",
        "ferry.txt": "is a hard link to a file that also stands elsewhere; copy it instead",
        "link.txt": "is a link to a file that does not exist",
    }
    (store.corpus / "bad.txt").write_text("Now it is text.")
    (store.corpus.parent / "elsewhere.txt").unlink()
    report = store.sync()
    assert (report.added, [path for path, _ in report.failed]) == (2, ["link.txt"])


def test_file_whose_permissions_were_mended_is_tried_again(store: Store) -> None:
    age(store.corpus)
    store.sync()
    record = store.catalog.files()["ferry.txt"]
    store.catalog.put_failure(
        type(record)(record.path, record.size, record.changed_ns, "", "cannot be read")
    )
    time.sleep(0.01)
    (store.corpus / "ferry.txt").chmod(0o600)
    assert [source.path for source in plan_sync(store.corpus, store.catalog).read] == ["ferry.txt"]


def test_folder_without_documents_is_one_sentence(tmp_path: Path, encoder: HashingEncoder) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    store = Store(empty, tmp_path / "store", encoder)
    with pytest.raises(CorpusError, match="holds no documents. Put text or Markdown files into it"):
        store.sync()
    (empty / "a.jpg").touch()
    with pytest.raises(CorpusError, match=r"no readable document: a.jpg has an unsupported type"):
        store.sync()


def test_two_documents_with_the_same_text_both_stay(store: Store) -> None:
    shutil.copy(store.corpus / "ferry.txt", store.corpus / "copy.txt")
    store.sync()
    (store.corpus / "ferry.txt").unlink()
    store.sync()
    assert rows(store)[1] == rows(store)[2]
    assert store.vectors.is_sound(store.catalog)


def test_filters_select_by_path_outlet_and_date(store: Store) -> None:
    store.sync()
    select = store.catalog.select_documents
    assert select(Filters()) is None
    assert select(Filters(documents=("ferry.txt", "none.txt"))) == ["ferry.txt"]
    assert select(Filters(outlets=("associated press",))) == ["bridge.txt"]
    assert select(Filters(published_from="2023-06-14")) == ["ferry.txt"]
    assert select(Filters(published_to="2023-06-13")) == []
    assert select(Filters(published_to="2023-06-14")) == ["ferry.txt"]


def test_vectors_are_the_encoders_and_sentences_have_theirs(
    store: Store, encoder: HashingEncoder
) -> None:
    store.sync()
    identity = store.catalog.all_chunk_ids()[0]
    chunk = store.catalog.chunks([identity])[identity]
    found = dict(store.vectors.query(encoder.encode([chunk.text])[0], limit=3, documents=None))
    assert found[identity] == pytest.approx(1.0, abs=1e-5)
    text = store.catalog.documents([chunk.document])[0].text
    expected = encoder.encode([Span.of(span, text) for span in chunk.sentences])
    np.testing.assert_allclose(
        store.catalog.sentence_vectors([identity])[identity], expected, atol=1e-3
    )


@pytest.mark.parametrize("count", [5, 1500])
def test_sound_index_stays_sound_however_often_it_is_opened(count: int, tmp_path: Path) -> None:
    """Chroma stores segments from 1,000 rows on; smaller ones it makes anew at each start."""
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    lines = (f"Ship {number} sailed." for number in range(count))
    (corpus / "a.txt").write_text("\n\nADVERTISING\n\n".join(lines))
    for is_new in (True, False, False):
        store = Store(corpus, tmp_path / "store", HashingEncoder(dimensions=8))
        assert (store.sync().rebuilt_vectors, store.vectors.is_sound(store.catalog)) == (
            is_new,
            True,
        )
        store.close()


# Faults

KILLED = """
import os, signal, sys
from pathlib import Path
from tests.conftest import HashingEncoder
from tests.core.test_index import Store

class Dying(HashingEncoder):
    def encode(self, texts):
        if any("DEATH" in text for text in texts):
            os.kill(os.getpid(), signal.SIGKILL)
        return super().encode(texts)

Store(Path(sys.argv[1]), Path(sys.argv[2]), Dying()).sync()
"""


def test_kill_in_the_middle_of_a_sync_loses_nothing(store: Store) -> None:
    store.sync()
    before = rows(store)
    (store.corpus / "a-new.txt").write_text("A new text that is indexed before the process dies.")
    (store.corpus / "zz.txt").write_text("DEATH comes with this sentence.")
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(store.corpus), str(store.path)], check=False
    )
    assert done.returncode == -signal.SIGKILL
    assert rows(store)[0] == before[0] + 1
    (store.corpus / "zz.txt").write_text("Nothing but harmless words.")
    report = store.sync()
    assert (report.added, report.rebuilt_vectors, report.repaired) == (1, True, False)
    assert rows(store)[0] == before[0] + 2
    assert store.vectors.is_sound(store.catalog)


HOLDER = """
import sys, time
from pathlib import Path
from rag.index import writer_lock
with writer_lock(Path(sys.argv[1])):
    print("locked", flush=True)
    time.sleep(60)
"""


def test_second_writer_is_refused_with_one_sentence_and_reading_goes_on(store: Store) -> None:
    store.sync()
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(store.path)], stdout=subprocess.PIPE
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"locked\n"
        with (
            pytest.raises(StoreLockedError, match=r"^Another process is writing the index in "),
            writer_lock(store.path, timeout_seconds=0.1),
        ):
            pass
        assert store.catalog.bm25(["ferri"], limit=5, documents=None)
        holder.kill()
    with writer_lock(store.path, timeout_seconds=1):
        pass


def test_reader_of_another_process_sees_the_new_generation(
    store: Store, encoder: HashingEncoder
) -> None:
    store.sync()
    reader = Store(store.corpus, store.path, encoder)
    query = encoder.encode(["walrus"])[0]
    assert len(reader.vectors.query(query, limit=50, documents=None)) == rows(store)[1]
    (store.corpus / "walrus.txt").write_text("A walrus came to the harbour.")
    script = (
        "import sys; from pathlib import Path; from tests.conftest import HashingEncoder\n"
        "from tests.core.test_index import Store\n"
        "Store(Path(sys.argv[1]), Path(sys.argv[2]), HashingEncoder()).sync()\n"
    )
    subprocess.run([sys.executable, "-c", script, str(store.corpus), str(store.path)], check=True)
    best = reader.vectors.query(query, limit=1, documents=None)[0][0]
    assert reader.catalog.chunks([best])[best].document == "walrus.txt"


def generation_folder(store: Store) -> Path:
    generation = store.vectors.current()
    assert generation is not None
    return store.path / "chroma" / generation.name


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
    damage: object, store: Store, encoder: HashingEncoder, caplog: pytest.LogCaptureFixture
) -> None:
    store.sync()
    embedded = len(encoder.texts)
    folder = generation_folder(store)
    store.close()
    assert callable(damage)
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
    damage: object, store: Store, encoder: HashingEncoder
) -> None:
    """Under 1,000 rows Chroma makes its segment anew from its log at every start."""
    store.sync()
    folder = generation_folder(store)
    store.close()
    assert callable(damage)
    damage(folder)
    reopened = Store(store.corpus, store.path, encoder)
    reopened.sync()
    assert reopened.vectors.is_sound(reopened.catalog)
    found = reopened.vectors.query(encoder.encode(["bridge"])[0], limit=50, documents=None)
    assert len(found) == reopened.catalog.counts()[2]


def test_failed_builds_at_the_same_revision_never_push_out_the_current_one(store: Store) -> None:
    store.sync()
    name = generation_folder(store).name
    for suffix in ("a1", "b2", "c3"):
        (store.path / "chroma" / f"{name.split('-')[0]}-{suffix}").mkdir()
    store.vectors.rebuild(store.catalog)
    assert generation_folder(store).is_dir()
    assert len([path for path in (store.path / "chroma").iterdir() if path.is_dir()]) == 2
    assert store.vectors.is_sound(store.catalog)


def test_damaged_catalog_is_one_sentence_with_the_remedy(store: Store) -> None:
    store.sync()
    store.close()
    (store.path / "catalog.sqlite").write_bytes(b"garbage" * 5000)
    for name in ("catalog.sqlite-wal", "catalog.sqlite-shm"):
        (store.path / name).unlink(missing_ok=True)
    with pytest.raises(StoreError, match=r"catalog .* cannot be .* index again"):
        Store(store.corpus, store.path, None).catalog.counts()


def test_more_rows_than_chroma_takes_at_once_are_written_in_pages(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for number in range(6):
        lines = (f"Ship {number}-{line} sailed." for line in range(1000))
        (corpus / f"{number}.txt").write_text("\n\nADVERTISING\n\n".join(lines))
    encoder = HashingEncoder(dimensions=8)
    store = Store(corpus, tmp_path / "store", encoder)
    store.sync()
    assert rows(store)[1:] == (6000, 6000)
    assert store.vectors.is_sound(store.catalog)
    (wanted,) = store.catalog.chunks([store.catalog.all_chunk_ids()[5999]]).values()
    found = store.vectors.query(
        encoder.encode([wanted.text])[0], limit=5, documents=[wanted.document]
    )
    assert found[0][1] == pytest.approx(1.0, abs=1e-4)


def test_encoder_of_another_width_works_and_infinite_vectors_are_refused(
    corpus: Path, tmp_path: Path
) -> None:
    wide = Store(corpus, tmp_path / "wide", HashingEncoder(dimensions=1000))
    wide.sync()
    assert wide.vectors.is_sound(wide.catalog)

    class Broken(HashingEncoder):
        def encode(self, texts: object) -> np.ndarray:
            return np.full((len(list(texts)), 8), np.nan, dtype=np.float32)  # type: ignore[call-overload]

    broken = Store(corpus, tmp_path / "broken", Broken())
    with pytest.raises(StoreError, match="empty or infinite vectors"):
        broken.sync()
