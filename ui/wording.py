"""How facts are put into words on the page: dates, outlets, lengths, verdicts."""

from __future__ import annotations

from datetime import date

from rag.types import Document, DocumentMetadata, Verdict

MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)

NO_OUTLET = "Outlet not named"

VERDICTS: dict[Verdict, tuple[str, str]] = {
    "supported": ("supported", "A quoted passage says this."),
    "misattributed": ("citation corrected", "Another passage than the one first cited says this."),
    "stitched": ("combined", "Parts of several passages make this up; none says it alone."),
    "unsupported": ("not in the sources", "No passage of the documents says this."),
}


def spoken_date(iso: str) -> str:
    """`2024-01-31` as `31 January 2024`; anything else unchanged."""
    try:
        day = date.fromisoformat(iso)
    except ValueError:
        return iso
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def is_iso_date(text: str) -> bool:
    """True for an existing day written YYYY-MM-DD."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def headline(metadata: DocumentMetadata, path: str) -> str:
    """The title of a document, or its file name when it has none."""
    return metadata.title.strip() or path


def byline(outlet: str, published: str) -> str:
    """`Reuters · 31 January 2024`."""
    parts = (outlet.strip() or NO_OUTLET, spoken_date(published))
    return " · ".join(part for part in parts if part)


def length_in_words(document: Document) -> int:
    """Words of the kept text (of all of it when nothing is marked as kept)."""
    if not document.kept:
        return len(document.text.split())
    return sum(len(span.of(document.text).split()) for span in document.kept)


def plural(count: int, singular: str, many: str = "") -> str:
    """`1 article`, `2 articles`."""
    return f"{count:,} {singular if count == 1 else many or singular + 's'}"
