"""A language model's stream cut into sentences with the passages they cite.

Takes pieces of text of any size; gives `CitedSentence`s, each once it is certainly complete. A
decision is only ever taken on text that lies in full in the buffer, so the result does not depend
on how the stream was cut. Citation marks are understood in their usual forms: `[1]`, `[1, 2]`,
`[1-3]`, `[1][2]`, `【1】`, `(1)`, `[^1]`, `[passage 1]`; numbers of no passage are left out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

DATAMARK = "¦"
"""Opens every line of passage text in the prompt; a model that copies it is tidied up here."""

_NUMBERS = r"\d{1,4}(?:\s*(?:,|;|&|and|[-–])\s*\^?(?:passage\s+)?\d{1,4})*"
_LABEL = r"(?:passages?|sources?|refs?|documents?|citations?)?\.?\s*"
_MARK = re.compile(
    rf"\s*(?:\[\[?\s*\^?{_LABEL}({_NUMBERS})\s*\]?\]|[【［]\s*{_LABEL}({_NUMBERS})[^】］]{{0,40}}[】］]"
    rf"|\(\s*{_LABEL}(\d{{1,2}}(?:\s*[,;]\s*\d{{1,2}})*)\s*\))",
    re.IGNORECASE,
)
_STOP = re.compile(r"[.!?…]+[\"”’'»)*_]*|\n")
_OPEN_MARK = re.compile(r"\s*(?:[\[【［][^\]】］\n]{0,48}|\([\d,; ]{0,12})?$")
_ABBREVIATION = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|Prof|Sen|Rep|Gov|Gen|Col|Lt|Sgt|Capt|St|Jr|Sr|vs|etc|approx|No|no|Inc|Ltd|"
    r"Co|Corp|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec|Tue|Wed|Thu|Fri|Mon|e\.g|i\.e|cf|al)"
    r"|\b[A-Z]|(?:\b[A-Za-z]\.)+[A-Za-z])\.$"
)
_BULLET = re.compile(r"^\s*(?:[-*•–]\s+|\d{1,2}[.)]\s+|#{1,6}\s+|>\s*)+")
_ONLY_BULLET = re.compile(r"^\s*(?:\d{1,2}|[-*•])[.)]?$")
_THOUGHT = re.compile(r"^\s*<think>.*?</think>", re.DOTALL)
_MAX_MARK_CHARS = 60


@dataclass(frozen=True, slots=True)
class CitedSentence:
    """A complete sentence without its marks, and the passages it cites in order."""

    text: str
    cited: tuple[int, ...]
    has_unknown: bool = False
    """True when it cited a number that no passage has."""


class MarkerParser:
    """Collects a stream and gives its sentences; one parser for one answer."""

    def __init__(self, passages: int) -> None:
        self._passages = passages
        self._buffer = ""

    def feed(self, piece: str) -> list[CitedSentence]:
        """The sentences that `piece` completes."""
        self._buffer += piece.replace("\r", "")
        return self._drain(final=False)

    def finish(self, *, complete: bool) -> tuple[list[CitedSentence], bool]:
        """What is left at the end, and whether an unfinished sentence was dropped.

        With `complete` false (the stream broke off or was cut) only a sentence that had reached
        its full stop is given.
        """
        found = self._drain(final=True)
        rest, self._buffer = self._buffer, ""
        if complete:
            return [*found, *self._sentence(rest)], False
        return found, bool(rest.strip())

    def _drain(self, *, final: bool) -> list[CitedSentence]:
        if not self._is_past_thought(final=final):
            return []
        found: list[CitedSentence] = []
        while (end := _sentence_end(self._buffer, final=final)) is not None:
            found += self._sentence(self._buffer[:end])
            self._buffer = self._buffer[end:]
        return found

    def _is_past_thought(self, *, final: bool) -> bool:
        """Drop a leading <think> block; False while it may still be going on."""
        start = self._buffer.lstrip()
        if start.startswith("<think>"):
            self._buffer = _THOUGHT.sub("", self._buffer)
            if self._buffer.lstrip().startswith("<think>"):
                self._buffer = "" if final else self._buffer
                return final
            return True
        return final or not (start and "<think>".startswith(start))

    def _sentence(self, raw: str) -> list[CitedSentence]:
        known: dict[int, None] = {}
        unknown = False

        def note(match: re.Match[str]) -> str:
            nonlocal unknown
            numbers = _numbers(match[1] or match[2] or match[3])
            if match[3] and not all(1 <= number <= self._passages for number in numbers):
                return match.group()
            for number in numbers:
                if 1 <= number <= self._passages:
                    known[number] = None
                else:
                    unknown = True
            return ""

        text = _tidied(_MARK.sub(note, raw))
        if not re.search(r"\w", text):
            return []
        return [CitedSentence(text, tuple(known), unknown)]


def _numbers(text: str) -> list[int]:
    numbers: list[int] = []
    for part in re.split(r"[,;&]|and", text):
        ends = [int(each) for each in re.findall(r"\d+", part)]
        if len(ends) == 2 and ends[0] < ends[1] <= ends[0] + 20:
            numbers += range(ends[0], ends[1] + 1)
        else:
            numbers += ends
    return numbers


def _sentence_end(buffer: str, *, final: bool) -> int | None:
    """Where the first sentence of `buffer` ends with its marks; None while that is not certain."""
    for stop in _STOP.finditer(buffer):
        if stop.end() == len(buffer) and not final:
            return None
        before = buffer[: stop.end()].rstrip("*_\"”’'»)")
        is_inner = _ONLY_BULLET.match(buffer[: stop.start()]) or _ABBREVIATION.search(before)
        if is_inner and not _MARK.match(buffer, stop.end()):
            continue
        end = _past_marks(buffer, stop.end())
        rest = buffer[end:]
        if not final and len(rest) < _MAX_MARK_CHARS and _OPEN_MARK.match(rest):
            return None
        if _ends_here(stop.group(), rest, marked=end > stop.end()):
            return end
    return None


def _past_marks(buffer: str, position: int) -> int:
    while match := _MARK.match(buffer, position):
        position = match.end()
    return position


def _ends_here(stop: str, rest: str, *, marked: bool) -> bool:
    if stop == "\n" or not rest.strip() or rest[0] == "\n":
        return True
    if marked:
        return rest[0].isspace() or rest[0].isupper()
    return rest[0].isspace() and not rest.lstrip()[0].islower()


def _tidied(text: str) -> str:
    text = _BULLET.sub("", text.replace(DATAMARK, " "))
    text = re.sub(r"\*\*|__|(?<!\w)[*_](?=\w)|(?<=\w)[*_](?!\w)|`", "", text)
    text = re.sub(r"\s+", " ", text)
    text = re.sub(r"\s*[\[【［][^\]】］]*$", "", text)
    text = re.sub(r"^\s*answer:\s+", "", text, flags=re.IGNORECASE)
    text = re.sub(r"\s+([.,;:!?])", r"\1", text)
    return re.sub(r"(?<=\w\.)\.(?!\.)", "", text).strip()
