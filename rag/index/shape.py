"""Whether the vectors of an index are shaped as its manifest says.

Faiss believes the numbers in its file: one that gives other dimensions on the outside than on the inside makes it write
beyond the memory that it asked for. So everything in an index that can disagree is compared before it is used.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def check_shape(vectors: Any, dimensions: int, papers: int) -> None:
    """Raise ValueError with what is wrong, unless a Faiss index holds ``papers`` vectors of ``dimensions`` numbers.

    They must be compared by their inner product, and lie one after the other or clustered, as they are written here.
    """
    import faiss

    for what, told, wanted in _facts(faiss, vectors, dimensions, papers):
        if told != wanted:
            raise ValueError(f"the file of vectors has {what} {told} and not {wanted}")


def _facts(faiss: Any, vectors: Any, dimensions: int, papers: int) -> Iterator[tuple[str, object, object]]:
    """What is said, what the index says there, and what it has to say."""
    yield from _outline(faiss, vectors, dimensions, papers)
    if isinstance(vectors, faiss.IndexIDMap):
        yield "row numbers", vectors.id_map.size(), papers
        yield from _flat(faiss, faiss.downcast_index(vectors.index), dimensions, papers)
    elif isinstance(vectors, faiss.IndexIVFScalarQuantizer):
        yield from _flat(faiss, faiss.downcast_index(vectors.quantizer), dimensions, vectors.nlist)
        yield "quantized dimensions", vectors.sq.d, dimensions
        yield "bytes a vector", vectors.code_size, vectors.sq.code_size
        lists = vectors.invlists
        yield "clusters", lists.nlist, vectors.nlist
        yield "bytes a clustered vector", lists.code_size, vectors.code_size
        yield "clustered vectors", sum(map(lists.list_size, range(lists.nlist))), papers
    else:
        yield "the kind", type(vectors).__name__, "IndexIDMap2 or IndexIVFScalarQuantizer"


def _flat(faiss: Any, vectors: Any, dimensions: int, count: int) -> Iterator[tuple[str, object, object]]:
    yield from _outline(faiss, vectors, dimensions, count)
    yield "inside", "IndexFlat" if isinstance(vectors, faiss.IndexFlat) else type(vectors).__name__, "IndexFlat"
    yield "bytes", vectors.codes.size(), 4 * dimensions * count


def _outline(faiss: Any, vectors: Any, dimensions: int, count: int) -> Iterator[tuple[str, object, object]]:
    yield "dimensions", vectors.d, dimensions
    yield "vectors", vectors.ntotal, count
    yield "the metric", vectors.metric_type, faiss.METRIC_INNER_PRODUCT
    yield "the mark of training", vectors.is_trained, True
