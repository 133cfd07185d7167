"""What of a text is content, and what the text says of itself (title, outlet, author, date).

Boilerplate is marked, never rewritten: `kept_spans` gives the spans that hold content. The
signals are general ones of web pages saved as text: furniture labels (share, tags, comment forms,
log-in), copyright and policy lines, lines that are mostly links, isolated scraps without a
sentence, and whatever follows a comment form in the last part of a page. Captions, bylines and
datelines read like sentences and stay.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import PurePosixPath

from rag.dates import parse_date
from rag.sentences import paragraphs
from rag.types import DocumentMetadata, Span

_LABEL = re.compile(
    r"""(?ix)^\W*(?:
    advertis(?:ing|ement|ements)? | sponsored(?:\ (?:content|post))? | promoted
    | (?:leave|post|write|add)\ a\ (?:comment|reply) | (?:leave|post)\ (?:comment|reply)
    | (?:\d+\ )?comments? | reply | share(?:\ this)?(?:\ (?:article|post|story|on\ .{0,40}))? | tweet
    | (?:article|source|original|permanent|read)?\ ?(?:link|source) | via | tags?:.* | tagged:?.*
    | categor(?:y|ies):.* | filed\ under:?.* | keywords:.*
    | (?:read|see|view|show|load)\ (?:more|also|next|all|full\ (?:story|article)).{0,60}
    | related(?:\ (?:articles?|stories|posts?|content|topics?))?:?.{0,60}
    | you\ (?:may|might)\ also\ like.* | recommended(?:\ for\ you)? | trending(?:\ now)? | most\ (?:read|popular)
    | (?:sign|log)\ ?(?:in|up|out)\b.{0,60} | subscribe\b.{0,80} | register(?:\ now)? | newsletter.{0,40}
    | create\ (?:an\ )?account | forgot(?:ten)?\ your\ .{0,30} | follow\ us\b.{0,40} | download\ our\ app.*
    | (?:skip|jump)\ to\ .{0,30} | back\ to\ top | (?:previous|next)(?:\ (?:article|post|page|story))? | menu | home | search
    | print(?:\ (?:this\ )?(?:article|page))? | e-?mail(?:\ this)? | click\ here.{0,60} | watch\ (?:now|live|more).{0,40}
    | advertisement\W+(?:story\ continues|scroll).* | (?:story|article)\ continues\ below.*
    )\W*$"""
)
_POLICY = re.compile(
    r"""(?ix)
    ©|\(c\)\ (?:19|20)\d\d|\bcopyright\ (?:©\ )?(?:19|20)\d\d | \ball\ rights\ reserved\b
    | \bmay\ not\ be\ (?:published|reproduced|redistributed|broadcast)
    | \bprivacy\ (?:policy|notice)\s*[/|·] | \bterms\ (?:of\ (?:service|use)|and\ conditions)\b.{0,40}$
    | \byour\ e-?mail\ address\ will\ not\ be\ published | \brequired\ fields\ are\ marked
    | \b(?:accept|uses?|use\ of)\ cookies\b | \bunsubscribe\b | \bcomments\ (?:must|are\ moderated|that)\b
    | \b(?:tax\ id|ein|duns|vat\ (?:no|number)|issn|isbn)\b\W{0,3}(?:number)?\W{0,3}\d
    """
)
_FORM = re.compile(
    r"(?i)^\W*(?:(?:leave|post|write|add) a (?:comment|reply)|leave (?:comment|reply)"
    r"|log ?in with your\b.*|your e-?mail address will not be published.*)\W*$"
)
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)|https?://\S+|www\.\S+")
_FRONT_MATTER = re.compile(r"\A---\r?\n(.*?)\r?\n---\r?\n", re.DOTALL)

_DATE_LABEL = re.compile(
    r"(?i)^(?:date|published|posted|updated|last updated|publication date)\b"
    r"(?: on)?\s*[:\-–]?\s*(?P<date>\d{4}-\d{2}-\d{2}|\w+\.? \d{1,2},? \d{4}|\d{1,2} \w+\.? \d{4})\s*"
)
_DATELINE = re.compile(
    r"^(?P<place>[A-Z][A-Z .,'’\-]{2,40})\s*\((?P<agency>[A-Z][\w. ]{1,30})\)\s*[—–-]"
    r"|^\((?P<bracketed>[A-Z][\w .'’\-]{2,30})\)\s+[A-Z]"
)
_BYLINE = re.compile(
    r"^(?:By|BY|Written by|Author:)\s+(?P<author>[A-Z][\w.'’\-]+(?:\s+(?:and\s+)?[A-Z][\w.'’\-]+){1,6})"
    r"(?:\s*[,|–-]\s*(?P<outlet>[A-Z][\w .&'’\-]{1,40}))?\s*$"
)
_COPYRIGHT = re.compile(
    r"(?i:copyright|©|\(c\))\s*(?:©\s*)?(?:\d{4}(?:\s*[-–]\s*\d{4})?)?\s*[-–,]?\s*(?:by\s+)?(?:[Tt]he\s+)?"
    r"(?P<holder>[A-Za-z][\w&'’ \-]{1,50}?)\s*(?:[.,;]|$|\s(?i:all rights))"
)
_TERMS_OF = re.compile(r"(?P<outlet>[A-Z][\w\-]+(?: [A-Z][\w\-]+){0,3})['’]s (?i:terms of (?:service|use))")


def kept_spans(text: str) -> list[Span]:
    """Spans of the paragraphs that hold content, in order.

    A text in which everything looks like boilerplate is kept whole: better noise than silence.
    """
    front = _FRONT_MATTER.match(text)
    parts = [part for part in paragraphs(text) if not front or part.start >= front.end()]
    repeated = Counter(part.of(text).casefold() for part in parts)
    tail = _form_tail(text, parts)
    kept = [
        part
        for index, part in enumerate(parts)
        if index < tail
        and not _is_boilerplate(part.of(text), is_first=index == 0)
        and repeated[part.of(text).casefold()] < 3
    ]
    return kept or parts


def extract_metadata(text: str, path: str) -> DocumentMetadata:
    """Title, outlet, author, dateline place and publication date, each only where the text gives it."""
    parts = [part.of(text) for part in paragraphs(text)]
    front = _front_matter(text)
    place, agency = _dateline(parts)
    author, byline_outlet = _byline(parts)
    outlet = _full_name(agency, parts) or byline_outlet or _publisher(parts)
    return DocumentMetadata(
        title=front.get("title") or _title(text, path),
        outlet=front.get("outlet") or front.get("source") or outlet,
        author=front.get("author") or author,
        place=place,
        published=parse_date(front.get("date", "")) or _published(parts),
    )


def _is_boilerplate(line: str, *, is_first: bool) -> bool:
    letters = sum(char.isalpha() for char in line)
    if letters == 0 and not any(char.isdigit() for char in line):
        return True
    if _LABEL.match(line) or (_POLICY.search(line) and len(line) < 600):
        return True
    if len(line) > 20 and _link_share(line) > 0.6:
        return True
    return not is_first and _is_scrap(line)


def _is_scrap(line: str) -> bool:
    """A stray label such as `political cartoon`: few words, no capital, nothing of a sentence."""
    count = len(line.split())
    if count > 3 or re.search(r"[.!?:;,”\"。！？]\s*$", line) or line.startswith(("-", "*", "•", "|")):
        return False
    return line[:1].islower() and (count > 1 or len(line) < 15)


def _link_share(line: str) -> float:
    return sum(len(match.group()) for match in _LINK.finditer(line)) / len(line)


def _form_tail(text: str, parts: list[Span]) -> int:
    """Index of the first part of a comment or log-in form in the last 40 % of the parts."""
    for index in range(int(len(parts) * 0.6), len(parts)):
        if _FORM.match(parts[index].of(text)):
            return index
    return len(parts)


def _front_matter(text: str) -> dict[str, str]:
    match = _FRONT_MATTER.match(text)
    lines = match.group(1).splitlines() if match else []
    pairs = (line.partition(":") for line in lines if ":" in line and not line[0].isspace())
    return {key.strip().lower(): value.strip().strip("\"'") for key, _, value in pairs}


def _title(text: str, path: str) -> str:
    for part in kept_spans(text)[:1]:
        line = part.of(text).splitlines()[0].strip()
        line = _DATE_LABEL.sub("", line.lstrip("# ")).strip()
        if 0 < len(line) <= 200 and not re.search(r"[.。:;,]$", line):
            return line
    return PurePosixPath(path).stem.replace("_", " ")


def _dateline(parts: list[str]) -> tuple[str, str]:
    for part in parts[:6]:
        match = _DATELINE.match(part)
        if match:
            place = (match.group("place") or match.group("bracketed") or "").strip(" ,")
            return place.title() if place.isupper() else place, match.group("agency") or ""
    return "", ""


def _byline(parts: list[str]) -> tuple[str, str]:
    for part in parts:
        match = _BYLINE.match(part)
        if match:
            return match.group("author"), (match.group("outlet") or "").strip()
    return "", ""


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
        match = _COPYRIGHT.search(part) if len(part) < 300 else None
        if match:
            holder = match.group("holder").strip(" -")
            return " ".join(word[:1].upper() + word[1:] for word in holder.split())
    return ""


def _published(parts: list[str]) -> str:
    """A date printed as the publication date: labelled near either end, or alone on a top line."""
    for part in [*parts[:6], *parts[-4:]]:
        match = _DATE_LABEL.match(part.lstrip("# "))
        if match:
            return parse_date(match.group("date"))
    for part in parts[:5]:
        if len(part) <= 40 and re.search(r"\d{4}", part):
            found = parse_date(part)
            if found:
                return found
    return ""
