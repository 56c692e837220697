"""Hypothetical document embeddings (Gao et al. 2022, arXiv:2212.10496).

A language model imagines the abstract of a paper that a query looks for. Whatever is wrong in it, its vector
lies among those of papers, so the search starts halfway between it and the query's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

import numpy as np
import numpy.typing as npt

from rag import prompts
from rag.models.turnstile import Turnstile
from rag.models.writer import Writer
from rag.papers import clean
from rag.progress import Progress, silent

TOKENS = 120
# Of a query, as much as leaves room in any model's context, whatever the script.
READ_CHARACTERS = 400
FEWEST_WORDS = 8
# What is written in words has more letters than that.
LETTERS = 0.6

Vector = npt.NDArray[np.float32]


def imagined(llm: Writer, turnstile: Turnstile, query: str, progress: Progress = silent) -> str:
    """The abstract that a model imagines for a query, in one line; empty when what it wrote is none.

    ``progress`` counts tokens.
    """
    messages = prompts.abstract_messages(query[:READ_CHARACTERS])
    pieces, ticket = [], object()
    try:
        for _ in turnstile.enter(ticket):
            pass
        # Whatever a model does, it is not listened to for longer than it was asked to write.
        for count, piece in enumerate(islice(llm.stream(messages, TOKENS), TOKENS), start=1):
            pieces.append(piece)
            progress(count, count / TOKENS)
    finally:
        turnstile.leave(ticket)
    return usable("".join(pieces))


def usable(text: str) -> str:
    """What can be embedded of a model's words: each sentence once, in one line; empty when they say nothing.

    >>> usable("Stars shine by fusing hydrogen into helium. Stars shine by fusing hydrogen into helium. Stars sh")
    'Stars shine by fusing hydrogen into helium. Stars sh'
    >>> usable("0 0 0 0 0 0 0 0 0 0"), usable("the the the the the the the the the the"), usable("I can't.")
    ('', '', '')
    """
    said = " ".join(dict.fromkeys(_sentences(clean(text))))
    words = re.findall(r"[^\W\d_]{2,}", said)
    letters = sum(map(len, words))
    if len({word.casefold() for word in words}) < FEWEST_WORDS or letters < LETTERS * len(said):
        return ""
    return said


def towards(query: Vector, abstract: Vector) -> Vector:
    """The mean of two normalised vectors of shape (dimensions,), normalised."""
    mean = query + abstract
    return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-9), dtype=np.float32)


def _sentences(line: str) -> Iterator[str]:
    yield from re.split(r"(?<=[.!?])\s+", line)
