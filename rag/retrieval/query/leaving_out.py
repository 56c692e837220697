"""What a query in plain words wants left out: "quills but not axions", "quills without axions"."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from rag.retrieval.query.years import is_question

AT_THE_END = re.compile(
    r"[\s,]+(?P<sign>but\s+not|and\s+not|without|excluding|except(?:\s+for)?|other\s+than)\s+"
    r"(?:any\s+|the\s+|those\s+(?:on|about)\s+|about\s+)?(?P<words>[\w-]+(?:\s+[\w-]+){0,2})\s*[.!]?$",
    re.I,
)
# Who says more describes a paper.
LONGEST_WISH = 10
# A denial and what it denies have at most so many words between them.
DENIED = r"\b(?:without|no|not|never|avoid\w*|free\s+of|instead\s+of|lack\w*)\s+(?:[^\s.;]+\s+){0,8}?"


def split(query: str, best_texts: Callable[[str], Sequence[str]]) -> tuple[str, tuple[str, ...]]:
    """The query without the wish at its end, and the words that are not wanted.

    "Galaxies without dark matter" is what papers are about, and no wish: where the ``best_texts`` for the query say
    so, the words stay.
    """
    match = AT_THE_END.search(query)
    if not match or is_question(query) or len(query[: match.start()].split()) > LONGEST_WISH:
        return query, ()
    if match["sign"].lower() == "without" and _is_said(match["words"], best_texts(query)):
        return query, ()
    return query[: match.start()], (match["words"],)


def _is_said(words: str, texts: Sequence[str]) -> bool:
    """Whether a text denies the words: one word with "without" right before it, several in any way."""
    denied = DENIED if " " in words else r"\bwithout\s+"
    said = re.compile(denied + r"\s+".join(map(re.escape, words.split())), re.I)
    return any(said.search(text) for text in texts)
