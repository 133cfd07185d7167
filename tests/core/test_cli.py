"""The command line: exit codes, JSON, one sentence for every bad input, and no needless imports."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

RAG = str(Path(sys.executable).parent / "rag")
SEEDS = Path(__file__).parents[2] / "seeds"


@pytest.fixture
def env(tmp_path: Path, models_folder: Path) -> dict[str, str]:
    """A place of its own, but for the embedder's built graph."""
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "models").symlink_to(models_folder)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RAG_")}
    return {**kept, "RAG_STORAGE__PATH": str(tmp_path / "store")}


def rag(
    *arguments: str | bytes, env: dict[str, str], stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [RAG, *arguments], env=env, input=stdin, capture_output=True, encoding="utf-8", check=False
    )


def test_ask_answers_with_exact_citations_as_json(env: dict[str, str], corpus: Path) -> None:
    done = rag(
        "ask",
        "What did the repairs of the bridge cost?",
        "--corpus",
        str(corpus),
        "--json",
        env=env,
    )
    assert (done.returncode, done.stderr) == (0, "")
    answer = json.loads(done.stdout)
    assert "4.2 million pounds" in answer["text"]
    for citation in answer["citations"]:
        text = (corpus / citation["document"]).read_text()
        assert text[citation["start"] : citation["end"]] == citation["quote"]


def test_json_is_the_answer_as_a_dict(env: dict[str, str], corpus: Path, tmp_path: Path) -> None:
    script = (
        "import json, sys, rag\n"
        "print(json.dumps(rag.query(sys.argv[1], corpus=sys.argv[2]).to_dict()))\n"
    )
    question = "What did the repairs of the bridge cost?"
    direct = subprocess.run(
        [sys.executable, "-c", script, question, str(corpus)],
        env=env,
        capture_output=True,
        check=True,
    )
    printed = json.loads(rag("ask", question, "--corpus", str(corpus), "--json", env=env).stdout)
    expected = json.loads(direct.stdout)
    for answer in (printed, expected):
        answer["metadata"].pop("seconds")
    assert printed == expected


def test_ask_declines_with_exit_code_3_and_shows_what_came_closest(
    env: dict[str, str], corpus: Path
) -> None:
    done = rag("ask", "What is the capital of France?", "--corpus", str(corpus), "--json", env=env)
    assert done.returncode == 3
    answer = json.loads(done.stdout)
    assert answer["abstained"]
    assert answer["citations"] == []


def test_index_reports_what_changed_and_what_was_not_read(
    env: dict[str, str], corpus: Path
) -> None:
    (corpus / "bad.txt").write_bytes(b"\x00")
    first = rag("index", str(corpus), env=env)
    assert first.returncode == 0
    assert first.stdout.startswith("3 documents, ")
    assert first.stdout.endswith("3 added, 0 replaced, 0 removed, 0 unchanged.\n")
    assert first.stderr == "Not read: bad.txt looks like a binary file (it holds NUL bytes)\n"
    assert (
        "0 added, 0 replaced, 0 removed, 3 unchanged" in rag("index", str(corpus), env=env).stdout
    )


def test_status_as_json_has_the_promised_fields(env: dict[str, str], corpus: Path) -> None:
    rag("index", str(corpus), env=env)
    status = json.loads(rag("status", str(corpus), "--json", env=env).stdout)
    assert status["documents"] == 3
    assert status["chunks"] >= 3
    assert status["vectors"] == status["chunks"]
    assert status["model"].startswith("all-MiniLM-L6-v2")
    assert len(status["fingerprint"]) == 12
    assert status["failed"] == []


def test_doctor_names_every_part(env: dict[str, str], corpus: Path) -> None:
    done = rag("doctor", "--corpus", str(corpus), env=env)
    for part in (
        "python",
        "chromadb",
        "settings",
        "tokenizer",
        "embedder",
        "reader",
        "llm",
        "index",
    ):
        assert f" {part}: " in done.stdout, part
    assert "Traceback" not in done.stdout + done.stderr


