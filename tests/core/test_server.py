"""A Chroma server holds the vectors as a local folder would."""

from __future__ import annotations

import gc
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import chromadb
import pytest

from rag.catalog import Catalog
from rag.chroma import ChromaIndex
from rag.errors import StoreError
from rag.index import sync
from rag.pipeline import Pipeline
from rag.settings import ChunkingSettings, RagSettings
from tests.conftest import HashingEncoder

# chromadb's HTTP client leaves a pooled connection open when it is closed (1.5.9).
pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    port = free_port()
    command = [str(Path(sys.executable).parent / "chroma"), "run", "--host", "127.0.0.1",
               "--port", str(port), "--path", str(tmp_path / "server")]  # fmt: skip
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with server:
        for _ in range(300):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
        server.terminate()


def test_pipeline_keeps_its_vectors_on_a_server(
    url: str, corpus: Path, settings: RagSettings, encoder: HashingEncoder
) -> None:
    remote = settings.override(storage={"chroma_url": url})
    pipeline = Pipeline(corpus, remote, encoder=encoder)
    pipeline.sync()
    assert pipeline.vectors.is_sound(pipeline.catalog)
    assert pipeline.search("ferry timetable")[0].chunk.document == "ferry.txt"
    for number in range(3):
        (corpus / f"{number}.txt").write_text(f"Lighthouse number {number} burns.")
        pipeline.sync()
    client = chromadb.HttpClient(host="127.0.0.1", port=int(url.rpartition(":")[2]))
    assert len(client.list_collections()) == 2, "older generations are dropped"
    client.close()
    assert pipeline.search("lighthouse 2")[0].chunk.document == "2.txt"
    pipeline.close()
    del client, pipeline
    gc.collect()


def test_server_that_does_not_answer_is_one_sentence(corpus: Path, tmp_path: Path) -> None:
    address = f"http://127.0.0.1:{free_port()}"
    catalog = Catalog(tmp_path / "catalog.sqlite")
    vectors = ChromaIndex(tmp_path, address)
    with pytest.raises(
        StoreError, match=r"at http://127\.0\.0\.1:\d+ cannot be used .*RAG_STORAGE__CHROMA_URL"
    ):
        sync(corpus, tmp_path, catalog, vectors, HashingEncoder(), ChunkingSettings())
    assert catalog.counts()[0] == 3, "what was read stays in the catalog"
