"""Which files are read, how their bytes become text, and what is said of those that are not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.errors import CorpusError, DocumentError
from rag.load import MAX_FILE_BYTES, Source, corpus_folder, decode, read_document, scan

SENTENCE = "café déjà vu £5"


def only(folder: Path) -> Source:
    (source,) = scan(folder)
    return source


def refusal(folder: Path) -> str:
    """Why the one file of the folder cannot be read."""
    with pytest.raises(DocumentError) as caught:
        read_document(only(folder))
    return str(caught.value)


@pytest.mark.parametrize(
    ("data", "notice"),
    [
        (SENTENCE.encode("utf-8"), ""),
        (SENTENCE.encode("utf-8-sig"), ""),
        (SENTENCE.encode("latin-1"), "not UTF-8; read as cp1252"),
        (SENTENCE.encode("utf-16"), "read as UTF-16-LE by its byte order mark"),
        (b"\xfe\xff" + SENTENCE.encode("utf-16-be"), "read as UTF-16-BE by its byte order mark"),
        (SENTENCE.encode("utf-32"), "read as UTF-32-LE by its byte order mark"),
        (SENTENCE.encode("utf-16-le"), "read as UTF-16-LE by its zero bytes"),
    ],
)
def test_decode_is_exact_and_says_how_it_read_what_is_not_utf8(data: bytes, notice: str) -> None:
    text, said = decode(data)
    assert text == SENTENCE
    assert said.startswith(notice)
    assert bool(said) == bool(notice)


@given(st.text(min_size=1).filter(lambda text: text.strip() and text.isprintable()))
def test_decode_gives_back_every_printable_text(text: str) -> None:
    assert decode(text.encode("utf-8"))[0] == text.removeprefix("\ufeff")


def test_decode_keeps_line_ends() -> None:
    assert decode(b"one\r\ntwo\rthree\n")[0] == "one\r\ntwo\rthree\n"


def test_decode_reads_cyrillic_of_another_encoding() -> None:
    text = "Официальные лица двух стран встретились во вторник, чтобы обсудить сотрудничество."
    found, notice = decode(text.encode("cp1251"))
    assert found == text
    assert "not UTF-8" in notice


@pytest.mark.parametrize("seed", range(5))
def test_random_bytes_named_txt_are_refused(tmp_path: Path, seed: int) -> None:
    import random

    (tmp_path / "a.txt").write_bytes(random.Random(seed).randbytes(5000))
    assert "looks like a binary file" in refusal(tmp_path) or "is not the" in refusal(tmp_path)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty"),
        (b" \r\n\t ", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b"text with a NUL\x00 inside", "binary file (it holds NUL bytes)"),
        (b"\x01\x02\x03\x04 text", "binary file (too many control characters)"),
        (b"\xff\xfeodd", "is not the UTF-16-LE its first bytes announce"),
        (b"%PDF-1.7\x00\x01", "binary file"),
    ],
)
def test_files_without_text_are_refused_with_the_reason(
    tmp_path: Path, data: bytes, reason: str
) -> None:
    (tmp_path / "a.txt").write_bytes(data)
    assert reason in refusal(tmp_path)


def test_symlinks_are_refused_inside_and_outside_and_in_a_circle(tmp_path: Path) -> None:
    outside = tmp_path / "secret.txt"
    outside.write_text("secret")
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "real.txt").write_text("text")
    (folder / "inside.txt").symlink_to("real.txt")
    (folder / "outside.txt").symlink_to(outside)
    (folder / "dangling.txt").symlink_to("nowhere.txt")
    (folder / "a.txt").symlink_to("b.txt")
    (folder / "b.txt").symlink_to("a.txt")
    (folder / "up").symlink_to(tmp_path, target_is_directory=True)
    reasons = {source.path: source.refusal for source in scan(folder)}
    assert reasons == {
        "a.txt": "is a link to a file that does not exist",
        "b.txt": "is a link to a file that does not exist",
        "dangling.txt": "is a link to a file that does not exist",
        "inside.txt": "is a link to another place of the folder, which is read there",
        "outside.txt": "is a link to a file outside the folder",
        "real.txt": "",
        "up": "is a link to a file outside the folder",
    }


def test_hard_link_is_refused(tmp_path: Path) -> None:
    outside = tmp_path / "secret.txt"
    outside.write_text("secret")
    folder = tmp_path / "corpus"
    folder.mkdir()
    os.link(outside, folder / "a.txt")
    assert "hard link" in refusal(folder)


@pytest.mark.timeout(10)
def test_fifo_is_refused_without_waiting_even_when_it_took_the_place_of_a_file(
    tmp_path: Path,
) -> None:
    file = tmp_path / "a.txt"
    file.write_text("text")
    before = only(tmp_path)
    file.unlink()
    os.mkfifo(file)
    assert only(tmp_path).refusal == "is not a regular file"
    with pytest.raises(DocumentError, match="is not a regular file"):
        read_document(before)


def test_file_swapped_for_a_link_after_the_scan_is_not_followed(tmp_path: Path) -> None:
    folder = tmp_path / "corpus"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "a.txt").write_text("text")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.txt").write_text("secret")
    source = only(folder)
    (folder / "sub" / "a.txt").unlink()
    (folder / "sub" / "a.txt").symlink_to(tmp_path / "sub" / "a.txt")
    with pytest.raises(DocumentError, match="cannot be read"):
        read_document(source)
    (folder / "sub" / "a.txt").unlink()
    (folder / "sub").rmdir()
    (folder / "sub").symlink_to(tmp_path / "sub", target_is_directory=True)
    with pytest.raises(DocumentError, match="is reached through a link"):
        read_document(source)


def test_names_are_shown_escaped_and_never_alike(tmp_path: Path) -> None:
    names = [b"caf\xe9.txt", "café.txt".encode(), b"a\nb.txt", b"a\\x0ab.txt", "x\u202etxt.txt".encode(),
             "👨‍👩‍👧.txt".encode()]  # fmt: skip
    for name in names:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_text("text")
    shown = [source.path for source in scan(tmp_path)]
    assert sorted(shown) == sorted(
        [
            "caf\\xe9.txt",
            "café.txt",
            "a\\x0ab.txt",
            "a\\x5cx0ab.txt",
            "x\\x202etxt.txt",
            "👨‍👩‍👧.txt",
        ]
    )
    assert all(name.isprintable() or "\u200d" in name for name in shown)
    assert [read_document(source).text for source in scan(tmp_path)] == ["text"] * len(names)


def test_vanished_file_is_a_reason_not_a_crash(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("text")
    source = only(tmp_path)
    (tmp_path / "a.txt").unlink()
    with pytest.raises(DocumentError, match="vanished"):
        read_document(source)


def test_rewritten_file_is_read_as_it_is_now(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("old")
    source = only(tmp_path)
    (tmp_path / "a.txt").write_text("new text")
    assert read_document(source).text == "new text"


def test_unreadable_file_is_a_reason(tmp_path: Path) -> None:
    """Without the capability that lets root read everything, in a process of its own."""
    (tmp_path / "a.txt").write_text("text")
    (tmp_path / "b.txt").write_text("text")
    (tmp_path / "a.txt").chmod(0)
    script = (
        "import sys; from pathlib import Path; from rag.load import *\n"
        "for source in scan(Path(sys.argv[1])):\n"
        "    try: print(source.path, read_document(source).text)\n"
        "    except DocumentError as error: print(source.path, error)\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    if os.geteuid() == 0:
        capabilities = "-dac_override,-dac_read_search"
        command = [
            "setpriv",
            f"--bounding-set={capabilities}",
            f"--inh-caps={capabilities}",
            *command,
        ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "a.txt cannot be read: Permission denied\nb.txt text\n"


def test_hidden_files_are_left_out_and_other_types_listed(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "config.txt").write_text("x")
    (tmp_path / ".hidden.txt").write_text("x")
    (tmp_path / "photo.jpg").write_bytes(b"\xff\xd8")
    (tmp_path / "NOTES.MD").write_text("x")
    assert [(source.path, source.refusal[:23]) for source in scan(tmp_path)] == [
        ("NOTES.MD", ""),
        ("photo.jpg", "has an unsupported type"),
    ]


def test_oversized_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    with (tmp_path / "a.txt").open("wb") as handle:
        handle.truncate(MAX_FILE_BYTES + 1)
    assert refusal(tmp_path) == "is larger than 20 MB"


def test_corpus_folder_says_what_is_wrong_with_it(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(CorpusError, match="No folder at"):
        corpus_folder(tmp_path / "none")
    with pytest.raises(CorpusError, match="is a file, not a folder"):
        corpus_folder(tmp_path / "a.txt")
    assert corpus_folder(tmp_path) == tmp_path.resolve()


def test_document_path_is_relative_and_spans_cut_the_decoded_text(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    data = "\ufeffTitle\r\n\r\nÀ bientôt.\r\n".encode()
    (tmp_path / "a" / "b.txt").write_bytes(data)
    document = read_document(only(tmp_path))
    assert document.path == "a/b.txt"
    assert [span.of(document.text) for span in document.kept] == ["Title", "À bientôt."]
    assert data.decode("utf-8-sig")[document.kept[1].start : document.kept[1].end] == "À bientôt."
