"""Turns text of documents and answers into markup that can only be text.

Two steps, both always taken: `escape` on every piece of text as it is put into a template, and
`clean` on the finished fragment, which lets through a short list of elements and attributes and
links to our own article page only. The result has no line breaks, so that the Markdown component
that shows it takes it as one block of HTML and finds no Markdown in it.
"""

from __future__ import annotations

import html
import re

import nh3

TAGS = {
    *("article", "section", "aside", "div", "header", "footer", "h2", "h3", "p", "span", "mark"),
    *("ol", "ul", "li", "dl", "dt", "dd", "blockquote", "cite", "time", "strong", "em", "br"),
    *("button", "a", "abbr", "small", "code"),
}
ATTRIBUTES = {
    "*": {"class", "id", "title", "lang", "role", "tabindex"},
    "button": {"type", "name", "value"},
    "a": {"href"},
    "time": {"datetime"},
}
ARTICLE_PAGE = "/article"

_SPACE = re.compile(r"\s+")
_UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]")


def escape(text: str) -> str:
    """`text` as HTML text on one line; control and direction-changing characters are dropped."""
    return html.escape(_SPACE.sub(" ", _UNSEEN.sub("", text)), quote=True)


def escape_lines(text: str) -> str:
    """As `escape`, with line breaks kept (for places that no Markdown component reads)."""
    return html.escape(_UNSEEN.sub("", text), quote=True)


def clean(fragment: str) -> str:
    """`fragment` with nothing left in it but the elements and attributes listed above."""
    return nh3.clean(
        fragment,
        tags=TAGS,
        attributes=ATTRIBUTES,
        attribute_filter=_own_links_only,
        generic_attribute_prefixes=set(),
        link_rel=None,
        url_schemes=set(),
    )


def one_line(fragment: str) -> str:
    """A cleaned fragment for a Markdown component: no line break, hence no Markdown."""
    return clean(fragment).replace("\n", " ").replace("\r", " ")


def _own_links_only(element: str, attribute: str, value: str) -> str | None:
    if element == "a" and attribute == "href" and not value.startswith((f"{ARTICLE_PAGE}?", "#")):
        return None
    return value
