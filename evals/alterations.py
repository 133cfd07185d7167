"""Sentences altered in one place, or reworded without a change of meaning.

Takes a sentence with the passage it stands in and a source of chance; gives the new sentence, or
None when there is nothing of the kind to alter. The word lists are this generator's own, not those
of the checks that are measured with it.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from itertools import pairwise


def _words(text: str) -> list[str]:
    return text.split()


def _pairs(text: str) -> dict[str, str]:
    return dict(pair.split("/") for pair in text.split())


MONTHS = _words(
    """January February March April May June July August September October November December"""
)
DAYS = _words("Monday Tuesday Wednesday Thursday Friday Saturday Sunday")
FLIPS = _pairs(
    """increased/decreased decreased/increased rose/fell fell/rose won/lost lost/won
    accepted/rejected rejected/accepted allowed/prohibited prohibited/allowed began/ended
    ended/began before/after after/before more/less less/more larger/smaller
    smaller/larger higher/lower lower/higher supported/opposed opposed/supported
    included/excluded largest/smallest smallest/largest best/worst worst/best easy/hard
    hard/easy always/never never/always love/hate hate/love loved/hated great/terrible
    perfect/useless first/last highest/lowest lowest/highest gained/lost joined/left
    above/below below/above north/south south/north east/west west/east northern/southern
    southern/northern eastern/western western/eastern possible/impossible able/unable
    likely/unlikely common/rare early/late strong/weak weak/strong approved/blocked
    gave/took founded/dissolved opened/closed closed/opened"""
)
SWAPPED_IN = _pairs(
    """began/started started/began large/big big/large built/constructed constructed/built
    bought/purchased purchased/bought movie/film film/movie used/utilized near/close_to
    many/numerous approximately/about about/approximately received/obtained got/received
    however/but said/stated stated/said located/situated situated/located
    important/significant significant/important helped/assisted killed/slain
    showed/demonstrated often/frequently frequently/often usually/typically
    typically/usually nearly/almost almost/nearly made/produced produced/made
    created/produced children/kids kids/children quickly/rapidly rapidly/quickly
    small/little whole/entire entire/whole also/additionally died/passed_away
    shows/demonstrates bigger/larger great/excellent easily/readily buy/purchase
    cheap/inexpensive several/a_number_of"""
)
OPENERS = frozenset(
    _words(
        """A After All Also Although An And Another Any As At Before Both But By During Each
    Every Few First For From He Her His How I If In It Its Later Less Many More Most Much
    My No Not On One Only Or Other Others Our Several She Since So Some Such That The
    Their Then There These They This Those Three Today Two Under We What When Where Which
    While Who Why You Your"""
    )
)
ADDITIONS = (
    "because of heavy rain",
    "to the anger of its neighbours",
    "after a secret vote",
    "despite strong protests",
    "which surprised many experts",
    "and was later fined",
    "without any warning",
    "thanks to a bribe",
)
NUMBER_WORDS = _words("two three four five six seven eight nine ten eleven twelve")
_NAME = re.compile(r"(?<=[a-z,] )(?:[A-Z][a-zé]+)(?: [A-Z][a-zé]+)*")
_SPEAKER = re.compile(
    r"((?:[A-Z][a-z]+ )*[A-Z][a-z]+)(?= (?:said|says|stated|states|argued|argues|claimed|claims|"
    r"wrote|writes|noted|notes|told|announced|reported|believed|declared|explained|suggested)\b)"
    r"|(?<=ccording to )((?:[A-Z][a-z]+ )*[A-Z][a-z]+)"
)
_AUXILIARY = re.compile(r"\b(is|are|was|were|has|had|can|could|will|would|should|must)\b(?! not)")

Change = Callable[[str, str, random.Random], str | None]


def change_number(sentence: str, passage: str, rng: random.Random) -> str | None:
    """One number becomes another: one of the passage, or the same changed a little."""
    found = list(re.finditer(r"(?<![\w.,-])\d{1,3}(?:,\d{3})*(?:\.\d+)?(?![\w,.-]*\d)", sentence))
    words = [m for m in re.finditer(r"\b\w+\b", sentence) if m[0].lower() in NUMBER_WORDS]
    if not found and not words:
        return None
    match = rng.choice(found + words)
    if match in words:
        new = rng.choice([w for w in NUMBER_WORDS if w != match[0].lower()])
        return _put(sentence, match, new.title() if match[0][0].isupper() else new)
    others = [n for n in re.findall(r"\b\d{1,3}\b", passage) if n != match[0]]
    value = float(match[0].replace(",", ""))
    near = f"{value + rng.choice([1, 2, 3, 10, 100]):,.0f}"
    return _put(sentence, match, rng.choice([*others[:4], near]))


def change_date(sentence: str, _passage: str, rng: random.Random) -> str | None:
    """A year, month or weekday becomes another."""
    pattern = rf"\b(?:1[0-9]\d\d|20[0-2]\d|{'|'.join(MONTHS + DAYS)})\b"
    found = list(re.finditer(pattern, sentence))
    if not found:
        return None
    match = rng.choice(found)
    if match[0].isdigit():
        return _put(sentence, match, str(int(match[0]) + rng.choice([-11, -2, -1, 1, 2, 10])))
    names = MONTHS if match[0] in MONTHS else DAYS
    return _put(sentence, match, rng.choice([name for name in names if name != match[0]]))


def change_name(sentence: str, passage: str, rng: random.Random) -> str | None:
    """A name becomes another name of the passage, or of nowhere near."""
    found = [m for m in _NAME.finditer(sentence) if _is_name(m[0])]
    if not found:
        return None
    match = rng.choice(found)
    others = [
        n for n in _NAME.findall(passage)
        if _is_name(n) and not set(n.split()) & set(sentence.replace(",", "").split())
    ]  # fmt: skip
    return _put(sentence, match, rng.choice([*others, "Harold Finch", "Belmont"]))


def change_order(sentence: str, _passage: str, _rng: random.Random) -> str | None:
    """Two names on both sides of a verb change places."""
    found = re.match(
        r"((?:[A-Z][a-z]+ )+)((?:[a-z]+ ){0,2}(?!and )[a-z]+(?:ed|ew|ook|eat|et|ent|ught|ers)"
        r"(?: by| to)? )((?:[A-Z][a-z]+ ?)+)",
        sentence,
    )
    if not found or " and " in found[2] or found[1].split()[0] in OPENERS:
        return None
    one, verb, other = found[1].strip(), found[2], found[3].strip()
    rest = sentence[found.start(3) + len(other) :]
    return f"{other} {verb}{one}{rest}" if one != other else None


def change_polarity(sentence: str, _passage: str, rng: random.Random) -> str | None:
    """A "not" comes or goes, or a word becomes its opposite."""
    ways = []
    for match in _AUXILIARY.finditer(sentence):
        ways.append(_put(sentence, match, f"{match[0]} {rng.choice(['not', 'never'])}"))
    for match in re.finditer(r"(?: not|n't)\b(?! only)", sentence):
        ways.append(_put(sentence, match, ""))
    for match in re.finditer(r"\b\w+\b", sentence):
        if match[0] in FLIPS:
            ways += [_put(sentence, match, FLIPS[match[0]])] * 2
    return rng.choice(ways) if ways else None


def change_speaker(sentence: str, passage: str, rng: random.Random) -> str | None:
    """What one said is given to another of the passage, or to a stranger."""
    found = [m for m in _SPEAKER.finditer(sentence) if _is_name(m[0])]
    if not found:
        return None
    match = rng.choice(found)
    said = set(match[0].split())
    others = [n for n in _NAME.findall(passage) if not set(n.split()) & said and _is_name(n)]
    return _put(sentence, match, rng.choice([*others, "Harold Finch"]))


def change_exchange(sentence: str, _passage: str, rng: random.Random) -> str | None:
    """Two numbers of the sentence change places."""
    found = list(re.finditer(r"(?<![\w.,-])\d+(?:[.,]\d+)*(?![\w-])", sentence))
    pairs = [(a, b) for a, b in pairwise(found) if a[0] != b[0]]
    if not pairs:
        return None
    one, other = rng.choice(pairs)
    between = sentence[one.end() : other.start()]
    if len(between.split()) < 2:  # "March 4, 2019" and "5-7" make no sense the other way round
        return None
    return sentence[: one.start()] + other[0] + between + one[0] + sentence[other.end() :]


def change_addition(sentence: str, _passage: str, rng: random.Random) -> str | None:
    """A circumstance that the passage does not mention is added at the end."""
    return f"{sentence[:-1]} {rng.choice(ADDITIONS)}." if sentence.endswith(".") else None


def paraphrase(sentence: str, passage: str, rng: random.Random) -> str | None:
    """One or two changes of wording that leave the meaning."""
    ways: list[Callable[[str, random.Random], str | None]] = [
        _synonym, _number_form, _date_form, _without_aside, _moved_opening, _framed, _contracted,
        _without_filler,
    ]  # fmt: skip
    rng.shuffle(ways)
    new, wanted = sentence, rng.choice([1, 2])
    for way in ways:
        changed = way(new, rng)
        if changed and changed != new:
            new, wanted = changed, wanted - 1
        if not wanted:
            break
    return new if new != sentence and passage else None


def _synonym(sentence: str, rng: random.Random) -> str | None:
    found = [m for m in re.finditer(r"\b\w+\b", sentence) if m[0] in SWAPPED_IN]
    return (
        _put(sentence, m := rng.choice(found), SWAPPED_IN[m[0]].replace("_", " "))
        if found
        else None
    )


def _number_form(sentence: str, _rng: random.Random) -> str | None:
    match = re.search(r"(?<![\w.,$-])([2-9]|1[0-2])(?![\w.,%-])", sentence)
    if match and match[0].isdigit():
        return _put(sentence, match, NUMBER_WORDS[int(match[0]) - 2])
    match = re.search(r"\b\d{1,3},\d{3}\b", sentence) or re.search(
        r"(?<=\d)(?:%| percent)", sentence
    )
    if not match:
        return None
    forms = {"%": " percent", " percent": "%"}
    return _put(sentence, match, forms.get(match[0], match[0].replace(",", "")))


def _date_form(sentence: str, _rng: random.Random) -> str | None:
    match = re.search(rf"\b({'|'.join(MONTHS)}) (\d{{1,2}}), (\d{{4}})\b", sentence)
    return _put(sentence, match, f"{match[2]} {match[1]} {match[3]}") if match else None


def _without_aside(sentence: str, _rng: random.Random) -> str | None:
    match = re.search(r" \([^()]{3,60}\)", sentence)
    return _put(sentence, match, "") if match else None


def _moved_opening(sentence: str, _rng: random.Random) -> str | None:
    match = re.match(
        r"((?:In|On|During|At|Since|By) [^,.]{3,40}), (the|a|it|they|he|she|I|this) ", sentence
    )
    if not match or sentence[-1] != "." or ("," in sentence[match.end() :]):
        return None
    body = sentence[match.start(2) : -1]
    opening = match[1][0].lower() + match[1][1:]
    return f"{body[0].upper()}{body[1:]} {opening}."


def _framed(sentence: str, rng: random.Random) -> str | None:
    frame = rng.choice(["According to the passage, ", "The article says that "])
    lowered = sentence.split()[0].lower() in ("the", "a", "in", "it", "this", "on", "they", "these")
    return frame + (sentence[0].lower() + sentence[1:] if lowered else sentence)


def _contracted(sentence: str, _rng: random.Random) -> str | None:
    match = re.search(r"\b(is|was|did|does|do|were|are|has|had) not\b", sentence)
    if match:
        return _put(sentence, match, f"{match[1]}n't")
    match = re.search(r"\b(is|was|did|does|do|were|are|has|had)n't\b", sentence)
    return _put(sentence, match, f"{match[1]} not") if match else None


def _without_filler(sentence: str, _rng: random.Random) -> str | None:
    new = re.sub(
        r"(?i)\b(?:also|very|really|however,|therefore,|moreover,|then|thus|just) ", "", sentence
    )
    return new[0].upper() + new[1:] if new and new != sentence else None


CHANGES: dict[str, Change] = {
    "untouched": lambda sentence, _passage, _rng: sentence,
    "paraphrase": paraphrase,
    "number": change_number,
    "date": change_date,
    "name": change_name,
    "order": change_order,
    "polarity": change_polarity,
    "speaker": change_speaker,
    "exchange": change_exchange,
    "addition": change_addition,
}


def _is_name(name: str) -> bool:
    return name not in MONTHS + DAYS and name.split()[0] not in OPENERS


def _put(sentence: str, match: re.Match[str], new: str) -> str:
    return sentence[: match.start()] + new + sentence[match.end() :]