def test_doctor_survives_a_part_that_is_broken(
    env: dict[str, str], corpus: Path, tmp_path: Path
) -> None:
    env = {**env, "RAG_EMBEDDING__WEIGHTS": str(tmp_path)}
    done = rag("doctor", "--corpus", str(corpus), env=env)
    assert done.returncode == 1
    assert "WARN embedder: No model.safetensors in" in done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["ask", ""], "The question is empty"),
        (["ask", "  \n "], "The question is empty"),
        (["ask", "x" * 100_000], "The question has 100,000 characters; at most 4,000 are read"),
        (["ask", "ferry?", "--corpus", "{tmp}/none"], "No folder at"),
        (["ask", "ferry?", "--corpus", "{tmp}/corpus/ferry.txt"], "is a file, not a folder"),
        (["ask", "ferry?", "--corpus", "{tmp}/empty"], "holds no documents"),
        (["ask", "ferry?", "--since", "tomorrow"], "'tomorrow' is no date"),
        (["index", "{tmp}/none"], "No folder at"),
        (["status", "{tmp}/none"], "No folder at"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(
    arguments: list[str], message: str, env: dict[str, str], corpus: Path, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    given = [each.replace("{tmp}", str(tmp_path)) for each in arguments]
    if given[0] == "ask" and "--corpus" not in given:
        given += ["--corpus", str(corpus)]
    done = rag(*given, env=env)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("rag: ")
    assert done.stderr.count("\n") == 1
    assert message in done.stderr


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"RAG_RETRIEVAL__TOPK": "3"}, "Unknown setting retrieval.topk"),
        ({"RAG_CONFIG": "/no/such.toml"}, "No settings file at /no/such.toml"),
        ({"RAG_EMBEDDING__WEIGHTS": "/none"}, "No model.safetensors"),
        ({"RAG_STORAGE__CHROMA_URL": "http://127.0.0.1:9"},
         "The vector index at http://127.0.0.1:9 cannot be used"),
    ],
)  # fmt: skip
def test_bad_settings_are_one_sentence(
    variables: dict[str, str], message: str, env: dict[str, str], corpus: Path
) -> None:
    done = rag("ask", "ferry?", "--corpus", str(corpus), env={**env, **variables})
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


def test_question_with_undecodable_bytes_and_odd_characters_is_answered(
    env: dict[str, str], corpus: Path
) -> None:
    for question in (
        b"ferry \xff\xfe?",
        "ferry \u202e 😀 \u0301?",
        "'; DROP TABLE chunks; -- ferry",
    ):
        done = rag("ask", question, "--corpus", str(corpus), env=env)
        assert done.returncode in (0, 3)
        assert "Traceback" not in done.stderr


def test_output_for_a_terminal_without_unicode_is_escaped(
    env: dict[str, str], corpus: Path
) -> None:
    done = rag("ask", "What did Helena Brandt say about the detour?", "--corpus", str(corpus),
               env={**env, "PYTHONIOENCODING": "ascii"})  # fmt: skip
    assert done.returncode in (0, 3)
    assert "Traceback" not in done.stderr


def test_chat_goes_on_after_a_question_it_refuses(env: dict[str, str], corpus: Path) -> None:
    questions = "x" * 5000 + "\nWhat did the repairs of the bridge cost?\n\n"
    done = rag("chat", "--corpus", str(corpus), env=env, stdin=questions)
    assert done.returncode == 0
    assert "at most 4,000 are read" in done.stderr
    assert "4.2 million" in done.stdout


def test_weights_that_are_missing_are_announced_with_the_answer(
    corpus: Path, env: dict[str, str]
) -> None:
    """As on a computer without the weights' package: its name cannot be found."""
    script = (
        "import sys; sys.path.insert(0, '.')\n"
        "import rag.minilm; rag.minilm.WEIGHTS_PACKAGE = 'no_such_package'\n"
        "import rag; answer = rag.query('What did the repairs of the bridge cost?', corpus=sys.argv[1])\n"
        "print(*answer.metadata.notices)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(corpus)], capture_output=True, text=True,
                          env=env, check=True)  # fmt: skip
    assert done.stdout.startswith("No embedding model is installed")


HEAVY = ("chromadb", "gradio", "llama_index", "onnxruntime", "onnx", "numpy", "tiktoken", "torch",
         "dateparser", "fastapi", "pydantic", "scipy", "matplotlib")  # fmt: skip


def test_help_and_import_rag_load_no_heavy_module() -> None:
    script = (
        "import sys, rag, rag.cli\n"
        "sys.argv = ['rag', '--help']\n"
        "try: rag.cli.main()\n"
        "except SystemExit as end: assert not end.code\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stderr.strip() == "[]"
    assert "ask" in done.stdout


def test_ask_leaves_llama_index_and_the_page_alone(env: dict[str, str], corpus: Path) -> None:
    script = (
        "import sys, rag\n"
        "rag.query('When does the ferry leave?', corpus=sys.argv[1])\n"
        "print([name for name in ('llama_index.core', 'gradio') if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(corpus)], env=env, capture_output=True,
                          text=True, check=True)  # fmt: skip
    assert done.stdout.strip() == "[]"


def test_terminal_shows_nothing_but_the_answer_when_there_is_no_work(
    env: dict[str, str], corpus: Path
) -> None:
    command = [RAG, "ask", "What did the repairs of the bridge cost?", "--corpus", str(corpus)]
    subprocess.run(command, env=env, capture_output=True, check=False)
    ours, theirs = pty.openpty()
    done = subprocess.run(command, env=env, stdout=subprocess.PIPE, stderr=theirs, check=False)
    os.close(theirs)
    os.set_blocking(ours, False)
    try:
        shown = os.read(ours, 1000)
    except (BlockingIOError, OSError):
        shown = b""
    os.close(ours)
    assert done.stdout
    assert shown == b""
