"""Full-text search in the catalog: BM25 and the vocabulary, on an FTS5 table of analysed terms.

A row of `lexical` is a row of the catalog's `chunks`, by rowid.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from rag.database import Database

FULL_TEXT = """
CREATE VIRTUAL TABLE IF NOT EXISTS lexical USING fts5(terms,
    tokenize="unicode61 remove_diacritics 0 tokenchars '.'");
CREATE VIRTUAL TABLE IF NOT EXISTS vocabulary USING fts5vocab(lexical, 'row');
"""


class FullText(Database):
    """Searches the terms of a database that has the tables `lexical` and `chunks`."""

    def bm25(
        self, query: Sequence[str], *, limit: int, documents: Sequence[str] | None
    ) -> list[tuple[str, float]]:
        """Chunk ids with BM25 scores (k1 = 1.2, b = 0.75, any-term), best first, ties by id.

        `query` holds analysed terms. FTS5 gives negated scores; here higher is better.
        """
        if not query:
            return []
        match = " OR ".join(f'"{term}"' for term in dict.fromkeys(query))
        rows = self._rows(
            "SELECT c.id, -bm25(lexical) AS score FROM lexical "
            "JOIN chunks c ON c.rowid = lexical.rowid WHERE lexical MATCH ?1 "
            "AND (?2 IS NULL OR c.document IN (SELECT value FROM json_each(?2))) "
            "ORDER BY score DESC, c.id LIMIT ?3",
            [match, None if documents is None else json.dumps(list(documents)), limit],
        )
        return [(row[0], row[1]) for row in rows]

    def document_frequencies(self, query: Sequence[str]) -> dict[str, int]:
        """Number of chunks that hold each term; terms held by none are left out."""
        return dict(
            self._rows(
                "SELECT term, doc FROM vocabulary WHERE term IN (SELECT value FROM json_each(?))",
                [json.dumps(list(query))],
            )
        )

    def vocabulary(self) -> dict[str, int]:
        """All terms with the number of chunks that hold them."""
        return dict(self._rows("SELECT term, doc FROM vocabulary"))
