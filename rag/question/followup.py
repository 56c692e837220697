"""What a question means in its conversation: a query that can be searched by itself, and the papers it points at.

Rules read it, whatever the language model: they can't invent what was not said.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from rag.chats.conversation import Conversation, Turn
from rag.check.grounding import cited
from rag.text.sentences import split
from rag.text.terms import stems

LONGEST_QUERY = 60  # words; what was asked longest ago is left out first

_PRONOUN = re.compile(
    r"\b(?:it|its|they|their|theirs|them|this|these|those|he|she|his|her|former|latter|such|there|then)\b"
    # "the evidence that planets ..." introduces a clause; "who measured that first?" points back.
    r"|\bthat(?=\s*(?:[?.!,]|$)|\s+(?:first|one|value|result|number|estimate|effect|happen\w*|mean|work|limit|case)\b)"
    r"|\bthe same\b|\binstead\b|\bdo so\b",
    re.IGNORECASE,
)
_ELLIPTIC = re.compile(
    r"^(?:and|but|or|so|also|what about|how about|what else|why not|even|only|for|in|with|compared?|explain|"
    r"summari[sz]e|tell me more|more|go on|continue|elaborate|which one)\b",
    re.IGNORECASE,
)
_WHOLE = re.compile(
    r"^(?:what|which|who|when|where|why|how|is|are|was|were|do|does|did|can|could|has|have|give|list|show|find)\b", re.I
)
_ORDINALS = {"first": 0, "1st": 0, "second": 1, "2nd": 1, "third": 2, "3rd": 2, "fourth": 3, "4th": 3, "fifth": 4,
             "5th": 4, "last": -1, "final": -1}  # fmt: skip
_ORDINAL = "|".join(_ORDINALS)
_WORK = r"(?:papers?|study|studies|work|articles?|sources?|references?|citations?|authors?|ones?)"
_NUMBERED = re.compile(r"\[(\d+)\]|\b(?:paper|source|reference|citation)s?\s+(?:number\s+|no\.?\s*)?(\d{1,3})\b", re.I)
_PLACED = re.compile(rf"\b({_ORDINAL})\s+(?:cited\s+)?{_WORK}\b", re.I)
_POINT = re.compile(rf"\b({_ORDINAL})\s+(?:point|sentence|statement|claim|result|finding)\b", re.I)
_THAT_PAPER = re.compile(r"\b(?:this|that|the same|the)\s+(?:paper|study|article)\b", re.I)
_ALL_PAPERS = re.compile(
    r"\b(?:these|those|both|all(?: of)? (?:these|those|the))\s+(?:papers|studies|articles|works)\b", re.I
)
_COMPARES = re.compile(r"\b(?:compar\w+|contrast|differ\w*|agree\w*|versus|vs\.?)\b", re.I)


@dataclass(frozen=True, slots=True)
class Meaning:
    """A question read in its conversation.

    ``query`` can be searched by itself. ``papers`` are the ids of the papers on the screen that it may be about;
    with ``only`` it is about nothing else.
    """

    query: str
    papers: tuple[str, ...] = ()
    only: bool = False


def read(question: str, conversation: Conversation) -> Meaning:
    """What a question means after the earlier turns."""
    if not conversation.turns:
        return Meaning(question)
    last = conversation.turns[-1]
    pointed, said = _pointed(question, conversation)
    if pointed:
        if _COMPARES.search(question):
            pointed = tuple(dict.fromkeys([*_order(last)[:1], *pointed]))
        return Meaning(_joined(last, said, _without_pointers(question)), pointed, only=True)
    if follows(question):
        return Meaning(_joined(last, "", question), _order(last))
    return Meaning(question)


def follows(question: str) -> bool:
    """Whether a question leans on the one before: it points back, or it is only a piece of a question."""
    if _PRONOUN.search(question) or _ELLIPTIC.search(question) or len(question.split()) < 3:
        return True
    return len(stems(question)) < (1 if _WHOLE.search(question) else 4)


def _pointed(question: str, conversation: Conversation) -> tuple[tuple[str, ...], str]:
    """The ids of the papers that a question points at, and the sentence of the last answer that it points at."""
    last = conversation.turns[-1]
    order = _order(last)
    by_number = {n: identifier for identifier, n in conversation.numbers.items()}
    found = [by_number.get(int(one or other), "") for one, other in _NUMBERED.findall(question)]
    for word in _PLACED.findall(question):
        place = _ORDINALS[word.lower()]
        found.append(order[place] if -len(order) <= place < len(order) else by_number.get(place + 1, ""))
    if not any(found) and _ALL_PAPERS.search(question):
        found += order
    if not any(found) and (match := _POINT.search(question)):
        said = split(last.answer)
        place = _ORDINALS[match[1].lower()]
        if -len(said) <= place < len(said):
            bare, numbers = cited(said[place])
            return tuple(by_number[n] for n in numbers if n in by_number), bare
    if not any(found) and _THAT_PAPER.search(question):
        found += order[:1]
    return tuple(dict.fromkeys(identifier for identifier in found if identifier)), ""


def _order(turn: Turn) -> tuple[str, ...]:
    """The ids of the papers a turn cites, as the reader met them."""
    numbers = [n for sentence in split(turn.answer) for n in cited(sentence)[1]]
    met = [turn.cited[n].id for n in dict.fromkeys(numbers) if n in turn.cited]
    return tuple(dict.fromkeys([*met, *(paper.id for _, paper in sorted(turn.cited.items()))]))


def _without_pointers(question: str) -> str:
    for pattern in (_NUMBERED, _PLACED, _POINT, _ALL_PAPERS, _THAT_PAPER):
        question = pattern.sub(" ", question)
    return " ".join(question.split())


def _joined(last: Turn, said: str, question: str) -> str:
    words = f"{last.query or last.question} {said}".split()
    room = max(0, LONGEST_QUERY - len(question.split()))
    return " ".join([*words[-room:], question]) if room else question
