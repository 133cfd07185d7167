"""What of a text is content: boilerplate is marked by leaving it out of the spans, never rewritten.

The signals are general ones of web pages saved as text: furniture labels (share, tags, comment
forms, log-in), copyright and policy lines, rows of navigation, badges, short lines that repeat,
stray scraps between paragraphs, and what follows a comment form at the end of a page. Words that
are labels on one page and content on another ("Search", "Menu", "Log in") count only beside other
furniture. Headings, list items, table rows, code, captions, bylines and datelines stay.
"""

from __future__ import annotations

import re
from collections import Counter

from rag.sentences import paragraphs
from rag.types import Span

_LABEL = re.compile(
    r"""(?ix)^\W*(?:
    advertis(?:ing|ements?) | sponsored(?:\ (?:content|post))? | promoted\ content
    | advertisement\W+(?:story\ continues|scroll).* | (?:story|article)\ continues\ below.*
    | (?:leave|post|write|add)\ (?:a\ )?(?:comment|reply) | \d+\ (?:comments?|shares?|likes?)
    | share(?:\ (?:this|on|via)\b.{0,60}) | (?:re)?tweet(?:\ this)?
    | (?:article|source|original|permanent)\ (?:link|source) | tags?:.* | tagged\b.{0,60}
    | categories:.* | (?:filed|posted)\ (?:under|in)\b.{0,80} | \d+\ min(?:ute)?s?\ read
    | read\ (?:more|next|also|the\ full\ (?:story|article))\b.{0,100}
    | (?:show|load|view|see)\ (?:more|all)(?:\ \w+)?
    | related:.* | related\ (?:articles?|stor(?:y|ies)|posts?|news|links|coverage)
    | you\ (?:may|might)\ also\ (?:like|enjoy).* | recommended\ for\ you | trending\ now
    | most\ (?:read|popular) | more\ from\ .{0,40} | don['’]t\ miss.{0,40}
    | (?:sign|log)\ ?in\ (?:with|to)\ (?:your|comment)\b.{0,40}
    | (?:subscribe|sign\ up)\b(?=.*\b(?:newsletter|our|today|now|unlimited|inbox)\b).{0,120}
    | forgot(?:ten)?\ your\ .{0,30} | create\ (?:an\ |your\ )?account
    | follow\ us\b.{0,40} | download\ our\ app.* | skip\ to\ (?:main\ )?content | back\ to\ top
    | (?:previous|next)\ (?:article|post|story)
    | (?:print|e-?mail)\ (?:this\ )?(?:article|page|story)
    | click\ here\ (?:to|for)\ .{0,60} | watch\ (?:now|live)
    )\W*$"""
)
# Labels on a page's rim, content elsewhere: they count beside other furniture only.
_WEAK_LABEL = re.compile(
    r"""(?ix)^\W*(?:
    home | menu | search | reply | comments? | share | sources? | via | related | recommended
    | trending | latest | popular | (?:sign|log)\ ?(?:in|up|out) | register(?:\ now)?
    | newsletters?
    | subscribe | print | e-?mail | next | previous | about(?:\ us)? | contact(?:\ us)?
    | advertise(?:\ with\ us)? | careers | help | faq | site\ ?map | see\ also | (?:face|you)\w{3,4}
    | twitter | instagram | linkedin | whatsapp | reddit | pinterest | pin(?:\ it)? | rss
    | (?:privacy|cookies?|terms)\b.{0,30} | (?:name|website|e-?mail)\ ?\* | submit | close
    | source\ .{1,20}
    )\W*$"""
)
_NAVIGATION = re.compile(
    r"""(?ix)^\W*(?:home | news | world | politics | business | sports? | opinion
    | tech(?:nology)? | culture | arts | life(?:style)? | video | weather | about(?:\ us)?
    | contact(?:\ us)? | blog | shop
    | archive | search | menu | more | help | faq | login | log\ in | sign\ (?:in|up) | subscribe
    | careers | advertise | site\ ?map
    | (?:privacy|trademark|copyright|refund|cookies?)\ (?:policy|notice)
    | privacy | terms(?:\ (?:of\ (?:use|service)|and\ conditions))? | facebook | twitter | instagram
    | linkedin | youtube | whatsapp | x | rss)\W*$"""
)
_POLICY = re.compile(
    r"""(?ix)
    ^\W*(?:©|\(c\)|copyright\b)(?=.{0,40}\b(?:19|20)\d\d\b)
      (?!.{0,80}\b(?:was|were|is|are|has|law|act)\b)
    | \ball\ rights\ reserved\W*$
    | \bthis\ (?:material|content|article|story|work|site)\b.{0,60}\bmay\ not\ be\ \w+
    | \byour\ e-?mail\ address\ will\ not\ be\ published | \brequired\ fields\ are\ marked
    | \b(?:we|this\ (?:web)?site)\ uses?\ cookies\b | \baccept\ (?:all\ )?cookies\b
    | \bby\ (?:continuing|using|clicking|participating|subscribing|signing\ up)\b.{0,80}
      \byou\ (?:agree|accept|consent|acknowledge|have\ agreed)\b
    | \bunsubscribe\ (?:at\ any\ ?time|here)\b | \bclick\b.{0,30}\bunsubscribe\b
    | \bcomments\ (?:must\ be\ (?:civil|approved)|are\ (?:moderated|closed))
    """
)
_REGISTRY = re.compile(
    r"(?i)\b(?:tax id|ein|duns|vat (?:no|number)|issn)\b\W{0,3}(?:number)?\W{0,3}\d"
)
_FORM = re.compile(r"(?i)^\W*(?:leave|post|write|add) (?:a )?(?:comment|reply)\W*$")
_LINK = re.compile(r"!?\[[^\]]*\]\((?P<target>[^)]*)\)")
_BADGE = re.compile(r"\[?!\[[^\]]*\]\([^)]*\)(?:\]\([^)]*\))?")
_STRUCTURE = re.compile(r"[-*+•–]\s|\d{1,3}[.)]\s|\||>|#{1,6}\s")
_HEADING = re.compile(r"#{1,6}\s")
_FENCE = re.compile(r"^[ \t]*(```|~~~)", re.MULTILINE)
_SENTENCE_END = re.compile(r"[.!?:;,…”\"。！？)]\s*$")
FRONT_MATTER = re.compile(r"\A---\r?\n(.*?)\r?\n---\r?\n", re.DOTALL)

