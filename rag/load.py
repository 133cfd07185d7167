"""Files to documents: which files of a folder are read, and how their bytes become text.

Takes a corpus folder, gives `Source`s (what could be a document, with size and times) and
`Document`s. Only regular files inside the folder are opened; everything else is refused with a
reason that `rag status` lists. One file's failure never stops the others.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from rag.clean import kept_spans
from rag.errors import CorpusError, DocumentError
from rag.metadata import extract_metadata
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


_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f-\x84\x86-\x9f]")
# Joiners inside emoji and Persian or Indic names; other invisible characters are escaped.
_HARMLESS = "\u200c\u200d"


@dataclass(frozen=True, slots=True)
class Source:
    """A file of the corpus folder: its shown path, where it is, and what tells if it changed."""

    path: str
    """Relative to the folder, forward slashes; undecodable bytes and control characters escaped."""
    file: Path
    size: int
    changed_ns: int
    """Time of the last change of content, name, links or permissions (ctime)."""
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
    """Every file below `folder` in path order, refused ones with a reason.

    Hidden files are left out, and what the folder's `.ragignore` names (patterns as in .gitignore).
    """
    root = Path(os.path.realpath(folder))
    ignored = _ignored(root)
    found = [source for source in _walk(root, root) if not ignored(source.path)]
    return sorted(found, key=lambda source: source.path)


def _ignored(root: Path) -> Callable[[str], bool]:
    """Tells whether a path is named in the folder's `.ragignore`."""
    named = root / ".ragignore"
    try:
        if not stat.S_ISREG(named.lstat().st_mode):
            return lambda _: False
        lines = named.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return lambda _: False
    import pathspec

    return pathspec.GitIgnoreSpec.from_lines(lines).match_file


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
        metadata=extract_metadata(text, source.path, kept),
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
    unmarked = _unmarked_utf16(data)
    if unmarked:
        return _checked(_strict(data, unmarked)), f"read as {unmarked.upper()} by its zero bytes"
    if b"\x00" in data:
        raise DocumentError("looks like a binary file (it holds NUL bytes)")
    try:
        return _checked(data.decode("utf-8")), ""
    except UnicodeDecodeError:
        return _detected(data)


def _unmarked_utf16(data: bytes) -> str:
    """The UTF-16 encoding of mostly Latin text without a mark: every other byte is zero."""
    sample = data[:4096]
    half = len(sample) // 2
    zeros = (sample[0::2].count(0), sample[1::2].count(0))
    if half >= 2 and len(data) % 2 == 0 and min(zeros) == 0 and max(zeros) > 0.7 * half:
        return "utf-16-le" if zeros[1] else "utf-16-be"
    return ""


def _bom_notice(encoding: str) -> str:
    return "" if encoding == "utf-8" else f"read as {encoding.upper()} by its byte order mark"


def _strict(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise DocumentError(f"is not the {encoding.upper()} its first bytes announce") from error


def _detected(data: bytes) -> tuple[str, str]:
    share_high = sum(byte >= 0x80 for byte in data) / len(data)
    if share_high < 0.2 or not re.search(rb"[\x80-\xff]{4}", data):
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
    controls = sum(1 for _ in _CONTROL.finditer(text))
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
    return Source(shown, path, info.st_size, info.st_ctime_ns, _refusal(path, root, info))


def _refusal(path: Path, root: Path, info: os.stat_result) -> str:
    if stat.S_ISLNK(info.st_mode):
        target = os.path.realpath(path)  # pathlib raises on a circle of links
        if not os.path.exists(target):  # noqa: PTH110
            return "is a link to a file that does not exist"
        inside = Path(target).is_relative_to(root)
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
    """The path as shown and cited: one name for each file, printable, bytes that are no UTF-8
    and invisible characters escaped, and the backslash too, so that no two files share a name."""
    raw = path.relative_to(root).as_posix()
    escaped = raw.replace("\\", "\\x5c").encode("utf-8", "surrogateescape")
    decoded = escaped.decode("utf-8", "backslashreplace")
    return "".join(
        f"\\x{ord(char):02x}" if _is_invisible(char) and char not in _HARMLESS else char
        for char in decoded
    )


def _is_invisible(char: str) -> bool:
    return unicodedata.category(char) in ("Cc", "Cf", "Zl", "Zp")


def _read_bytes(source: Source) -> bytes:
    """The file's bytes, read again once when it changed in between."""
    data, is_steady = _read_once(source)
    return data if is_steady else _read_once(source)[0]


def _read_once(source: Source) -> tuple[bytes, bool]:
    """Bytes, and whether the file stayed the same meanwhile. Links are never followed, and only
    regular files are read, judged on the opened handle: the file may have been swapped since."""
    if os.path.realpath(source.file.parent) != str(source.file.parent):
        raise DocumentError("is reached through a link")
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
    is_steady = (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
    return data, is_steady and len(data) == after.st_size
