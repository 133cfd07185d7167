"""English function words and a few word forms: what phrases are cut at, without a tagger.

Closed classes (auxiliaries, prepositions, determiners, question words), titles and the endings of
role nouns; and the tokens of a text that know to which they belong.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from rag.analyze import STOPWORDS


def word_set(words: str) -> frozenset[str]:
    """The words of a string, as a set."""
    return frozenset(words.split())


AUXILIARIES = word_set(
    """is are was were be been being am do does did has have had can could will would shall should
    may might must"""
)
DO = word_set("do does did can could will would shall should may might must")
DETERMINERS = word_set("the a an this that these those its his her their our my your")
PREPOSITIONS = word_set(
    """about after against among around as at before behind between by during for from in inside
    into near of on onto outside over per since through to toward towards under until upon via with
    within without across despite regarding according"""
)
WH = word_set("who whom whose what which when where why how")
_INDEFINITE = word_set(
    """every else there then someone somebody something anyone anybody anything everyone everybody
    everything nobody nothing"""
)
FUNCTION = (STOPWORDS | AUXILIARIES | DETERMINERS | PREPOSITIONS | WH | _INDEFINITE) - {
    "said",
    "say",
    "says",
    "tell",
    "give",
    "many",
    "much",
    "long",
    "often",
    "far",
}
TITLES = word_set(
    """mr mrs ms miss dr prof professor sir lord lady dame president minister chancellor senator sen
    rep representative governor gov mayor king queen prince princess general colonel captain judge
    justice secretary ambassador chief chef pope bishop speaker"""
)
_ROLES = TITLES | word_set(
    """official head boss man woman boy girl person mother father wife husband son daughter brother
    sister aunt uncle king queen chair spokesperson nurse cook guest monk thief expert scientist
    analyst delegate deputy attorney intern lieutenant clerk guard host pilot witness victim"""
)
_ROLE_ENDINGS = re.compile(r"(?:(?:[dkrnvlpt]|ch|gg)er|[ts]or|ist|[mi]an|woman|ess|ee|ographer)$")
_NO_ROLE = re.compile(
    r"(?:number|paper|letter|matter|order|power|water|butter|pepper|winter|summer|dinner|supper"
    r"|river|weather|chapter|member|daughter|center|factor|sector|motor|list|mist|plan|can|pan"
    r"|committee|fee|coffee|process|access|business|success|cheese|canister|folder|border"
    r"|corner|cover|disaster|monster|quarter|tower|layer|server|printer|computer|filter|newsletter"
    r"|under|after|over|other|another|whether|ever|never|rather|together|later|either|further)$"
)
GROUP_WORDS = word_set(
    """ministry department institute university college council board committee company
    corporation inc corp ltd agency bank party union court house group association news times post
    press school society commission office center centre museum church army navy club team
    delegation government parliament congress senate foundation organisation organization
    authority bureau service laboratory lab league federation administration"""
)
COMPASS = word_set(
    "north south east west northern southern eastern western new united mainland great"
)
IRREGULAR = word_set(
    """held made sold built kept left lost met paid put sent set spent told taken given known grown
    shown done gone seen won cut read found led begun born bought brought caught chosen drawn
    driven fought heard hit laid meant rung run said shut sung sunk spoken stolen struck
    taught thrown understood worn written good bad"""
)
_WORD = re.compile(
    r"(?:[^\W\d_]\.){2,}|[^\W_]+(?:(?:[.,](?=\d)|[\-&/]|[’'](?=[A-Z]))[^\W_]+)*"
    r"|[’'](?:s|re|ve|ll|d|m|t)\b|[^\w\s]"
)


@dataclass(frozen=True, slots=True)
class Token:
    """A word, clitic or punctuation mark of a text with where it stands."""

    text: str
    start: int
    end: int

    @property
    def lower(self) -> str:
        """The word in small letters, without the periods of a title or initials."""
        return self.text.casefold().strip(".")

    @property
    def is_word(self) -> bool:
        """False for punctuation and clitics."""
        return self.text[0].isalnum()

    @property
    def is_content(self) -> bool:
        """True for a word that is not of a closed class; "US" is no pronoun."""
        return self.is_word and (
            self.lower not in FUNCTION or (self.text.isupper() and len(self.lower) > 1)
        )

    @property
    def is_auxiliary(self) -> bool:
        """True for "may", false for the month of May."""
        return self.lower in AUXILIARIES and (self.start == 0 or not self.is_capital)

    @property
    def is_capital(self) -> bool:
        """True when the word starts with a capital letter."""
        return self.text[0].isupper()


@lru_cache(maxsize=512)
def tokens(text: str) -> tuple[Token, ...]:
    """Words, clitics and punctuation of `text` in order."""
    return tuple(Token(m.group(), m.start(), m.end()) for m in _WORD.finditer(text))


def is_role(word: str) -> bool:
    """True for a noun that names a person by what they do: "official", "driver", "chemist"."""
    word = word.casefold()
    return word in _ROLES or bool(_ROLE_ENDINGS.search(word) and not _NO_ROLE.search(word))


def is_plural(word: str) -> bool:
    """True for a noun that looks like a plural."""
    return bool(re.search(r"(?:[^siu’']s|ies|men|people|children)$", word.casefold()))


def is_verb_form(word: str) -> bool:
    """True for a participle or past form: "produced", "held"."""
    return word in IRREGULAR or (len(word) > 4 and word.endswith("ed"))
