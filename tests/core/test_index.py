"""An index follows its folder: new, changed, moved, removed and unreadable files."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import numpy as np
import pytest

from rag.errors import CorpusError, StoreError
from rag.index import SyncReport, plan_sync
from rag.types import Filters, Span
from tests.conftest import HashingEncoder
from tests.core.stores import Store, age, rows


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
