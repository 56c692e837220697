"""Which shape of answer a question asks for: a fact, a synthesis of several papers, or a list of papers."""

from __future__ import annotations

import re
from typing import Literal

from rag.evidence.signs import wants
from rag.text.terms import names, stems

Shape = Literal["fact", "synthesis", "list", "review"]
"""One fact and its evidence; what several papers contribute; papers with a line each; a page in sections."""

_WORKS = r"(?:papers?|studies|works|articles|publications|references|reviews|literature)"
_LIST = re.compile(
    rf"^(?:which|what)(?: [\w-]+){{0,2}} {_WORKS}\b"
    rf"|^(?:list|show|find|give|name|recommend|suggest)\b(?: [\w-]+){{0,4}} {_WORKS}\b"
    rf"|^(?:[\w-]+ ){{0,3}}{_WORKS} (?:about|on|by|of|that|which|discussing|using)\b"
    r"|\bwhat (?:should|can|could) (?:i|one|we) read\b|\breading list\b",
    re.IGNORECASE,
)
_SYNTHESIS = re.compile(
    r"\bknown (?:about|of|on)\b|\bknow (?:about|of)\b|\bstate of the (?:art|field)\b|\boverview\b|"
    r"\bsummar(?:y|i[sz]e)\b|\breview (?:of|the)\b|\bcompare\b|\bcontrast\b|\bdebate\w*|"
    r"\bcontrovers\w+|\bconsensus\b|\bagree\b|\bdisagree\b|"
    r"\bevidence (?:for|that|of|against)\b|\bconstraints? on\b|\bhave we learn(?:ed|t)\b|\bcurrent understanding\b|"
    r"\b(?:main|different|various|several|possible|proposed|competing|leading) "
    r"(?:ideas?|theories|models?|mechanisms?|explanations?|scenarios?|channels?|ways|methods|causes|sources)\b|"
    r"^(?:what|which)(?: [\w-]+){0,2} (?:evidence|mechanisms|methods|techniques|processes|factors|theories)\b|"
    r"\bopen (?:questions?|problems?|issues?)\b|\bhistory of\b|\badvances in\b|\bdescribe\b|\bexplain\b|\bdiscuss\b|"
    r"^tell me\b|^how (?:has|have|did) .*\b(?:changed|evolved|improved|progressed)\b",
    re.IGNORECASE,
)
# How a broad question begins before it comes to its topic.
_APPROACH = re.compile(
    rf"^(?:please )?(?:(?:which|what)(?: [\w-]+){{0,2}} {_WORKS}(?: are there)?(?: (?:about|on|that|which|discuss\w*|"
    rf"study|describe\w*|deal with|treat|report\w*|address\w*|concern|consider\w*|use|present|measure|show|are|have|"
    rf"been|written|published|exist))*"
    rf"|(?:list|show|find|give|name|recommend|suggest)(?: me)?(?: [\w-]+){{0,2}} {_WORKS}"
    rf"(?: (?:about|on|that|which|discuss\w*))*"
    r"|(?:what (?:is|do we|has been|have we)(?: currently| now)? (?:known|know|learned|learnt) (?:about|of|on|from))"
    r"|what (?:is|was) the (?:current )?(?:evidence|consensus|state of the art|debate|controversy)"
    r" (?:for|that|of|on|in|about|against|over)"
    r"|what are (?:the )?(?:main|different|various|possible|proposed|competing|leading|current|best) "
    r"\w+ (?:for|of|on|to|behind)"
    r"|(?:summari[sz]e|describe|explain|discuss|tell me about|give (?:me )?an overview of|compare)"
    r")\b(?: the\b)? ?",
    re.IGNORECASE,
)
_OPEN = re.compile(r"^(?:how|why|what)\b", re.IGNORECASE)
# Content words: a question of more is about something in particular, even one that asks for a comparison.
_SHORT, _LONG = 8, 10


def shape_of(question: str, alone: bool = True) -> Shape:
    """The shape that a question asks for; that of a fact when nothing speaks for another.

    That a question is short says that it is broad only where it stands ``alone``, not after others.

    >>> shape_of("Which papers discuss warm dark matter?"), shape_of("What is known about fast radio bursts?")
    ('list', 'synthesis')
    >>> shape_of("What is the mass of the black hole in M87?"), shape_of("What limits the mass of the first stars?")
    ('fact', 'synthesis')
    """
    if _LIST.search(question):
        return "list"
    kind, size = wants(question), len(stems(question))
    if _SYNTHESIS.search(question) and kind != "number" and size <= _LONG:
        return "synthesis"
    particular = kind in ("number", "name") or names(question) or size > _SHORT
    return "synthesis" if alone and _OPEN.search(question) and not particular else "fact"


def topic(question: str) -> str:
    """What a broad question is about, without the words in which it asks.

    >>> topic("What is known about the origin of fast radio bursts?"), topic("List papers on warm dark matter")
    ('origin of fast radio bursts?', 'warm dark matter')
    """
    left = _APPROACH.sub("", question, count=1)
    return left if stems(left) else question
