"""Which examples meet in a batch: papers on like subjects, since a paper is told apart beside its nearest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from rag.training.dataset import Example, Guide

Rows = npt.NDArray[np.int64]

# So many papers that are nearest to each other come together; a batch holds several such groups.
GROUP = 4


def batches(examples: Sequence[Example], guide: Guide, size: int, own_share: float, seed: int) -> Iterator[Rows]:
    """Batches of rows without end: each pass over the written examples in another order, with a share of others.

    ``own_share`` of each batch are examples made of papers' own words; all of them when none was written.
    """
    random = np.random.default_rng(seed)
    written = np.flatnonzero([example.written for example in examples])
    own = np.flatnonzero([not example.written for example in examples])
    from_own = size if not len(written) else min(round(size * own_share), len(own))
    others = _passes(own, guide, from_own, random)
    if not len(written):
        yield from others
    for rows in _passes(written, guide, size - from_own, random):
        yield np.concatenate([rows, next(others)]) if from_own else rows


def steps_per_pass(examples: Sequence[Example], size: int, own_share: float) -> int:
    """How many batches show every written example once, or every example when none was written."""
    written = sum(example.written for example in examples)
    from_own = min(round(size * own_share), len(examples) - written)
    return -(-written // (size - from_own)) if written else -(-len(examples) // size)


def _passes(rows: Rows, guide: Guide, size: int, random: np.random.Generator) -> Iterator[Rows]:
    """The rows in groups of neighbours, ``size`` at a time, again and again; groups differ from pass to pass."""
    while len(rows) and size:
        order = _grouped(rows, guide, random)
        for start in range(0, len(order), size):
            yield order[start : start + size]


def _grouped(rows: Rows, guide: Guide, random: np.random.Generator) -> Rows:
    vectors, free = guide[rows], np.ones(len(rows), dtype=bool)
    groups: list[Rows] = []
    for first in random.permutation(len(rows)):
        if not free[first]:
            continue
        free[first] = False
        left = np.flatnonzero(free)
        nearest = left[np.argsort(-(vectors[left] @ vectors[first]), kind="stable")[: GROUP - 1]]
        free[nearest] = False
        groups.append(rows[np.append(nearest, first)])
    shuffled = [groups[number] for number in random.permutation(len(groups))]
    return np.concatenate(shuffled)
