"""The words a quote needs around it: a sentence that leans on the one before is shown with it.

"He said ...", "It ...", or a quotation whose speaker is only "he" or "the official" mean little
alone. The neighbour that names the subject is added: as one contiguous exact span when nothing
but white space lies between, as a span of its own when boilerplate does.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.answer.forms import names
from rag.types import Document, Span

_PRONOUN = r"(?:he|she|it|they|we|his|her|its|their|this|these|those|such|that|both|the (?:two|former|latter))"
_SAYS = (
    r"(?:said|says|told|added|noted|stated|explained|warned|wrote|insisted|continued|claimed|argued"
    r"|acknowledged|concluded|recalled|stressed|emphasi[sz]ed)"
)
_OPENS = re.compile(
    rf"(?i)^\s*(?:(?:and|but|so|also|then|however|meanwhile|thus|still|yet|now),? )?{_PRONOUN}\b(?!-)"
)
_PRONOUN_SAYS = re.compile(
    rf"(?i)[”\"’',]\s*(?:he|she|they|it) (?:\w+ )?{_SAYS}\b|[”\"’'],?\s*{_SAYS} (?:he|she|they)\b"
)
_ROLE_SAYS = re.compile(
    rf"[”\"’',]\s*the (?:[a-z\-]+ ){{1,3}}?{_SAYS}\b|[”\"’'],?\s*{_SAYS} the [a-z]+\b"
)
_EXPLETIVE = re.compile(
    r"(?i)^\W*it (?:is|was|has been|seems|appears|remains|became) (?:\w+ )?(?:that|to|unclear|clear|not clear|"
    r"said|likely|unlikely|possible|estimated|believed|reported|important|time|\d)"
)
_MOST_BEFORE = 2


def leans_on_before(text: str) -> bool:
    """True when the sentence's subject or speaker is named only in what stands before it."""
    if _EXPLETIVE.match(text):
        return False
    if _ROLE_SAYS.search(text):
        return True
    if _PRONOUN_SAYS.search(text):
        return not _names_outside_quotes(text)
    return bool(_OPENS.match(text))


def with_context(document: Document, span: Span, sentences: Sequence[Span]) -> list[Span]:
    """`span` with the sentences before it that it leans on: one span, or two across a gap.

    `sentences` are all of the document's, in order.
    """
    index = next((i for i, each in enumerate(sentences) if each.overlaps(span)), None)
    if index is None:
        return [span]
    first = index
    while (
        first > 0
        and index - first < _MOST_BEFORE
        and leans_on_before(sentences[first].of(document.text))
    ):
        if not _is_near(document, sentences[first - 1], sentences[first]):
            break
        first -= 1
    return _joined(document, [*sentences[first:index], span])


def _is_near(document: Document, before: Span, after: Span) -> bool:
    """The neighbour counts only when it is a sentence, not a heading, and close by."""
    gap = document.text[before.end : after.start]
    return len(gap) < 120 and before.of(document.text).rstrip()[-1:] in ".!?…”\"’':)]"


def _joined(document: Document, spans: list[Span]) -> list[Span]:
    """Neighbouring spans as one where only white space lies between them."""
    joined = [spans[0]]
    for span in spans[1:]:
        if document.text[joined[-1].end : span.start].strip():
            joined.append(span)
        else:
            joined[-1] = Span(joined[-1].start, max(joined[-1].end, span.end))
    return joined


def _names_outside_quotes(text: str) -> bool:
    outside = re.sub(r"[“\"].*?(?:[”\"]|$)", " ", text)
    return any(len(span.of(outside)) > 2 for span in names(outside))
