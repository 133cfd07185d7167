"""Disks that are full or read-only: nothing that was indexed is lost, and it can be asked."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

FULL = """
import os, sys
from pathlib import Path
from rag.errors import StoreError
from tests.conftest import HashingEncoder
from tests.core.stores import Store

corpus, disk = Path(sys.argv[1]), Path(sys.argv[2])
store = Store(corpus, disk / "store", HashingEncoder())
store.sync()
before = store.catalog.counts()
stat = os.statvfs(disk)
(disk / "ballast").write_bytes(bytes(stat.f_bavail * stat.f_frsize - 400_000))
(corpus / "big.txt").write_text("\\n\\n".join(f"Ship {n} sailed at dawn to port {n}." for n in range(4000)))
try:
    store.sync()
except StoreError as error:
    print(error)
store.close()
(disk / "ballast").unlink()
again = Store(corpus, disk / "store", HashingEncoder())
assert again.catalog.counts() == before, (again.catalog.counts(), before)
assert again.vectors.current() is not None
assert again.catalog.bm25(["ferri"], limit=3, documents=None)
(corpus / "big.txt").unlink()
again.sync()
assert again.vectors.is_sound(again.catalog)
print("kept")
"""
READ_ONLY = """
import os, subprocess, sys
from pathlib import Path

corpus, disk = Path(sys.argv[1]), Path(sys.argv[2])
rag = str(Path(sys.executable).parent / "rag")
ask = [rag, "ask", "When does the ferry leave?", "--corpus", str(corpus)]
env = {**os.environ, "RAG_STORAGE__PATH": str(disk / "store"), "RAG_EMBEDDING__MODEL": "none"}

def run(*command):
    done = subprocess.run(command, env=env, capture_output=True, text=True)
    print(done.returncode, done.stdout.partition("\\n")[0], "|", *done.stderr.split("\\n"))

subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
run(*ask)
subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
subprocess.run(ask, env=env, capture_output=True)
subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
run(*ask)
run(rag, "index", str(corpus))
"""
READ_ONLY_VECTORS = """
import os, subprocess, sys, tempfile
from pathlib import Path
from rag.pipeline import Pipeline
from rag.settings import RagSettings
from tests.conftest import HashingEncoder

corpus, disk = Path(sys.argv[1]), Path(sys.argv[2])
settings = RagSettings().override(storage={"path": disk / "store"}, reader={"model": "none"})
tempfile.tempdir = str(corpus.parent / "temporary")
os.mkdir(tempfile.tempdir)

def remount(how):
    subprocess.run(["mount", "-o", f"remount,{how}", str(disk)], check=True)

def ask(question):
    pipeline = Pipeline(corpus, settings, encoder=HashingEncoder())
    answer = pipeline.ask(question)
    nearest = pipeline.retriever.search_dense(question)
    print(answer.citations[0].document, len(nearest), sum(
        "cannot be written, so a copy" in notice for notice in answer.metadata.notices
    ), sum("was damaged" in notice for notice in answer.metadata.notices))
    pipeline.close()

if os.fork() == 0:
    Pipeline.open(corpus, settings, encoder=HashingEncoder())
    os._exit(0)  # closes nothing: the newest changes are still in SQLite's log
os.wait()
(store,) = (disk / "store").glob("*-*")
assert (store / "catalog.sqlite-wal").stat().st_size
remount("ro")
ask("When does the ferry to Gull Island leave Riverton?")
(corpus / "walrus.txt").write_text("The walrus Olaf weighs two tons.")
ask("How much does the walrus Olaf weigh?")
remount("rw")
(database,) = store.glob("chroma/*/chroma.sqlite3")
database.write_bytes(b"no database" * 1000)
remount("ro")
ask("When does the ferry to Gull Island leave Riverton?")
print(os.listdir(tempfile.tempdir))
"""


def on_a_small_disk(script: str, corpus: Path, disk: Path, *, megabytes: int) -> list[str]:
    """Run `script` with `disk` as a small file system of its own, in its own mount namespace."""
    disk.mkdir()
    mount = f'mount -t tmpfs -o size={megabytes}m disk "$2" && exec "$0" -c "$3" "$1" "$2"'
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", mount, sys.executable, str(corpus), str(disk), script],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_full_disk_is_one_sentence_and_loses_nothing(corpus: Path, tmp_path: Path) -> None:
    message, kept = on_a_small_disk(FULL, corpus, tmp_path / "disk", megabytes=6)
    assert "cannot be written" in message or "cannot be used" in message
    assert "RAG_STORAGE__PATH" in message
    assert kept == "kept"


def test_read_only_disk_answers_from_a_copy_and_refuses_to_index(
    corpus: Path, tmp_path: Path
) -> None:
    first, second, index = on_a_small_disk(READ_ONLY, corpus, tmp_path / "disk", megabytes=8)
    assert first.startswith("2  | rag: The index folder ")
    assert "cannot be made (Read-only file system). Choose another one with" in first
    assert second.startswith("0 ")
    assert "9:15" in second
    assert "cannot be written, so a copy of it is used; what changes is not kept." in second
    assert index.startswith("2  | rag: The index folder ")
    assert "cannot be written. Choose another one with RAG_STORAGE__PATH." in index


def test_read_only_disk_keeps_search_by_meaning_follows_changes_and_mends_damage(
    corpus: Path, tmp_path: Path
) -> None:
    lines = on_a_small_disk(READ_ONLY_VECTORS, corpus, tmp_path / "disk", megabytes=8)
    assert lines == [
        "ferry.txt 3 1 0",
        "walrus.txt 4 1 0",
        "ferry.txt 4 1 1",
        "[]",
    ]


@pytest.mark.parametrize("place", ["file/store", "file"])
def test_store_under_a_file_is_one_sentence(corpus: Path, tmp_path: Path, place: str) -> None:
    (tmp_path / "file").touch()
    command = [str(Path(sys.executable).parent / "rag"), "ask", "ferry?", "--corpus", str(corpus)]
    done = subprocess.run(
        command,
        env={"RAG_STORAGE__PATH": str(tmp_path / place), "RAG_EMBEDDING__MODEL": "none"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "RAG_STORAGE__PATH" in done.stderr
