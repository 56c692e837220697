"""What answers are made with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from rag.check.meaning import Judge
from rag.evidence.reader import Reader
from rag.index.index import Index
from rag.models.embedder import Embedder, Vectors
from rag.models.turnstile import Turnstile
from rag.models.writer import Writer
from rag.retrieval.search import PLAIN, Options
from rag.settings import Settings
from rag.text.terms import Idf, make_idf


@dataclass(frozen=True)
class Pipeline:
    """An open index and the models.

    ``searching`` says how papers are searched for; ``judge`` tells what evidence means, where one is here.
    """

    index: Index
    embedder: Embedder
    reader: Reader
    llm: Writer
    turnstile: Turnstile
    settings: Settings
    searching: Options = PLAIN
    judge: Judge | None = None

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Vectors of sentences, of shape (len(texts), dimensions)."""
        return self.embedder.encode(texts, "query")

    @cached_property
    def idf(self) -> Idf:
        """How telling a stem is in the index."""
        return make_idf(self.index.document_frequency, self.index.manifest.papers)

    @property
    def quotes(self) -> bool:
        """Whether papers are quoted, since the model is too small to phrase facts or is not to be had."""
        return self.llm.model.writes == "quotes" or self.llm.resting is not None
