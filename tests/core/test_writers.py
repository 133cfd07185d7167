"""One writer at a time, readers beside it, and a writer that dies half-way."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from rag.errors import StoreLockedError
from rag.index import writer_lock
from tests.conftest import HashingEncoder
from tests.core.stores import Store, rows

KILLED = """
import os, signal, sys
from pathlib import Path
from tests.conftest import HashingEncoder
from tests.core.stores import Store

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
    assert rows(store) == before, "both were in the batch that was not written yet"
    (store.corpus / "zz.txt").write_text("Nothing but harmless words.")
    report = store.sync()
    assert (report.added, report.rebuilt_vectors, report.repaired) == (2, True, False)
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
        "from tests.core.stores import Store\n"
        "Store(Path(sys.argv[1]), Path(sys.argv[2]), HashingEncoder()).sync()\n"
    )
    subprocess.run([sys.executable, "-c", script, str(store.corpus), str(store.path)], check=True)
    best = reader.vectors.query(query, limit=1, documents=None)[0][0]
    assert reader.catalog.chunks([best])[best].document == "walrus.txt"