_MAX_POLICY_CHARS = 600
_MAX_REPEATED_CHARS = 60
_MIN_REPEATS = 4
_TAIL = 0.6  # a form or a registry number counts in the last 40 % of the parts


def kept_spans(text: str) -> list[Span]:
    """Spans of the paragraphs that hold content, in order.

    A text in which everything looks like boilerplate is kept whole: better noise than silence.
    """
    front = FRONT_MATTER.match(text)
    parts = [part for part in paragraphs(text) if not front or part.start >= front.end()]
    lines = [part.of(text) for part in parts]
    code = _code_spans(text)
    is_code = [any(part.overlaps(span) for span in code) for part in parts] if code else []
    is_furniture = [
        not (is_code and is_code[index]) and _is_furniture(line, index, len(lines))
        for index, line in enumerate(lines)
    ]
    for mark in (_mark_repeated, _mark_weak_labels, _mark_scraps, _mark_form_tail):
        mark(lines, is_furniture)
    kept = [
        part
        for index, part in enumerate(parts)
        if (is_code and is_code[index]) or not is_furniture[index]
    ]
    return kept or parts


def _is_furniture(line: str, index: int, count: int) -> bool:
    """Furniture by itself, wherever it stands."""
    if not any(char.isalnum() for char in line):
        return not line.startswith("|")
    if len(line) < _MAX_POLICY_CHARS and _POLICY.search(line):
        return True
    if index > count * _TAIL and len(line) < 200 and _REGISTRY.search(line):
        return True
    if _is_navigation(line) or _is_link_furniture(line):
        return True
    if _STRUCTURE.match(line) and not (_HEADING.match(line) and _FORM.match(line)):
        return False
    return bool(_LABEL.match(line)) and not re.search(r"[.!]\s*$", line)


