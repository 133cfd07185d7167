"""Files into the catalog: read, cut, embedded in batches of several documents, written.

While the model works on one batch, the next files are read and the batch before is written. Each
document is written in a transaction of its own: a process that dies loses at most the batches it
had not written yet, never half a document.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from rag.catalog import Catalog, FileRecord
from rag.chunk import chunk_document
from rag.embed import Batch, ChunkedDocument, Encoder, Progress, Vectors, encode_checked, unembedded
from rag.errors import DocumentError
from rag.load import Source, read_document
from rag.settings import ChunkingSettings

BATCH_TEXTS = 256
"""Chunks and sentences that are embedded together; more gain a few percent at most."""
# A file changed this shortly before it was read may change again within the clock's resolution.
_RACY_NS = 2_000_000_000


class Ingest:
    """One pass over files; `outcomes` counts what became of them: added, replaced, unchanged or
    failed."""

    def __init__(
        self,
        catalog: Catalog,
        encoder: Encoder | None,
        chunking: ChunkingSettings,
        progress: Progress | None,
    ) -> None:
        self.outcomes: Counter[str] = Counter()
        self._catalog = catalog
        self._encoder = encoder
        self._chunking = chunking
        self._progress = progress
        self._total = 0
        self._known: Mapping[str, FileRecord] = catalog.files()

    def run(self, sources: Sequence[Source]) -> None:
        """Bring the catalog in line with these files; one that cannot be read is recorded."""
        self._total = len(sources)
        if self._encoder is None:
            for each in self._chunked(sources):
                self._catalog.put(each.document, each.file, unembedded(each))
                self._settle(each.file.path)
            return
        with ThreadPoolExecutor(1, thread_name_prefix="embed") as model:
            try:
                self._overlap(self._encoder, model, sources)
            except BaseException:  # nobody waits for what is not needed any more
                model.shutdown(wait=False, cancel_futures=True)
                raise

    def _overlap(
        self, encoder: Encoder, model: ThreadPoolExecutor, sources: Sequence[Source]
    ) -> None:
        """Embed one group in the other thread while this one stores the group before it and reads
        the next."""
        before: tuple[Batch, Future[Vectors]] | None = None
        for documents in _grouped(self._chunked(sources)):
            batch = Batch(documents, self._catalog)
            vectors = model.submit(encode_checked, encoder, batch.texts)
            if before:
                self._store(*before)
            before = batch, vectors
        if before:
            self._store(*before)

    def _chunked(self, sources: Sequence[Source]) -> Iterator[ChunkedDocument]:
        """The files whose content is new; what is known of the others is written at once."""
        for source in sources:
            known = self._known.get(source.path)
            try:
                document = read_document(source)
            except DocumentError as error:
                self._catalog.put_failure(file_record(source, "", str(error)))
                self._count("failed")
                continue
            record = file_record(source, document.sha256, "")
            if known and known.sha256 == document.sha256 and not known.failure:
                self._catalog.touch(record)
                self._count("unchanged")
                continue
            count_pieces = getattr(self._encoder, "count_pieces", None)
            chunks = chunk_document(document, self._chunking, count_pieces)
            yield ChunkedDocument(document, record, chunks)

    def _store(self, batch: Batch, vectors: Future[Vectors]) -> None:
        matrix = vectors.result()
        for each in batch.documents:
            self._catalog.put(each.document, each.file, batch.embedded(each, matrix))
            self._settle(each.file.path)

    def _settle(self, path: str) -> None:
        known = self._known.get(path)
        self._count("replaced" if known and not known.failure else "added")

    def _count(self, outcome: str) -> None:
        self.outcomes[outcome] += 1
        if self._progress:
            self._progress("Reading and embedding", self.outcomes.total(), self._total)


def file_record(source: Source, sha256: str, failure: str) -> FileRecord:
    """What is to be remembered of a file that was looked at now."""
    racy = time.time_ns() - source.changed_ns < _RACY_NS
    return FileRecord(source.path, source.size, -1 if racy else source.changed_ns, sha256, failure)


def _grouped(documents: Iterator[ChunkedDocument]) -> Iterator[list[ChunkedDocument]]:
    """Documents in groups of at least `BATCH_TEXTS` texts, the last one of what is left."""
    group: list[ChunkedDocument] = []
    texts = 0
    for each in documents:
        group.append(each)
        texts += sum(1 + len(chunk.sentences) for chunk in each.chunks)
        if texts >= BATCH_TEXTS:
            yield group
            group, texts = [], 0
    if group:
        yield group
