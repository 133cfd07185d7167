"""What the Documents part of the page shows and does."""

from __future__ import annotations

from pathlib import Path

from rag.errors import DocumentError, RagError
from rag.index import Progress
from rag.types import Document, Filters
from ui.markup import escape, one_line
from ui.wording import byline, headline, is_iso_date, length_in_words, plural
from ui.workspace import CORPUS, UPLOADS, Workspace

MAX_CHOSEN = 5000


class Library:
    """Documents of the collections as the page shows them."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def name(self, collection: str) -> str:
        """What the collection is called on the page."""
        if collection == UPLOADS:
            return "Added files"
        folder = self._workspace.pipeline().corpus
        return f"{plural(len(self._workspace.documents()), 'document')} of {folder.name}"

    def choices(self, collection: str) -> list[tuple[str, str]]:
        """(label, path) of each document; the label has the title on its second line."""
        return [(_label(each), each.path) for each in self._workspace.documents(collection)]

    def added(self) -> list[tuple[str, str]]:
        """(label, stored name) of each added file."""
        uploads = self._workspace.uploads
        names = uploads.files() if uploads else []
        return [(name.partition("-")[2], name) for name in names]

    def filters(self, collection: str, chosen: list[str], since: str, until: str) -> Filters:
        """The filters these choices mean; choosing every document restricts nothing.

        Raises RagError with the remedy for a wrong date or when nothing is chosen.
        """
        for day in (since, until):
            if day and not is_iso_date(day):
                raise RagError(f"“{day}” is not a date. Write it like 2024-01-31.")
        paths = {each.path for each in self._workspace.documents(collection)}
        picked = tuple(path for path in chosen[:MAX_CHOSEN] if path in paths)
        if paths and not picked:
            raise RagError("No document is chosen. Tick at least one under Documents.")
        everything = len(picked) == len(paths)
        return Filters(
            documents=() if everything else picked, published_from=since, published_to=until
        )

    def add(self, files: list[tuple[Path, str]], progress: Progress) -> str:
        """Store and index files; what became of each, as markup."""
        uploads = self._workspace.uploads
        if uploads is None:
            return report([("", "Adding files is turned off.")])
        outcome: list[tuple[str, str]] = []
        stored: dict[str, str] = {}
        for number, (path, name) in enumerate(files):
            progress("Storing", number, len(files))
            try:
                stored[uploads.add(path, name)] = name
            except (DocumentError, OSError) as error:
                outcome.append((name, f"was not added: it {error}"))
        progress("Indexing", 0, 1)
        failed = self._workspace.refresh_uploads()
        for kept, name in stored.items():
            if kept in failed:
                uploads.remove(kept)
                outcome.append((name, f"was not added: {failed[kept]}"))
            else:
                outcome.append((name, "was added."))
        return report(outcome)

    def remove(self, name: str) -> str:
        """Delete an added file and its part of the index; what was done, as markup."""
        uploads = self._workspace.uploads
        try:
            if uploads is None or not name:
                raise DocumentError("Choose an added file first.")
            uploads.remove(name)
            self._workspace.refresh_uploads()
        except RagError as error:
            return report([("", str(error))])
        return report([(name.partition("-")[2], "was removed.")])

    def reindex(self, collection: str, progress: Progress) -> str:
        """Bring the index in line with the folder; what changed, as markup."""
        try:
            found = self._workspace.pipeline(collection).sync(progress)
        except RagError as error:
            return report([("", str(error))])
        changed = f"{found.added} added, {found.replaced} changed, {found.removed} removed."
        return report([("", changed), *found.failed])

    def unread(self) -> str:
        """The files of the corpus that could not be read, as markup."""
        return report(list(self._workspace.pipeline(CORPUS).status().failed))


def report(lines: list[tuple[str, str]]) -> str:
    """(file, what became of it) as a list."""
    items = "".join(
        f"<li>{f'<strong>{escape(name)}</strong> ' if name else ''}{escape(said)}</li>"
        for name, said in lines
    )
    return one_line(f'<ul class="fn-report">{items}</ul>') if items else ""


def _label(document: Document) -> str:
    meta = document.metadata
    facts = byline(meta.outlet, meta.published)
    return f"{facts} · {plural(length_in_words(document), 'word')}\n{headline(meta, document.path)}"
