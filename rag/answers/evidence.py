"""From hits to evidence: the sentences of the papers found that bear on a question."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rag.answers.answer import Passage
from rag.answers.sentences import split
from rag.index.engine import words
from rag.models.embedder import Embedder
from rag.retrieval.hits import Hit

# Sentences are taken from this many of the best papers; further down they seldom hold the answer.
PAPERS_READ = 5


def passages(embedder: Embedder, question: str, hits: Sequence[Hit], limit: int) -> list[Passage]:
    """The ``limit`` sentences of the best hits that bear most on the question, best first; scores in 0..1."""
    read = [
        (hit, position, text) for hit in hits[:PAPERS_READ] for position, text in enumerate(split(hit.paper.abstract))
    ]
    if not read:
        return []
    asked = embedder.encode([question], "query")[0]
    meaning = embedder.encode([text for _, _, text in read], "document") @ asked
    wanted = set(words(question))
    shared = np.array([len(wanted & set(words(text))) / max(len(wanted), 1) for _, _, text in read])
    standing = np.array([hit.score / max(hits[0].score, 1e-9) for hit, _, _ in read])
    scores = 0.5 * meaning + 0.3 * shared + 0.2 * standing
    best = np.argsort(-scores, kind="stable")[:limit]
    return [Passage(read[i][0].paper, read[i][2], read[i][1], float(np.clip(scores[i], 0, 1))) for i in best]
