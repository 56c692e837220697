"""What a build would do, without doing it: how many papers, and about how long."""

from __future__ import annotations

import time
from dataclasses import dataclass

from rag.index.harvest import Errand
from rag.models.embedder import Embedder
from rag.papers import Paper
from rag.sources import ReadReport, narrowed

# Papers that are embedded to learn the rate.
SAMPLE = 64


@dataclass(frozen=True)
class Forecast:
    """About how many papers a source has to give, and how many seconds reading and embedding them takes.

    None where nobody can tell.
    """

    source: str
    papers: int | None
    reading: float | None
    embedding: float | None


def forecast(errand: Errand, embedder: Embedder) -> Forecast:
    """Ask a source for the length of what it has, read its first page and embed a few papers of it.

    Raises SourceProblem when the source can't be read.
    """
    source, cursor = errand.source, errand.cursor
    records = source.count(cursor)
    started = time.monotonic()
    page = next(source.pages(ReadReport(), cursor), None)
    spent = time.monotonic() - started
    wanted = narrowed(source, errand.selection)
    papers = [entry for entry in page.entries if isinstance(entry, Paper)] if page else []
    admitted = [paper for paper in papers if wanted.admits(paper)]
    if not page or not page.entries:
        return Forecast(source.name, 0, spent, 0.0)
    count = None if records is None else round(records * len(admitted) / len(page.entries))
    if count is not None and wanted.limit is not None:
        count = min(count, wanted.limit)
    reading = None if records is None else spent * max(records / len(page.entries), 1.0)
    return Forecast(source.name, count, reading, None if count is None else count * _seconds_each(admitted, embedder))


def _seconds_each(papers: list[Paper], embedder: Embedder) -> float:
    texts = [paper.text for paper in papers[:SAMPLE]]
    if not texts:
        return 0.0
    embedder.encode(texts[:2], "document")
    started = time.monotonic()
    embedder.encode(texts, "document")
    return (time.monotonic() - started) / len(texts)
