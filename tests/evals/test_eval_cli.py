"""`rag eval` from the command line, on the real pipeline and the starter corpus."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from evals.cli import app
from evals.dataset import SEEDS

ROOT = Path(__file__).resolve().parents[2]
SMOKE = SEEDS.with_name("seeds_smoke.jsonl")


def rag_eval(store: Path, *arguments: object, **settings: str) -> Result:
    ours = dict.fromkeys(name for name in os.environ if name.startswith("RAG_"))
    quick = {"RAG_STORAGE__PATH": str(store), "RAG_READER__MODEL": "none"}
    environment = ours | quick | settings
    return CliRunner().invoke(app, [str(each) for each in arguments], env=environment)


@pytest.fixture(scope="module")
def accepted(store, tmp_path_factory) -> Path:
    """A baseline of the smoke questions by the system as it is."""
    path = tmp_path_factory.mktemp("baseline") / "baseline.json"
    done = rag_eval(store, "accept", "--dataset", SMOKE, "--baseline", path)
    assert done.exit_code == 0, done.stderr
    return path


def test_an_unchanged_system_passes_its_own_gate_with_all_reports(store, accepted, tmp_path):
    done = rag_eval(store, "--dataset", SMOKE, "--gate", "--baseline", accepted, "--out", tmp_path)
    assert done.exit_code == 0, done.stdout + done.stderr
    assert "Gate open: 40 questions compared, 0 left out." in done.stdout
    report = json.loads((tmp_path / "report.json").read_text("utf-8"))
    assert len(report["systems"][0]["results"]) == 40
    assert report["gate"]["flips"] == []
    assert report["gate"]["is_other_fingerprint"] is False


def test_a_closed_gate_is_exit_1(store, accepted):
    declines_all = {"RAG_ANSWERING__MIN_CONFIDENCE": "1"}
    done = rag_eval(store, "--dataset", SMOKE, "--gate", "--baseline", accepted, **declines_all)
    assert done.exit_code == 1, done.stdout + done.stderr
    assert "grounded accuracy fell" in done.stdout


def test_the_system_as_shipped_reads_and_answers(store, tmp_path):
    done = rag_eval(
        store, "--split", "dev", "--limit", 3, "--out", tmp_path, RAG_READER__MODEL="default"
    )
    assert done.exit_code == 0, done.stdout + done.stderr
    (system,) = json.loads((tmp_path / "report.json").read_text("utf-8"))["systems"]
    assert [each["error"] for each in system["results"]] == ["", "", ""]


def test_baselines_run_beside_the_system_with_exact_quotes(store, tmp_path):
    systems = ["--system", "footnote", "--system", "bm25", "--system", "fusion"]
    done = rag_eval(store, *systems, "--dataset", SMOKE, "--limit", 8, "--out", tmp_path)
    assert done.exit_code == 0, done.stderr
    report = json.loads((tmp_path / "report.json").read_text("utf-8"))
    assert [system["name"] for system in report["systems"]] == ["footnote", "bm25", "fusion"]
    assert all(system["summary"]["dev"]["inexact_quotes"] == 0 for system in report["systems"])


def test_a_users_own_folder_and_questions(store, tmp_path):
    corpus = tmp_path / "docs"
    corpus.mkdir()
    (corpus / "rain.txt").write_text("The rain in Bergen fell on 240 days in 2019, the mayor said.")
    line = {
        "question": "On how many days did it rain in Bergen in 2019?",
        "answers": ["240"],
        "evidence": [[{"document": "rain.txt", "quote": "240 days"}]],
    }
    (tmp_path / "my.jsonl").write_text(json.dumps(line))
    done = rag_eval(store, "--corpus", corpus, "--dataset", tmp_path / "my.jsonl")
    assert done.exit_code == 0, done.stderr
    assert "Grounded accuracy" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--dataset", "none.jsonl"], "No question file at none.jsonl"),
        (["--split", "train"], "No split named 'train'"),
        (["--system", "gpt"], "No system named 'gpt'. Known: bm25, footnote, fusion"),
        (["--dataset", str(SMOKE), "--gate"], "--baseline FILE"),
        (["--gate", "--baseline", "none.json"], "rag eval accept"),
        (["--external", "squad2"], "--data FOLDER"),
        (["--external", "scifact"], "--data FOLDER"),
        (["draft"], "Set RAG_LLM__MODEL"),
    ],
)
def test_a_users_error_is_one_sentence_and_exit_2(store, arguments, words):
    done = rag_eval(store, *arguments)
    assert done.exit_code == 2, done.stdout + done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_importing_the_command_line_is_cheap():
    code = (
        "import sys, evals.cli; print([name for name in "
        "('numpy', 'scipy', 'rich.progress', 'llama_index', 'chromadb') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.strip() == "[]"
