"""What a text says of itself: title, outlet, author, dateline place, publication date.

Each field is filled only where the text gives it in a place and form made for it: front matter,
a dateline, a byline, a copyright line, a labelled date. A date inside a sentence is no
publication date, and the time of a file never is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from rag.clean import FRONT_MATTER, kept_spans
from rag.dates import DAY, parse_date
from rag.sentences import paragraphs
from rag.types import DocumentMetadata, Span

_WEEKDAY = r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\.?,? )?"
_DATE_LABEL = re.compile(
    r"(?i)^(?P<label>date|(?:first |originally )?published|posted|(?:last )?updated"
    r"|publication date)"
    rf"\b(?: on)?\s*[:\-–]?\s*{_WEEKDAY}(?P<date>{DAY})\s*"
)
# What may stand beside a publication date on a line of its own.
_BESIDE_DATE = re.compile(
    r"(?i)\b(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?|published|posted|at|on"
    r"|a\.?m\.?|p\.?m\.?|gmt|utc|[ecmp][sd]?t|cet|t?\d{1,2}[:.h]\d{2}(?:[:.]\d{2})?z?)\b\.?|[\W_]"
)
_BY_AND_DATE = re.compile(r"(?i)^by\s[^.!?]{3,60}?\s*[|,·•–—-]\s*")
_DATELINE = re.compile(
    r"^(?P<place>[A-Z][A-Z .,'’\-]{2,40})\s*\((?P<agency>[A-Z][\w. ]{1,30})\)\s*[—–-]"
    r"|^\((?P<bracketed>[A-Z][\w.'’\-]*(?: [A-Z][\w.'’\-]*){0,2})\)\s+[A-Z]"
)
_NAME = r"[A-Z][\w.'’\-]+(?:\s+(?:(?:and|de|van|von|der|la|bin|al)\s+)*[A-Z][\w.'’\-]*){1,6}"
_BYLINE = re.compile(
    rf"^(?:By|BY|Written by|Author:)\s+(?P<author>{_NAME})"
    r"(?:\s*[,|·–—-]\s*(?P<outlet>[A-Z][\w .&'’\-]{1,40}))?\s*$"
)
_COPYRIGHT = re.compile(
    r"(?i:copyright|©|\(c\))\s*(?:©\s*|\(c\)\s*)?(?:\d{4}(?:\s*[-–]\s*\d{4})?)?\s*[-–,]?\s*(?:by\s+)?"
    r"(?:[Tt]he\s+)?(?P<holder>[A-Za-z][\w&'’ \-]{1,50}?)\s*(?:[.,;|]|$|\s(?i:all rights))"
)
_TERMS_OF = re.compile(
    r"(?P<outlet>[A-Z][\w\-]+(?: [A-Z][\w\-]+){0,3})['’]s (?i:terms of (?:service|use))"
)
_TOP, _BOTTOM = 6, 4  # paragraphs at the ends of a page where labels stand


def extract_metadata(text: str, path: str, kept: Sequence[Span] | None = None) -> DocumentMetadata:
    """Title, outlet, author, place and date of `text`; empty where it gives none.

    The title falls back to the file's name. `kept` saves finding the content's spans again.
    """
    parts = [part.of(text) for part in paragraphs(text)]
    content = [part.of(text) for part in (kept_spans(text) if kept is None else kept)]
    front = _front_matter(text)
    place, agency = _dateline(content)
    author, byline_outlet = _byline(content)
    outlet = _full_name(agency, parts) or byline_outlet or _publisher(parts)
    return DocumentMetadata(
        title=front.get("title") or _title(content, path),
        outlet=front.get("outlet") or front.get("source") or outlet,
        author=front.get("author") or author,
        place=place,
        published=parse_date(front.get("date", "")) or _published(content),
    )


def _front_matter(text: str) -> dict[str, str]:
    match = FRONT_MATTER.match(text)
    lines = match.group(1).splitlines() if match else []
    pairs = (line.partition(":") for line in lines if ":" in line and not line[0].isspace())
    return {key.strip().lower(): value.strip().strip("\"'") for key, _, value in pairs}


def _title(content: list[str], path: str) -> str:
    for part in content[:1]:
        line = _DATE_LABEL.sub("", part.splitlines()[0].strip().lstrip("# "))
        line = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", line)
        line = re.sub(r"\*\*|__|`", "", line).strip(" #")
        if 0 < len(line) <= 200 and not re.search(r"[.。:;,]$", line):
            return line
    return PurePosixPath(path).stem.replace("_", " ")


def _dateline(parts: list[str]) -> tuple[str, str]:
    for part in parts[:_TOP]:
        match = _DATELINE.match(part)
        if match:
            place = (match.group("place") or match.group("bracketed") or "").strip(" ,")
            return place.title() if place.isupper() else place, match.group("agency") or ""
    return "", ""


def _byline(parts: list[str]) -> tuple[str, str]:
    for part in [*parts[:_TOP], *parts[max(_TOP, len(parts) * 6 // 10) :]]:
        match = _BYLINE.match(_without_date(part))
        if match:
            return match.group("author"), (match.group("outlet") or "").strip()
    return "", ""


def _without_date(line: str) -> str:
    """`By Ada Byron | 3 May 2024` -> `By Ada Byron`."""
    match = re.search(rf"(?i)\s*[|,·•–—-]\s*{_WEEKDAY}{DAY}.*$", line) if len(line) < 120 else None
    return line[: match.start()] if match else line


def _full_name(agency: str, parts: list[str]) -> str:
    """`Associated Press` for the dateline's `AP` when the copyright line spells it out."""
    holder = _copyright_holder(parts)
    initials = "".join(word[0] for word in holder.split()).upper()
    return holder if agency and initials == agency.upper() else agency


def _publisher(parts: list[str]) -> str:
    for part in parts:
        match = _TERMS_OF.search(part)
        if match:
            return match.group("outlet")
    return _copyright_holder(parts)


def _copyright_holder(parts: list[str]) -> str:
    for part in parts:
        line = part.strip()
        if len(line) < 300 and re.search(r"(?i)^\W*(?:copyright|©|\(c\))|\d{4}\W+©", line):
            match = _COPYRIGHT.search(line)
            holder = match.group("holder").strip(" -") if match else ""
            if holder and re.search(r"©|\(c\)|\d{4}", line[:40], re.IGNORECASE):
                return " ".join(word[:1].upper() + word[1:] for word in holder.split())
    return ""


def _published(parts: list[str]) -> str:
    """A date printed as the publication date: labelled near either end, or on a top line that
    holds nothing else but a byline, a weekday or a time."""
    labelled = [
        (match["label"].lower().endswith("updated"), parse_date(match["date"]))
        for part in [*parts[:_TOP], *parts[_TOP:][-_BOTTOM:]]
        if (match := _DATE_LABEL.match(part.lstrip("# *_")))
    ]
    for _, found in sorted(labelled, key=lambda pair: pair[0]):  # the first issue before an update
        if found:
            return found
    for part in parts[:_TOP]:
        if len(part) <= 100 and re.search(r"\d{4}", part) and _is_date_line(part):
            return parse_date(part)
    return ""


def _is_date_line(line: str) -> bool:
    rest, count = re.subn(rf"(?i){DAY}", " ", _BY_AND_DATE.sub("", line))
    return count == 1 and not _BESIDE_DATE.sub("", rest)
