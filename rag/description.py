"""What is loaded, said to people: the index, its size and years, and the models."""

from __future__ import annotations

from dataclasses import dataclass

from rag.index.manifest import Manifest
from rag.models.catalog import Model


@dataclass(frozen=True, slots=True)
class Description:
    """An index and the names of the models in use; ``reranker`` is None when there is none.

    ``kind_counts`` says how many texts are of each kind, and ``note`` what to know of the language model.
    """

    index: str
    papers: int
    years: tuple[int, int]
    kind_counts: dict[str, int]
    embedding: str
    llm: str
    note: str | None
    reranker: str | None = None


def described(manifest: Manifest, llm: Model, reranker: Model | None, resting: str | None = None) -> Description:
    """The description of an index that is used with these models; ``resting`` says why ``llm`` writes nothing."""
    note = f"{resting}." if resting else None
    if not note and llm.writes == "quotes":
        note = f"{llm.title} is a very small model, so answers quote the papers' own sentences."
    facts = (manifest.name, manifest.papers, manifest.years, manifest.kinds, manifest.model)
    return Description(*facts, llm.name, note, reranker.name if reranker else None)
