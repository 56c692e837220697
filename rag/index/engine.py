"""The txtai database under an index: how it is configured, and the two parts of ours that plug into it.

txtai (https://neuml.github.io/txtai) keeps the papers in SQLite, the vectors in Faiss and the words in a
BM25 index. Rows of the three share one number, txtai's ``indexid``.
"""

from __future__ import annotations

import re
import sys
from collections import deque
from collections.abc import Sequence
from dataclasses import fields
from functools import cache
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from typing import Any

import numpy as np

from rag.papers import Paper
from rag.text import forms


class _NotNow(MetaPathFinder):
    """Makes packages look absent while txtai is imported.

    txtai treats them as optional, and its import falls from seven seconds to one and a half. It would use
    them to run models, which is :mod:`rag.models`' task here; llama.cpp, which may crash, has a process of its own.
    """

    packages = frozenset({"torch", "transformers", "sklearn", "llama_cpp"})

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if fullname in self.packages:
            raise ModuleNotFoundError(fullname, name=fullname)
        return None


def _import_txtai() -> Any:
    finder = _NotNow()
    sys.meta_path.insert(0, finder)
    try:
        import txtai.embeddings
        import txtai.scoring.bm25
        import txtai.vectors
    finally:
        sys.meta_path.remove(finder)
    return txtai


txtai = _import_txtai()

WORD = re.compile(r"[^\W_]+")
STOP_WORDS = frozenset(
    "a about above after again all also am an and any are as at be because been before being below between both "
    "but by can could did do does doing down during each few for from further had has have having he her here hers "
    "him his how i if in into is it its itself just me more most my no nor not now of off on once only or other our "
    "ours out over own same she should so some such than that the their theirs them then there these they this "
    "s t those through to too under until up very was we were what when where which while who whom why will with would "
    "you your yours".split()
)


@cache
def _stemmer() -> Any:
    import Stemmer

    return Stemmer.Stemmer("english")


def words(text: str) -> list[str]:
    """The stemmed words of a text, lower-case, without stop words, in the form of :mod:`rag.text.forms`."""
    found = WORD.findall(forms.comparable(text).lower())
    stemmed: list[str] = _stemmer().stemWords([forms.settled(word) for word in found if word not in STOP_WORDS])
    return stemmed


class StemmedBM25(txtai.scoring.bm25.BM25):  # type: ignore[misc, name-defined]
    """txtai's BM25 over stemmed words."""

    def loadtokenizer(self) -> Any:
        """The tokenizer, called by txtai for documents and queries alike."""
        return words

    def delete(self, ids: Sequence[int]) -> None:
        """Mark rows as deleted; txtai's own way goes through all rows for each."""
        places = np.flatnonzero(np.isin(np.array(self.terms.ids, dtype=np.int64), ids))
        self.terms.deletes = list(dict.fromkeys([*self.terms.deletes, *places.tolist()]))

    def save(self, path: str) -> None:
        """Write the index; txtai asks of each row whether it is among the deleted, which in a list takes long."""
        deleted = self.terms.deletes
        self.terms.deletes = frozenset(deleted)
        try:
            super().save(path)
        finally:
            self.terms.deletes = deleted


class StoredVectors(txtai.vectors.Vectors):  # type: ignore[misc, name-defined]
    """Vectors that were computed before: ``feed`` holds (text, vector) in the order txtai will ask for them.

    Opened by txtai on its own, without a feed, it encodes with the catalogue's model of that name.
    """

    def __init__(self, config: dict[str, Any], scoring: Any, models: Any) -> None:
        super().__init__(config, scoring, models)
        self.feed: deque[tuple[str, Any]] = deque()

    def loadmodel(self, path: str) -> str:
        """The name of the embedding model; nothing is loaded yet."""
        return path

    def encode(self, data: Sequence[str], category: str | None = None) -> Any:
        """Vectors of shape (len(data), dimensions)."""
        if category == "data" and self.feed:
            pairs = [self.feed.popleft() for _ in data]
            if any(text != wanted for (text, _), wanted in zip(pairs, data, strict=True)):
                raise RuntimeError("the vectors are not in the order of the papers")
            return np.array([vector for _, vector in pairs], dtype=np.float32)
        return self._embedder().encode(list(data), "query" if category == "query" else "document")

    def _embedder(self) -> Any:
        from rag.models import catalog, embedders
        from rag.settings import load_settings

        settings = load_settings()
        return embedders.load(settings, catalog.find(self.model, "embedding"), settings.threads)


# Up to this many papers a plain scan of all vectors is both exact and fast enough.
EXACT_UP_TO = 50_000
# Beyond it vectors are clustered. Half precision keeps the order of near ties, which eight bits lose, and a
# quarter of the vectors places the clusters as well as all of them.
CLUSTERED = {"components": "IVF,SQfp16", "sample": 0.25}
# What is kept of a paper beside the searched text, which holds title and abstract.
STORED = [field.name for field in fields(Paper) if field.name != "abstract"]


def configuration(model: str, papers: int) -> dict[str, Any]:
    """txtai's configuration of an index of ``papers`` papers embedded with ``model``."""
    return {
        "path": model,
        "method": "rag.index.engine.StoredVectors",
        "content": True,
        "columns": {"store": STORED},
        "backend": "faiss",
        "faiss": {"components": "IDMap2,Flat"} if papers <= EXACT_UP_TO else dict(CLUSTERED),
        "scoring": {"method": "rag.index.engine.StemmedBM25", "terms": True, "k1": 0.6, "b": 0.75},
        "batch": 1024,
    }
