"""What a question may mean in its conversation: as it stands, joined to what came before, or about papers shown.

Which papers are pointed at ("the second paper", "[3]") is read by rules, and then nothing else is meant. Otherwise the
readings are only proposed, each with how likely the words of the turn make it (:mod:`rag.question.turns`); the
evidence found for each decides.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from rag.models.embedder import Encode
from rag.question.conversation import Conversation, Turn
from rag.question.shift import shifted
from rag.question.turns import turn_model

LONGEST_QUERY = 60  # words; what was asked longest ago is left out first
# A reading so unlikely is not searched for.
UNLIKELY = 0.03
# How likely something is exchanged in the earlier question, among the readings that lean on it.
SHIFTED = 0.5

_ORDINALS = {"first": 0, "1st": 0, "second": 1, "2nd": 1, "third": 2, "3rd": 2, "fourth": 3, "4th": 3, "fifth": 4,
             "5th": 4, "last": -1, "final": -1}  # fmt: skip
_ORDINAL = "|".join(_ORDINALS)
_WORK = r"(?:papers?|study|studies|work|articles?|sources?|references?|citations?|authors?|ones?)"
_NUMBERED = re.compile(r"\[(\d+)\]|\b(?:paper|source|reference|citation)s?\s+(?:number\s+|no\.?\s*)?(\d{1,3})\b", re.I)
_PLACED = re.compile(rf"\b({_ORDINAL})\s+(?:cited\s+)?{_WORK}\b", re.I)
_POINT = re.compile(rf"\b({_ORDINAL})\s+(?:point|sentence|statement|claim|result|finding)\b", re.I)
_THAT_PAPER = re.compile(r"\b(?:this|that|the same|the)\s+(?:paper|study|article)\b", re.I)
_THESE = re.compile(
    r"\b(?:these|those|both|all(?: of)? (?:these|those|the))\s+(?:papers|studies|articles|works)\b", re.I
)
_THEY = re.compile(r"\b(?:they|them|their|these|those|both|all)\b", re.I)
_COMPARES = re.compile(r"\b(?:compar\w+|contrast|differ\w*|agree\w*|versus|vs\.?)\b", re.I)


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read a question.

    Attributes:
        query: what is asked, self-contained.
        prior: how likely the words of the question make this reading, in 0..1.
        papers: the ids of the papers on the screen that it may be about.
        only: whether it is about nothing else.
        each: whether something is to be said of each of these papers.
    """

    query: str
    prior: float = 1.0
    papers: tuple[str, ...] = ()
    only: bool = False
    each: bool = False


def readings(
    question: str, conversation: Conversation, scope: frozenset[str] = frozenset(), encode: Encode | None = None
) -> list[Reading]:
    """The ways to read a question after the earlier turns, the plain one first.

    ``scope`` are the only papers that the user wants to hear of; "they" and "these papers" then mean these. With
    ``encode``, which gives unit vectors, the earlier question asked of something else is a reading too.
    """
    if scope and (_THESE.search(question) or _THEY.search(question)):
        return [Reading(question, papers=tuple(scope), only=True, each=True)]
    if not conversation.turns:
        return [Reading(question)]
    last = conversation.turns[-1]
    pointed, said = _pointed(question, conversation)
    if pointed:
        if _COMPARES.search(question):
            pointed = tuple(dict.fromkeys([*last.order[:1], *pointed]))
        each = bool(_COMPARES.search(question) or _THESE.search(question)) and len(pointed) > 1
        query = question if each else _joined(last, said, _without_pointers(question))
        return [Reading(query, papers=pointed, only=True, each=each)]
    chances = turn_model().chances(question)
    leans = chances.leans / max(1e-9, chances.leans + chances.stands)
    proposed = [
        Reading(question, 1 - leans),
        Reading(_joined(last, "", question), leans, papers=last.order),
    ]
    if encode and (exchanged := shifted(question, last.query or last.question, encode)):
        proposed.append(Reading(exchanged, SHIFTED * leans, papers=last.order))
    return [reading for reading in proposed if reading.prior >= UNLIKELY]


def _pointed(question: str, conversation: Conversation) -> tuple[tuple[str, ...], str]:
    """The ids of the papers that a question points at, and the sentence of the last answer that it points at."""
    last = conversation.turns[-1]
    order = last.order
    by_number = conversation.numbered
    found = [by_number.get(int(one or other), "") for one, other in _NUMBERED.findall(question)]
    for word in _PLACED.findall(question):
        place = _ORDINALS[word.lower()]
        found.append(order[place] if -len(order) <= place < len(order) else by_number.get(place + 1, ""))
    if not any(found) and _THESE.search(question):
        found += order
    if not any(found) and (match := _POINT.search(question)):
        place = _ORDINALS[match[1].lower()]
        if -len(last.points) <= place < len(last.points):
            point = last.points[place]
            return tuple(by_number[n] for n in point.citations if n in by_number), point.text
    if not any(found) and _THAT_PAPER.search(question):
        found += order[:1]
    return tuple(dict.fromkeys(identifier for identifier in found if identifier)), ""


def _without_pointers(question: str) -> str:
    for pattern in (_NUMBERED, _PLACED, _POINT, _THESE, _THAT_PAPER):
        question = pattern.sub(" ", question)
    return " ".join(question.split())


def _joined(last: Turn, said: str, question: str) -> str:
    words = f"{last.query or last.question} {said}".split()
    room = max(0, LONGEST_QUERY - len(question.split()))
    return " ".join([*words[-room:], question]) if room else question
