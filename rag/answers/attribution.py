"""Let a paper's sentence be said about the paper: "We find a warp" becomes "Okafor et al. find a warp".

Only the words by which authors speak of themselves at the head of a sentence are exchanged; the claim stays word for
word. A sentence that speaks of them anywhere else stays as it is.
"""

from __future__ import annotations

import re

from rag.papers import Paper

# What ties a sentence to the one before it, which is not shown with it, or heads a part of a structured abstract.
_TIE = re.compile(
    r"^(?:(?:(?:Aims?|Methods?|Results?|Conclusions?|Context)[.:]\s+)|(?:However|Moreover|Furthermore|Finally|Additionally|"
    r"In addition|In particular|Nevertheless|Overall|Thus|Therefore|Hence|Consequently|As a result|In conclusion|"
    r"In summary|Here|Also|[Ii]n (?:this|the present) (?:paper|work|study|letter|article|contribution)),?\s+)+"
    r"(?=[A-Za-z$])",
)
# Words that end like adverbs and are verbs, and adverbs that don't end like any.
_VERBS_IN_LY = "(?:ap|com|im|multi|re|sup)?ply|rely|ally|rally|tally|fly"
_ADVERBS = (
    rf"(?:(?!(?:{_VERBS_IN_LY})\b)[a-z]+(?:-[a-z]+)*ly|first|second|next|last|once|again|only|just|even|still|yet|already|always|"
    "often|never|rather|instead|hence|herein|hereby|thereby|thereafter|furthermore|moreover|very|both|all|each)"
)
_LEFT_OUT = "also|then|further|thus|therefore|finally|here|now"
_WE = re.compile(
    rf"^(?:[Ww]e|I) (?:(?:{_LEFT_OUT}) )?(?P<adverbs>(?:{_ADVERBS} (?:and |but )?)*)"
    r"(?P<verb>[a-z]+(?:-[a-z]+)*)\b(?!['’])"
)
# What may stand in a verb's place and is none: then the sentence is built in another way, and stays as it is.
_NO_VERB = re.compile(
    rf"(?:{_ADVERBS}|{_LEFT_OUT}|ourselves|neither|either|for|in|on|at|by|with|from|to|as|and|or|the|a|an|not)$"
)
_WORD = re.compile(r"[a-z]{2,}\b(?![_^(])")  # not a symbol, which has its own way to be written
_THEMSELVES = re.compile(r"\b(?:we|our|ours|us|I|my|me)\b")
_IRREGULAR = {"have": "has", "are": "is", "am": "is", "were": "was", "do": "does"}
_ALIKE = frozenset("can cannot could may might will would shall should must".split())
_PAST = re.compile(
    r"(?:(?<!e)(?<!emb)ed|found|made|took|gave|saw|began|did|had|was|led|built|went|wrote|drew|chose|got|ran|sought|came|"
    r"brought|thought|kept|held|grew|knew)$|^(?:agre|disagre|guarante)ed$"
)


def attributed(text: str, paper: Paper) -> str:
    """The sentence as it is said about the paper, without what tied it to the sentence before.

    >>> attributed("However, we find a warp.", Paper("1", "T", ("A. B. Okafor", "C. Lin"), "", 2001, ()))
    'Okafor & Lin find a warp.'
    """
    bare = untied(text)
    said = _WE.match(bare)
    if not said or _NO_VERB.match(said["verb"]) or _THEMSELVES.search(bare, said.end()):
        return bare
    if not paper.credit or paper.kind != "abstract":
        return bare
    verb = _third_person(said["verb"]) if len(paper.authors) == 1 else said["verb"]
    return f"{paper.credit} {said['adverbs']}{verb}{bare[said.end() :]}"


def untied(text: str) -> str:
    """The sentence without what tied it to the one before.

    >>> untied("However, in this paper we find a warp."), untied("Here f_w is small.")
    ('We find a warp.', 'f_w is small.')
    """
    match = _TIE.match(text)
    bare = text[match.end() :] if match else text
    return bare[0].upper() + bare[1:] if _WORD.match(bare) else bare


def _third_person(verb: str) -> str:
    """What one person does.

    >>> [_third_person(verb) for verb in ("find", "discuss", "study", "re-analyse", "have", "showed", "need")]
    ['finds', 'discusses', 'studies', 're-analyses', 'has', 'showed', 'needs']
    """
    if verb in _IRREGULAR:
        return _IRREGULAR[verb]
    if verb in _ALIKE or _PAST.search(verb):
        return verb
    if verb.endswith("s") and not verb.endswith(("ss", "us", "as")):
        return verb  # as its authors had it
    if verb.endswith(("s", "sh", "ch", "x", "z", "o")):
        return f"{verb}es"
    return f"{verb[:-1]}ies" if verb.endswith("y") and verb[-2:-1] not in "aeiou" else f"{verb}s"
