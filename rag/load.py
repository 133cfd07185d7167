"""Files to documents: which files of a folder are read, and how their bytes become text.

Takes a corpus folder, gives `Source`s (what could be a document, with size and times) and
`Document`s. Only regular files inside the folder are opened; everything else is refused with a
reason that `rag status` lists. One file's failure never stops the others.
"""

from __future__ import annotations

import hashlib
import os
import stat
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rag.clean import extract_metadata, kept_spans
from rag.errors import CorpusError, DocumentError
from rag.types import Document

TEXT_SUFFIXES = frozenset({".txt", ".text", ".md", ".markdown"})
MAX_FILE_BYTES = 20_000_000
_BOMS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)


@dataclass(frozen=True, slots=True)
class Source:
    """A file of the corpus folder: its shown path, where it is, and what tells if it changed."""

    path: str
    """Relative to the folder, forward slashes; undecodable bytes and control characters escaped."""
    file: Path
    size: int
    modified_ns: int
    refusal: str = ""
    """Why the file is not read, empty when it is."""


def corpus_folder(corpus: Path | str) -> Path:
    """The resolved folder. Raises CorpusError when it is missing, no folder, or not readable."""
    folder = Path(corpus).expanduser()
    if not folder.exists():
        raise CorpusError(f"No folder at {folder}. Give the path of a folder of documents.")
    if not folder.is_dir():
        raise CorpusError(f"{folder} is a file, not a folder. Give the folder that holds it.")
    if not os.access(folder, os.R_OK | os.X_OK):
        raise CorpusError(f"{folder} cannot be read. Change its permissions.")
    return folder.resolve()


def scan(folder: Path) -> list[Source]:
    """Every file below `folder` in path order, hidden ones left out, refused ones with the reason."""
    return sorted(_walk(folder, folder), key=lambda source: source.path)


def read_document(source: Source) -> Document:
    """Read and decode one file. Raises DocumentError with the reason when it cannot be."""
    if source.refusal:
        raise DocumentError(source.refusal)
    data = _read_bytes(source)
    text, notice = decode(data)
    kept = tuple(kept_spans(text))
    return Document(
        path=source.path,
        text=text,
        sha256=hashlib.sha256(data).hexdigest(),
        metadata=extract_metadata(text, source.path),
        kept=kept,
        notice=notice,
    )


def decode(data: bytes) -> tuple[str, str]:
    """Text of `data` and how it was found, the notice empty for plain UTF-8.

    By byte order mark (dropped before offsets count), then UTF-8, then detection. Line ends stay
    as they are. Raises DocumentError for binary data.
    """
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return _checked(_strict(data[len(mark) :], encoding)), _bom_notice(encoding)
    if b"\x00" in data:
        raise DocumentError("looks like a binary file (it holds NUL bytes)")
    try:
        return _checked(data.decode("utf-8")), ""
    except UnicodeDecodeError:
        return _detected(data)


def _bom_notice(encoding: str) -> str:
    return "" if encoding == "utf-8" else f"read as {encoding.upper()} by its byte order mark"


def _strict(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise DocumentError(f"is not the {encoding.upper()} its first bytes announce") from error


def _detected(data: bytes) -> tuple[str, str]:
    share_high = sum(byte >= 0x80 for byte in data) / len(data)
    if share_high < 0.2:
        # Western text with a few accents: detectors need more of them than a short file has.
        encoding = "cp1252"
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            encoding = "latin-1"
            text = data.decode(encoding)
    else:
        import charset_normalizer

        best = charset_normalizer.from_bytes(data).best()
        if best is None:
            raise DocumentError("looks like a binary file (no encoding fits)")
        encoding, text = best.encoding, str(best)
    return _checked(text), f"not UTF-8; read as {encoding}, so check its special characters"


def _checked(text: str) -> str:
    """`text` unless too many control characters show that the bytes were no text."""
    controls = sum(unicodedata.category(char) == "Cc" and char not in "\t\n\r\f\x85" for char in text)
    if controls > max(2, len(text) // 200):
        raise DocumentError("looks like a binary file (too many control characters)")
    if not text.strip():
        raise DocumentError("is empty")
    return text


def _walk(folder: Path, root: Path) -> Iterator[Source]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        if folder == root:
            raise CorpusError(f"{root} cannot be read: {error.strerror}.") from error
        yield Source(_shown(folder, root), folder, 0, 0, f"cannot be read: {error.strerror}")
        return
    for entry in entries:
        path = Path(entry.path)
        if entry.name.startswith("."):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(path, root)
        else:
            source = _source(path, root)
            if source:
                yield source


def _source(path: Path, root: Path) -> Source | None:
    shown = _shown(path, root)
    try:
        info = path.lstat()
    except FileNotFoundError:
        return None
    except OSError as error:
        return Source(shown, path, 0, 0, f"cannot be read: {error.strerror}")
    return Source(shown, path, info.st_size, info.st_mtime_ns, _refusal(path, root, info))


def _refusal(path: Path, root: Path, info: os.stat_result) -> str:
    if stat.S_ISLNK(info.st_mode):
        target = path.resolve()
        if not target.exists():
            return "is a link to a file that does not exist"
        inside = target.is_relative_to(root)
        return (
            "is a link to another place of the folder, which is read there"
            if inside
            else "is a link to a file outside the folder"
        )
    if not stat.S_ISREG(info.st_mode):
        return "is not a regular file"
    if path.suffix.lower() not in TEXT_SUFFIXES:
        return f"has an unsupported type ({path.suffix or 'no suffix'}); text and Markdown are read"
    if info.st_nlink > 1:
        return "is a hard link to a file that also stands elsewhere; copy it instead"
    if info.st_size > MAX_FILE_BYTES:
        return f"is larger than {MAX_FILE_BYTES // 1_000_000} MB"
    return ""


def _shown(path: Path, root: Path) -> str:
    raw = path.relative_to(root).as_posix()
    decoded = raw.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(
        char if unicodedata.category(char) not in ("Cc", "Cf") else f"\\x{ord(char):02x}"
        for char in decoded
    )


def _read_bytes(source: Source) -> bytes:
    """The file's bytes, read again once when it changed in between; links are never followed."""
    for _ in range(2):
        try:
            descriptor = os.open(source.file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with os.fdopen(descriptor, "rb") as handle:
                before = os.fstat(handle.fileno())
                if not stat.S_ISREG(before.st_mode):
                    raise DocumentError("is not a regular file")
                data = handle.read(MAX_FILE_BYTES + 1)
                after = os.fstat(handle.fileno())
        except FileNotFoundError as error:
            raise DocumentError("vanished while it was read") from error
        except OSError as error:
            raise DocumentError(f"cannot be read: {error.strerror}") from error
        if len(data) > MAX_FILE_BYTES:
            raise DocumentError(f"is larger than {MAX_FILE_BYTES // 1_000_000} MB")
        if (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns):
            return data
    return data
