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
_WE = re.compile(r"^(?:[Ww]e|I) (?:(?:also|then|further|thus|therefore|finally|here|now) )?(?P<verb>[a-z]+)\b")
_WORD = re.compile(r"[a-z]{2,}\b(?![_^(])")  # not a symbol, which has its own way to be written
_THEMSELVES = re.compile(r"\b(?:we|our|ours|us|I|my|me)\b")
_IRREGULAR = {"have": "has", "are": "is", "were": "was", "do": "does", "can": "can", "could": "could", "may": "may",
              "might": "might", "will": "will", "would": "would", "should": "should", "must": "must"}  # fmt: skip
_PAST = re.compile(r"(?:ed|found|showed|made|took|gave|saw|began|did|had|led|built|went|wrote|drew|chose|got)$")


def attributed(text: str, paper: Paper) -> str:
    """The sentence as it is said about the paper, without what tied it to the sentence before.

    >>> attributed("However, we find a warp.", Paper("1", "T", ("A. B. Okafor", "C. Lin"), "", 2001, ()))
    'Okafor & Lin find a warp.'
    """
    bare = untied(text)
    said = _WE.match(bare)
    if not said or _THEMSELVES.search(bare, said.end()) or not paper.credit or paper.kind != "abstract":
        return bare
    verb = _third_person(said["verb"]) if len(paper.authors) == 1 else said["verb"]
    return f"{paper.credit} {verb}{bare[said.end() :]}"


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

    >>> [_third_person(verb) for verb in ("find", "discuss", "study", "have", "showed")]
    ['finds', 'discusses', 'studies', 'has', 'showed']
    """
    if verb in _IRREGULAR:
        return _IRREGULAR[verb]
    if _PAST.search(verb):
        return verb
    if verb.endswith(("s", "sh", "ch", "x", "z")):
        return f"{verb}es"
    return f"{verb[:-1]}ies" if verb.endswith("y") and verb[-2:-1] not in "aeiou" else f"{verb}s"
