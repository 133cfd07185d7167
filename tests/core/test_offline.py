"""The whole path with no network at all: nothing is fetched, and nobody is called."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SEEDS = Path(__file__).parents[2] / "seeds"
RAG = str(Path(sys.executable).parent / "rag")


def without_network(*command: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run in a network namespace that has no interface but a loopback that is down."""
    assert shutil.which("unshare"), "unshare (util-linux) is needed to prove the offline path"
    return subprocess.run(
        ["unshare", "-rn", *command], env=env, capture_output=True, text=True, check=False
    )


@pytest.fixture
def env(tmp_path: Path, models_folder: Path) -> dict[str, str]:
    """An empty home and an index of its own; the embedder's built graph is kept between runs."""
    store = tmp_path / "store"
    store.mkdir()
    (store / "models").symlink_to(models_folder)
    return {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "RAG_STORAGE__PATH": str(store)}


def test_namespace_really_has_no_network(env: dict[str, str]) -> None:
    script = "import socket; socket.create_connection(('1.1.1.1', 53), timeout=5)"
    done = without_network(sys.executable, "-c", script, env=env)
    assert done.returncode == 1
    assert "Network is unreachable" in done.stderr


def test_index_and_ask_work_without_any_network(env: dict[str, str]) -> None:
    done = without_network(RAG, "index", str(SEEDS), env=env)
    assert done.returncode == 0, done.stderr
    question = ("ask", "who led the US delegation?", "--corpus", str(SEEDS), "--json")
    done = without_network(RAG, *question, env=env)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert "Daskal" in answer["text"]
    assert answer["metadata"]["notices"] == []
    for citation in answer["citations"]:
        text = (SEEDS / citation["document"]).read_text(encoding="utf-8")
        assert text[citation["start"] : citation["end"]] == citation["quote"]


def test_nothing_tries_to_reach_the_network(env: dict[str, str]) -> None:
    """An audit hook sees every connection and name lookup of the interpreter, tried or done."""
    script = (
        "import sys\n"
        "calls = []\n"
        "def watch(event, arguments):\n"
        "    if event in ('socket.connect', 'socket.getaddrinfo', 'socket.gethostbyname',\n"
        "                 'socket.sendto'):\n"
        "        calls.append((event, str(arguments)))\n"
        "sys.addaudithook(watch)\n"
        "import rag\n"
        "answer = rag.query('who led the US delegation?', corpus=sys.argv[1])\n"
        "assert not answer.abstained\n"
        "print(calls)\n"
    )
    done = without_network(sys.executable, "-c", script, str(SEEDS), env=env)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"
