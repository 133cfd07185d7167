"""Every command the README shows is known here, and the quick ones are run."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FENCE = re.compile(r"^```(?:sh|bash|shell)\n(.*?)^```", re.MULTILINE | re.DOTALL)

# What the first two words of a command are tested by: "run" here, or the test that runs it.
TESTED = {
    "make ask": "run",
    "make help": "run",
    "rag ask": "run",
    "rag index": "run",
    "rag status": "run",
    "rag --help": "run",
    "rag doctor": "tests/core/test_cli.py",
    "rag chat": "tests/core/test_cli.py",
    "rag serve": "tests/ui",
    "rag eval": "tests/evals",
    "make chat": "tests/ui",
    "make test": "this suite",
    "make venv": ".ci/run",
    "make lint": ".ci/run",
    "make types": ".ci/run",
    "make eval": ".ci/run",
    "make bench": "tests/evals",
    "make lock": "by hand: it needs a package index",
    "git clone": "by hand: it needs the remote",
    "cd": "the shell",
    "export": "the shell",
    "docker compose": "by hand: it needs a daemon",
    "pip install": "by hand: it needs a package index",
    "chroma run": "tests/core/test_server.py",
    "python -m": "tests/evals",
}


def readme_commands() -> list[str]:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    lines = [
        line for block in FENCE.findall(text) for line in block.replace("\\\n", " ").splitlines()
    ]
    return [
        line.removeprefix("$ ").strip()
        for line in lines
        if line.startswith("$ ") or is_command(line)
    ]


def is_command(line: str) -> bool:
    return bool(
        re.match(
            r"(?:[A-Z_]+=\S+ )*(?:\.venv/bin/)?(?:make|rag|git|cd|export|docker|pip|chroma|python)\b",
            line,
        )
    )


def kind(command: str) -> str:
    words = [
        word for word in shlex.split(command, comments=True) if not re.match(r"[A-Z_]+=", word)
    ]
    words[0] = words[0].removeprefix(".venv/bin/").replace("python3", "python")
    return words[0] if words[0] in ("cd", "export") else " ".join(words[:2])


def test_every_command_of_the_readme_is_tested_somewhere() -> None:
    assert [command for command in readme_commands() if kind(command) not in TESTED] == []


def quick_commands() -> list[str]:
    return [command for command in readme_commands() if TESTED.get(kind(command)) == "run"]


@pytest.mark.parametrize("command", quick_commands() or ["rag --help"])
def test_command_of_the_readme_runs(command: str, tmp_path: Path, models_folder: Path) -> None:
    (tmp_path / "models").symlink_to(models_folder)
    env = {**os.environ, "RAG_STORAGE__PATH": str(tmp_path),
           "PATH": f"{ROOT / '.venv' / 'bin'}:{os.environ['PATH']}"}  # fmt: skip
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.txt").write_text("The ferry leaves Riverton at nine.")
    shown = re.sub(r"(?<![\w/])(?:path/to/\w+|~?/?\w*/?(?:docs|notes|documents)/?)(?=\s|$)",
                   str(tmp_path / "docs"), command)  # fmt: skip
    done = subprocess.run(
        ["bash", "-c", shown], cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )
    allowed = (0, 2, 3) if command.startswith("make") else (0, 3)  # make turns 3 into 2
    assert done.returncode in allowed, done.stderr
    assert "Traceback" not in done.stderr
