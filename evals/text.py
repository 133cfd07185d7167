"""How answers and gold texts are made comparable before they are matched."""

from __future__ import annotations

import re
import unicodedata

_SINGLE_QUOTES = "‘’‚‛ʼ′`´"
_DOUBLE_QUOTES = "“”„‟«»″"
_DASHES = "‐‑‒–—―−"
_PLAIN = str.maketrans(
    {
        **dict.fromkeys(_SINGLE_QUOTES, "'"),
        **dict.fromkeys(_DOUBLE_QUOTES, '"'),
        **dict.fromkeys(_DASHES, "-"),
        "\u00ad": "",  # soft hyphen
        "\u200b": "",  # zero-width space
    }
)
_MARKER = re.compile(r"\s*\[\d+\]")
_ARTICLES = re.compile(r"\b(?:a|an|the)\b")
_NOT_WORDS = re.compile(r"[^\w\s]")


def normalised(text: str) -> str:
    """NFKC, plain quotes and dashes, single spaces, lower case."""
    plain = unicodedata.normalize("NFKC", text.translate(_PLAIN)).translate(_PLAIN)
    return " ".join(plain.casefold().split())


def without_markers(text: str) -> str:
    """`text` without its citation markers: "in Beijing. [1][2]" becomes "in Beijing."."""
    return _MARKER.sub("", text)


def contains(text: str, phrase: str) -> bool:
    """True when the normalised `text` holds the normalised `phrase`, starting at a word.

    The end of a word is left open ("advis" is found in "advisor"), the end of a number is not
    ("10" is not found in "100", "10,000" or "10.5").
    """
    needle = normalised(phrase)
    if not needle:
        return False
    before = r"(?<!\w)(?<!\d[.,])" if needle[0].isdigit() else r"(?<!\w)" if _opens(needle) else ""
    after = r"(?!\d)(?![.,]\d)" if needle[-1].isdigit() else ""
    return re.search(before + re.escape(needle) + after, normalised(text)) is not None


def squad_tokens(text: str) -> list[str]:
    """Words as SQuAD compares them: normalised, without punctuation and articles."""
    return _ARTICLES.sub(" ", _NOT_WORDS.sub(" ", normalised(text))).split()


def _opens(needle: str) -> bool:
    return needle[0].isalnum()
