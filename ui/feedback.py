"""Votes on answers, kept as a draft of an evaluation dataset.

Each line of the file is one record of the schema that `rag eval` reads: a question with the answer
and evidence that were voted on. Someone looks it over before it counts: a vote down says only that
the answer is wrong, so its evidence is left empty and the note says what was shown.
"""

from __future__ import annotations

import json
import os
import secrets
import tempfile
import threading
from pathlib import Path
from typing import Any

from rag.types import Answer

MAX_NOTE_CHARS = 2000
MAX_FILE_BYTES = 50_000_000
_LOCK = threading.Lock()


def record(answer: Answer, *, is_good: bool) -> dict[str, Any]:
    """The vote as a dataset record with an id of its own."""
    known = is_good and not answer.abstained
    evidence = (
        [[{"document": each.document, "quote": each.quote} for each in answer.citations]]
        if known and answer.citations
        else []
    )
    return {
        "id": f"feedback-{secrets.token_hex(6)}",
        "question": answer.question,
        # Voted up: as answered. Voted down on an abstention: the reader thinks there is an answer.
        "answerable": not answer.abstained if is_good else True,
        "answers": [answer.short_answer] if known and answer.short_answer else [],
        "required": [],
        "forbidden": [],
        "evidence": evidence,
        "min_documents": 1 if known else 0,
        "notes": _shown(answer, "up" if is_good else "down"),
    }


def append(path: Path, entry: dict[str, Any]) -> None:
    """Add one record to the file, which only its owner can read."""
    line = json.dumps(entry, ensure_ascii=False) + "\n"
    with _LOCK:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "a", encoding="utf-8") as file:
            if os.fstat(file.fileno()).st_size < MAX_FILE_BYTES:
                file.write(line)


def annotate(path: Path, identifier: str, note: str) -> bool:
    """Put the reader's note before the record's own; False when there is no such record."""
    words = " ".join(note.split())[:MAX_NOTE_CHARS]
    with _LOCK:
        lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
        entries = [json.loads(line) for line in lines if line.strip()]
        found = [entry for entry in entries if entry["id"] == identifier]
        for entry in found:
            entry["notes"] = f"{words} | {entry['notes']}"
        if found:
            _write(path, "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in entries))
    return bool(found)


def _shown(answer: Answer, vote: str) -> str:
    text = " ".join(answer.text.split())[:1000]
    return f"vote {vote}; index {answer.metadata.fingerprint or 'unknown'}; shown: {text}"


def _write(path: Path, text: str) -> None:
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", dir=path.parent, prefix=".feedback-", delete=False
    ) as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    Path(file.name).replace(path)