def _is_navigation(line: str) -> bool:
    """A row of section names: `Home | News | Sport`, `Privacy Policy / Refund Policy`."""
    items = [item for item in re.split(r"\s*[|/·•›»]\s*", line.strip(" |")) if item]
    named = sum(bool(_NAVIGATION.match(item)) for item in items)
    return len(items) >= 3 and named >= 2 and all(len(item.split()) <= 3 for item in items)


def _is_link_furniture(line: str) -> bool:
    """Badges, and entries of a table of contents that link into the page itself."""
    if _BADGE.search(line) and not any(char.isalnum() for char in _BADGE.sub("", line)):
        return True
    targets = [match["target"] for match in _LINK.finditer(line)]
    rest = sum(char.isalnum() for char in _LINK.sub("", line))
    return bool(targets) and rest <= 3 and all(target.startswith("#") for target in targets)


def _mark_repeated(lines: list[str], is_furniture: list[bool]) -> None:
    """Short lines that come back, such as page headers; sentences and lists may repeat."""
    seen = Counter(line.casefold() for line in lines)
    for index, line in enumerate(lines):
        if seen[line.casefold()] >= _MIN_REPEATS and len(line) <= _MAX_REPEATED_CHARS:
            is_plain = not _STRUCTURE.match(line) and not _SENTENCE_END.search(line)
            is_label = len(line.split()) > 1 or bool(_WEAK_LABEL.match(line))
            is_furniture[index] |= is_plain and is_label and index > 0


def _mark_weak_labels(lines: list[str], is_furniture: list[bool]) -> None:
    """Doubtful labels in a row of three, or beside a line that is furniture for certain."""
    weak = [bool(_WEAK_LABEL.match(line)) and not _STRUCTURE.match(line) for line in lines]
    for run in _runs([a or b for a, b in zip(weak, is_furniture, strict=True)]):
        is_row = len(run) >= 3 or any(is_furniture[index] for index in run)
        for index in run:
            is_furniture[index] |= is_row


def _mark_scraps(lines: list[str], is_furniture: list[bool]) -> None:
    """A stray label between paragraphs of prose, such as `political cartoon`: two or three words,
    no capital, nothing of a sentence. Lists of such lines (ingredients, names) are content."""
    content = [index for index, flag in enumerate(is_furniture) if not flag]
    for place, index in enumerate(content[1:], start=1):
        beside = [content[place - 1], *content[place + 1 : place + 2]]
        if _is_scrap(lines[index]) and all(_is_prose(lines[each]) for each in beside):
            is_furniture[index] = True


def _mark_form_tail(lines: list[str], is_furniture: list[bool]) -> None:
    """From a comment form near the end on, everything belongs to it."""
    first = int(len(lines) * _TAIL)
    start = next((i for i in range(first, len(lines)) if _FORM.match(lines[i])), len(lines))
    if start and sum(map(len, lines[start:])) < 0.5 * sum(map(len, lines[:start])):
        is_furniture[start:] = [True] * (len(lines) - start)


def _is_scrap(line: str) -> bool:
    if _STRUCTURE.match(line) or _SENTENCE_END.search(line) or not line[0].islower():
        return False
    return len(line.split()) in (2, 3) and not any(char.isdigit() for char in line.split()[0])


def _is_prose(line: str) -> bool:
    return len(line) >= 60 and len(line.split()) >= 8 and not _STRUCTURE.match(line)


def _runs(flags: list[bool]) -> list[list[int]]:
    """Indexes of neighbouring true flags."""
    runs: list[list[int]] = []
    for index, flag in enumerate(flags):
        if flag and runs and runs[-1][-1] == index - 1:
            runs[-1].append(index)
        elif flag:
            runs.append([index])
    return runs


def _code_spans(text: str) -> list[Span]:
    """Fenced code, fences included; an open fence reaches to the end."""
    marks = [match.start() for match in _FENCE.finditer(text)]
    ends = [text.find("\n", mark) for mark in marks[1::2]]
    stops = [end if end >= 0 else len(text) for end in ends]
    return [Span(start, stop) for start, stop in zip(marks[::2], [*stops, len(text)], strict=False)]
