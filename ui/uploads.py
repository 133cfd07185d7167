"""Files that people add on the page: a corpus folder of its own, with limits.

The folder lies under the storage path, is readable by its owner only, and never inside the served
corpus. Takes files that the browser has sent, gives the path they were stored under.
"""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path

from rag.errors import DocumentError, SettingsError
from rag.settings import RagSettings

SUFFIXES = (".txt", ".text", ".md", ".markdown")
MAX_FILES = 200
MAX_TOTAL_MB = 200
_SIGNATURES = (
    *(b"%PDF-", b"PK\x03\x04", b"\x7fELF", b"MZ", b"\x89PNG", b"\xff\xd8\xff", b"GIF8"),
    *(b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"7z\xbc\xaf", b"Rar!", b"\xd0\xcf\x11\xe0", b"{\\rtf"),
)
_STORED = re.compile(r"[0-9a-f]{12}-[\w.-]{1,80}", re.ASCII)


class UploadFolder:
    """The folder of added files."""

    def __init__(self, folder: Path, max_file_mb: int) -> None:
        self.folder = folder
        self.max_file_mb = max_file_mb

    @classmethod
    def under(cls, settings: RagSettings, corpus: Path) -> UploadFolder | None:
        """The folder below the storage path, None when uploads are off.

        Raises SettingsError when it would lie inside the served corpus.
        """
        if not settings.server.uploads:
            return None
        folder = settings.storage.path.expanduser().resolve() / "uploads"
        if folder.is_relative_to(corpus.resolve()):
            raise SettingsError(
                f"Added files would land in the served folder ({folder}). "
                "Set RAG_STORAGE__PATH to a folder outside of it, or turn uploads off."
            )
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)
        return cls(folder, settings.server.max_upload_mb)

    def files(self) -> list[str]:
        """Names of the stored files, in order."""
        return sorted(each.name for each in self.folder.iterdir() if _is_ours(each))

    def add(self, source: Path, shown_name: str) -> str:
        """Store a copy of `source`; the name it was stored under.

        Raises DocumentError with the reason when the file is refused.
        """
        name = Path(shown_name.replace("\\", "/")).name
        if Path(name).suffix.lower() not in SUFFIXES:
            raise DocumentError(f"has none of the endings {', '.join(SUFFIXES)}")
        data = self._read(source)
        self._check_room(len(data))
        stored = f"{secrets.token_hex(6)}-{_safe(name)}"
        descriptor = os.open(self.folder / stored, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        return stored

    def remove(self, name: str) -> None:
        """Delete a stored file. Raises DocumentError when there is none of that name."""
        if name not in self.files():
            raise DocumentError("is not among the added files")
        (self.folder / name).unlink(missing_ok=True)

    def _read(self, source: Path) -> bytes:
        limit = self.max_file_mb * 1_000_000
        with source.open("rb") as file:
            data = file.read(limit + 1)
        if len(data) > limit:
            raise DocumentError(f"is larger than {self.max_file_mb} MB")
        if not data.strip():
            raise DocumentError("is empty")
        if data.startswith(_SIGNATURES):
            raise DocumentError("is not a text file, whatever its ending")
        if b"\x00" in data and not data.startswith((b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")):
            raise DocumentError("is not a text file (it holds NUL bytes)")
        return data

    def _check_room(self, size: int) -> None:
        present = [self.folder / name for name in self.files()]
        if len(present) >= MAX_FILES:
            raise DocumentError(f"would be one more than the {MAX_FILES} files allowed")
        if size + sum(each.stat().st_size for each in present) > MAX_TOTAL_MB * 1_000_000:
            raise DocumentError(f"does not fit in the {MAX_TOTAL_MB} MB allowed in all")


def _is_ours(path: Path) -> bool:
    return path.is_file() and not path.is_symlink() and bool(_STORED.fullmatch(path.name))


def _safe(name: str) -> str:
    stem, suffix = Path(name).stem, Path(name).suffix.lower()
    return (re.sub(r"[^A-Za-z0-9]+", "-", stem).strip("-")[:60] or "document") + suffix
