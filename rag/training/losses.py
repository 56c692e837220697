"""The contrastive loss: each query should be nearer to its document than to all others.

It is the loss of MultipleNegativesRankingLoss (Henderson et al. 2017, arXiv:1705.00652), taken twice. Over the
documents encoded in this step and those of the last ones, kept as they were encoded then (cross-batch memory, Wang
et al. 2020, arXiv:1912.06798), it moves both sides. Over the original model's vectors of every paper it moves the
queries alone, against all the negatives there are, and ties them to where documents were, so that what the model
knew stays. A document is encoded once for all its queries, and only for some of them, since that costs the most.

A guide masks what may be no negative at all (GIST, Solatorio 2024, arXiv:2402.16829): the original model judges
papers by papers, because its judgement of queries in plain words is what is to be mended.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import torch

from rag.training.batches import Rows
from rag.training.dataset import Guide

Mask = npt.NDArray[np.bool_]


@dataclass
class Memory:
    """The vectors of the documents of the last steps, of shape (up to ``size``, dimensions), and their rows."""

    size: int
    vectors: torch.Tensor = field(default_factory=lambda: torch.empty(0))
    rows: Rows = field(default_factory=lambda: np.empty(0, dtype=np.int64))

    def add(self, vectors: torch.Tensor, rows: Rows) -> None:
        """Keep these and forget the oldest; a row that is here already is replaced."""
        kept, kept_rows = self.without(rows, vectors)
        self.vectors = torch.cat([kept, vectors.detach()])[-self.size :]
        self.rows = np.concatenate([kept_rows, rows])[-self.size :]

    def without(self, rows: Rows, like: torch.Tensor) -> tuple[torch.Tensor, Rows]:
        """What is kept of other rows, on the device of ``like``."""
        if not len(self.rows):
            return like[:0].detach(), self.rows
        stay = ~np.isin(self.rows, rows)
        return self.vectors.to(like.device)[torch.from_numpy(stay)], self.rows[stay]


def contrastive(
    queries: torch.Tensor, owners: Rows, candidates: torch.Tensor, doubtful: Mask, temperature: float
) -> torch.Tensor:
    """The mean cross-entropy of the queries over the candidates, ``owners`` being the right ones.

    ``doubtful``, of shape (queries, candidates), marks those that are left out. Vectors are L2-normalised.
    """
    doubtful[np.arange(len(owners)), owners] = False
    scores = queries @ candidates.T / temperature
    mask, target = (torch.from_numpy(array).to(scores.device) for array in (doubtful, owners))
    return torch.nn.functional.cross_entropy(scores.masked_fill(mask, float("-inf")), target)


def alike(guide: Guide, rows: Rows, others: Rows | slice, least: float) -> Mask:
    """Which of the other papers the guide finds too like some papers to be negatives for them."""
    found: Mask = (guide[rows] @ guide[others].T) > least
    return found
