"""Choose the sentences of the retrieved papers that answer a question.

A question and a few papers in, ranked passages out. Knows about words, meaning and the kind of
answer a question calls for; knows nothing about retrieval, prompts or the language model.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from rag.evidence.passage import Passage
from rag.models.embedder import Encode
from rag.retrieval.hits import Hit
from rag.text.sentences import split
from rag.text.terms import STOPWORDS, Idf, mass, names, plain, stems


@dataclass(frozen=True, slots=True)
class Weights:
    """What each sign of a good sentence counts, next to its cosine, which counts one."""

    words: float = 0.3
    neighbour: float = 0.2
    pairs: float = 0.15
    focus: float = 0.2
    number: float = 0.2
    name: float = 0.2
    paper_words: float = 0.8
    paper_pairs: float = 0.0
    paper_rank: float = 0.2
    position: float = 0.2
    rival: float = 0.5
    leaning: float = 0.0
    announcing: float = 0.0


# For a broad question: whether the paper is about its topic counts more, whether a sentence closes the paper nothing,
# and a sentence has to say something by itself: it doesn't lean on the one before, nor only announce what is done.
BROAD = Weights(
    words=0.5,
    neighbour=0.1,
    number=0.0,
    name=0.0,
    paper_words=0.8,
    paper_pairs=0.9,
    position=0.0,
    leaning=0.4,
    announcing=0.25,
)


_MEASURES = (
    "fraction percentage percent share distance altitude height mass masses temperature velocity speed "
    "frequency frequencies period periods accuracy uncertainty uncertainties level rate factor value "
    "values range radius radii energy energies redshift density size length age depth year number scale "
    "exponent index wavelength ratio luminosity angle strength thickness latitude longitude dimension "
    "correlation coefficient limit constant time duration amplitude probability modulus diameter "
    "date magnitude pressure abundance width flux order"
)
_WANTS_NUMBER = re.compile(
    r"\bhow (?:many|much|large|small|fast|long|far|strong(?:ly)?|thick|deep|high|big|wide|old|heavy|hot|"
    r"cold|dense|accurate(?:ly)?|bright|often|precise(?:ly)?|massive|close|distant|tall)\b"
    rf"|\b(?:what|which)(?: [\w-]+){{0,3}}? (?:{'|'.join(_MEASURES.split())})\b"
    r"|^when\b|\b(?:by|up to|above|below|at|to) (?:what|which|how)\b",
    re.IGNORECASE,
)
_WANTS_NAME = re.compile(r"\b(?:which|who|whose|name|named|called)\b", re.IGNORECASE)
_WANTS_CAUSE = re.compile(
    r"\bwhy\b|\bwhat (?:causes?|caused|drives?|drove|explains?|limits?|sets|determines?|"
    r"controls?|regulates?|governs?|triggers?|shapes?|powers?)\b",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    r"\d+|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|"
    r"half|third|quarter|hundreds?|thousands?|millions?|billions?|orders? of magnitude|percent|twice|"
    r"dozens?)\b",
    re.IGNORECASE,
)
_CAUSE = re.compile(
    r"\b(?:because|due to|since|owing to|caused?|causes|results? (?:of|from|in)|therefore|hence|leads?|"
    r"explain\w*|driven by|responsible for)\b",
    re.IGNORECASE,
)
_LEANS = re.compile(
    r"^(?:(?:this|these|that|those|such|it|its|they|their|he|she|both|"
    r"the (?:latter|former|same|other|above|two|results?)|in (?:this|these|that|those|such|both)|"
    r"for (?:this|these|such)|with (?:this|these)|by contrast|"
    r"on the other hand|finally|moreover|furthermore|however|also|then|so|thus|therefore|hence|our|we also)\b"
    r"|[\w-]+ (?:this|these|such) \w+,)",
    re.IGNORECASE,
)
_DONE = (
    "presented|discussed|studied|described|reviewed|investigated|examined|considered|analy[sz]ed|explored|"
    "summari[sz]ed|outlined"
)
_DO = "present|discuss|study|describe|review|investigate|examine|consider|analy[sz]e|explore|summari[sz]e|outline"
_ANNOUNCES = re.compile(
    rf"\b(?:is|are|was|were|has been|have been|will be) (?:(?:also|then|briefly) )?(?:{_DONE})\b"
    rf"|\bwe (?:(?:also|then|further|briefly) )?(?:{_DO})\b|\bthis (?:paper|article|chapter|review|work)\b",
    re.IGNORECASE,
)
# "WASP-12b", "GW150914", "NGC 1275", "Sgr A*" aside: a catalogue's name and a number in it.
_DESIGNATION = re.compile(
    r"\b([A-Z][A-Za-z]*[A-Z][A-Za-z]*|[A-Z][a-z]+(?=-)|[A-Z](?=\d))[ -]?(\d[\d.+-]*(?: ?[a-z]\b)?)"
)
_ASKED = re.compile(r"\b(?:what|which|whose|how many|how much)\b((?: [\w'/-]+){1,4})", re.IGNORECASE)


def focus(question: str) -> frozenset[str]:
    """Stems of the thing asked for: the words right after the question word.

    >>> sorted(focus("In which underground laboratory did the run take place?"))
    ['laboratori', 'underground']
    """
    match = _ASKED.search(question)
    found: list[str] = []
    for word in match[1].split() if match else ():
        # The noun phrase is over where a function word or a past tense starts the clause.
        if found and (word.lower() in STOPWORDS or word.endswith("ed")):
            break
        found += stems(word)
    return frozenset(found[:3])


def wants(question: str) -> Literal["cause", "number", "name", ""]:
    """The kind of thing a question asks for, where its words tell."""
    if _WANTS_CAUSE.search(question):
        return "cause"
    if _WANTS_NUMBER.search(question):
        return "number"
    return "name" if _WANTS_NAME.search(question) else ""


def fits_kind(question: str, sentence: str) -> tuple[bool, bool]:
    """Whether `sentence` has the number or cause, and the name, that `question` asks for.

    What the question itself already names does not count.
    """
    match wants(question):
        case "cause":
            return bool(_CAUSE.search(sentence)), False
        case "number":
            given = set(_NUMBER.findall(question.lower()))
            return any(number not in given for number in _NUMBER.findall(plain(sentence).lower())), False
        case "name":
            known = {name.lower() for name in names(question)}
            return False, any(name.lower() not in known for name in names(sentence))
    return False, False


def rivals(question: str, sentence: str) -> bool:
    """Whether a sentence names another object of a catalogue in place of the one asked about.

    >>> rivals("How old is WASP-12b?", "WASP-17b is young."), rivals("How old is M31?", "It is older than M33.")
    (True, True)
    >>> rivals("How old is WASP-12b?", "WASP-12 b and WASP-17b are old."), rivals("How old is M87?", "It is old.")
    (False, False)
    """
    asked, said = _designations(question), _designations(sentence)
    return any(catalogue in said and not said[catalogue] & numbers for catalogue, numbers in asked.items())


def _designations(text: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for catalogue, number in _DESIGNATION.findall(plain(text)):
        found.setdefault(catalogue.upper(), set()).add(number.lower().replace(" ", ""))
    return found


def share(found: set[str] | frozenset[str], wanted: set[str] | frozenset[str], idf: Idf) -> float:
    """Weight of the `wanted` stems that were `found`, over the weight of them all."""
    return mass(wanted & found, idf) / mass(wanted, idf) if wanted else 0.0


def _pairs(ordered: Sequence[str]) -> set[tuple[str, str]]:
    return set(pairwise(ordered))


def _shared(wanted: set[tuple[str, str]], found: set[tuple[str, str]]) -> float:
    return len(wanted & found) / max(1, len(wanted))


def rank(
    question: str,
    query: str,
    hits: Sequence[Hit],
    encode: Encode,
    idf: Idf,
    papers: int = 5,
    weights: Weights = Weights(),
) -> list[Passage]:
    """All sentences of the best `papers` hits, the best evidence for `question` first.

    `query` is the question made self-contained: it says what papers and sentences are about, while the
    question itself, which may be a short follow-up, says what kind of answer is wanted. Each sentence is
    embedded behind its title, which says what "it" and "the model" are.
    """
    read = [(hit, split(hit.paper.abstract)) for hit in hits[:papers]]
    texts = [f"{hit.paper.title}. {sentence}" for hit, sentences in read for sentence in sentences]
    if not texts:
        return []
    vectors = encode([query, *texts])
    cosines = iter((vectors[1:] @ vectors[0]).tolist())
    best = max(hits[0].score, 1e-9)
    about = set(stems(query))
    passages = []
    for hit, sentences in read:
        bonuses = _bonuses(question, about, hit, sentences, hit.score / best, idf, weights)
        for position, (text, bonus) in enumerate(zip(sentences, bonuses, strict=True)):
            cosine = next(cosines)
            passages.append(Passage(hit.paper, text, position, cosine + bonus, cosine, hit.score))
    return sorted(passages, key=lambda passage: -passage.score)


def _bonuses(
    question: str,
    about: set[str],
    hit: Hit,
    sentences: Sequence[str],
    relevance: float,
    idf: Idf,
    weights: Weights,
) -> list[float]:
    """Score of each sentence of a hit, all but the cosine; `relevance` is over that of the best hit."""
    asked = stems(question)
    wanted, wanted_pairs, wanted_focus = set(asked), _pairs(asked), focus(question)
    titled, ordered = stems(hit.paper.title), [stems(sentence) for sentence in sentences]
    title = set(titled)
    known = [set(found) for found in ordered]
    of_paper = weights.paper_words * share(title.union(*known), about, idf)
    of_paper += weights.paper_rank * relevance
    of_paper += weights.paper_pairs * _shared(wanted_pairs, _pairs(titled).union(*map(_pairs, ordered)))
    # Abstracts open with what is known and close with what was found; digests say what was found first.
    later = weights.position if hit.paper.kind == "abstract" else 0.0
    last = max(1, len(known) - 1)
    scores = []
    for i, sentence in enumerate(sentences):
        # "It lies at 5 kpc." leans on the sentence before it, the first sentence on the title.
        before = (known[i - 1] if i else title) - known[i]
        number, name = fits_kind(question, sentence)
        scores.append(
            of_paper
            + weights.words * share(known[i], wanted, idf)
            + weights.neighbour * share(before, wanted, idf)
            + weights.pairs * _shared(wanted_pairs, _pairs(ordered[i]))
            + weights.focus * share(known[i], wanted_focus, idf)
            + weights.number * number
            + weights.name * name
            + later * i / last
            - weights.rival * rivals(question, sentence)
            - weights.leaning * bool(_LEANS.match(sentence))
            - weights.announcing * bool(_ANNOUNCES.search(sentence))
        )
    return scores
