"""What can help a search when it is asked for: a re-ranker, and a language model that imagines what is looked for."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from rag.models.reranker import Reranker
from rag.models.turnstile import Turnstile
from rag.models.writer import Writer
from rag.progress import Progress, part
from rag.retrieval import hyde
from rag.retrieval.search import RERANKED, Options


def aided(
    options: Options,
    reranker: Reranker | None,
    writer: tuple[Writer, Turnstile] | None,
    progress: Progress,
) -> Options:
    """The options with the help of the models given.

    ``progress`` counts steps: the tokens that ``writer`` writes, then the papers that ``reranker`` reads.
    """
    tokens, papers = hyde.TOKENS if writer else 0, RERANKED if reranker else 0
    total = tokens + papers
    if writer:
        options = replace(options, imagine=partial(hyde.imagined, *writer, progress=part(progress, 0, tokens, total)))
    if reranker:
        options = replace(options, rerank=partial(reranker.scores, progress=part(progress, tokens, papers, total)))
    return options
