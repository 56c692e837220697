"""How well a model in training finds the held-out papers."""

from __future__ import annotations

import numpy as np

from rag.evaluation.datasets import Query
from rag.evaluation.embeddings import ranked
from rag.evaluation.retrieval import DEPTH, measure
from rag.progress import Progress, silent
from rag.training.dataset import Dataset
from rag.training.fit import Scores
from rag.training.student import Student

METRIC = "ndcg@10"


def scores(student: Student, dataset: Dataset, tokens: tuple[int, int], progress: Progress = silent) -> Scores:
    """nDCG@10 of the held-out queries over the held-out corpus, by kind; ``tokens`` are those of document and query."""
    documents = student.embed(list(dataset.corpus.values()), tokens[0], progress)
    queries = student.embed([question.text for question in dataset.held_out], tokens[1])
    ids, best = list(dataset.corpus), ranked(queries, documents, DEPTH)
    found: Scores = {}
    for kind in dict.fromkeys(question.field for question in dataset.held_out):
        places = [place for place, question in enumerate(dataset.held_out) if question.field == kind]
        asked = [Query(str(place), dataset.held_out[place].text, {dataset.held_out[place].id: 1}) for place in places]
        found[kind] = measure(asked, {str(place): [ids[row] for row in best[place]] for place in places})[METRIC]
    return found


def mean(found: Scores) -> float:
    """The mean over the kinds of query."""
    return float(np.mean(list(found.values())))
