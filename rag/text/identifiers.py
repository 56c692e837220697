"""Identifiers of papers in what people type: arXiv ids of both styles, DOIs and ADS bibcodes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote

from rag.text import references

Scheme = Literal["arXiv", "DOI", "bibcode", "reference", "key"]

ARCHIVES = (
    "acc-phys|adap-org|alg-geom|ao-sci|astro-ph|atom-ph|bayes-an|chao-dyn|chem-ph|cond-mat|cs|gr-qc|hep-ex|hep-lat|"
    "hep-ph|hep-th|math-ph|math|mtrl-th|nlin|nucl-ex|nucl-th|patt-sol|physics|plasm-ph|q-bio|quant-ph|solv-int|supr-con"
)
ARXIV_LINK = re.compile(
    r"(?:https?://)?(?:www\.|export\.)?(?:ar5iv\.org|ar5iv\.labs\.arxiv\.org|arxiv\.org)/(?:abs|pdf|html)/"
    r"|(?:https?://(?:dx\.)?doi\.org/|doi:\s*)?10\.48550/arxiv\.",
    re.I,
)
# Archives that papers of astronomy are in, for an old number that lacks its own.
OLD_ARCHIVES = ("astro-ph", "gr-qc", "hep-ph", "hep-th", "physics")
OTHER_LINK = re.compile(r"(?:https?://)?(?:dx\.doi\.org|doi\.org|(?:ui\.)?adsabs\.harvard\.edu/(?:#?abs))/", re.I)
NEW = r"(?P<new>\d{2}(?:0[1-9]|1[0-2])\.\d{4,5})"
OLD = rf"(?P<old>(?:{ARCHIVES})(?:\.[A-Za-z]{{2}})?/\d{{2}}(?:0[1-9]|1[0-2])\d{{3}})"
ARXIV = re.compile(rf"(?<![\w.+/-])(?P<prefix>arxiv\s*:?\s*)?(?:{NEW}|{OLD})(?:v\d+)?(?:\.pdf)?(?![\w+]|\.\d)", re.I)
DOI = re.compile(r"(?<![\w.])(?:doi\s*[:=]\s*)?(10\.\d{4,9}/[^\s\"]+)", re.I)
# What is left of a link behind the DOI that it leads to.
AFTER_DOI = re.compile(r"(?:/(?:pdf|full|fulltext|abstract|meta|epdf|html)|\.pdf|[&?#].*|[.,;:?!'>\]}]+)+$", re.I)
BIBCODE = re.compile(
    r"(?<![^\s\"'“(\[:])((?:1[5-9]|20)\d\d[A-Za-z][A-Za-z&.+]{4}[\w.]{4}[\w.][\w.]{4}[A-Za-z.])"
    r"(?=[,;?!)\]\"'”.]|\s|/|$)"
)
# An old number whose archive was left out, and a reference to a page.
BARE_OLD = re.compile(r"(?<![\w./-])arxiv\s*:\s*(?P<number>\d{7})(?:v\d+)?(?![\w.])", re.I)
REFERENCE = re.compile(
    r"(?<![\w.])(?P<journal>(?:[A-Z][\w&.]*\.?[ ]?){1,6}),?\s+(?:\d{4},?\s+)?(?:vol\.?\s*)?"
    r"\d{1,4},?\s*(?:\(?\d{4}\)?,?\s*)?(?:no\.?\s*\d+,?\s*)?(?:pp?\.?\s*)?[A-Z]?\d{1,6}(?:\s*\(\d{4}\))?(?![\w.]*\w)"
)
KEY = re.compile(r"(?<![\w:])(?P<key>(?:key|bibcode|title|doi):[^\s\"]+)", re.I)
CITED_AS = re.compile(r"(?<![\w:./-])[A-Za-z][A-Za-z'’-]{1,30}[-_:]?(?:19|20)\d\d\w{0,20}(?![\w.-]*\w)")
# Four digits after the point until the end of 2014, five since.
FIVE_DIGITS_SINCE = "1501"


@dataclass(frozen=True, slots=True)
class Identifier:
    """One identifier: ``keys`` are what the index may file it under, ``span`` is where it stands in the query.

    ``certain`` is False for a number that may be just that, such as 1105.5736 without "arXiv:" before it.
    """

    scheme: Scheme
    value: str
    keys: tuple[str, ...]
    span: tuple[int, int]
    certain: bool = True


def unlinked(query: str) -> str:
    """The query with links to arXiv, doi.org and ADS cut down to the identifiers in them."""
    plain = re.sub(r"%(?:2F|3A|28|29|3C|3E|3B)", lambda code: unquote(code[0]), query, flags=re.I)
    return OTHER_LINK.sub("", ARXIV_LINK.sub("arXiv:", plain)).replace("%26", "&").replace("/abstract", "")


def find(query: str) -> list[Identifier]:
    """The identifiers in a query, in their order."""
    found = [*_dois(query), *_bibcodes(query)]
    taken = [identifier.span for identifier in found]
    for match in BARE_OLD.finditer(query):
        keys = tuple(f"arxiv:{archive}/{match['number']}" for archive in OLD_ARCHIVES)
        found.append(Identifier("arXiv", match["number"], keys, match.span()))
    for pattern, read in ((KEY, _own), (REFERENCE, _reference), (CITED_AS, _cited_as)):
        for match in pattern.finditer(query):
            inside = any(start < match.end() and match.start() < end for start, end in taken)
            if not inside and (identifier := read(match)):
                found.append(identifier)
    for match in ARXIV.finditer(query):
        inside = any(start <= match.start() < end for start, end in taken)
        if not inside and (identifier := _arxiv(match)):
            found.append(identifier)
    return sorted(found, key=lambda identifier: identifier.span)


def _own(match: re.Match[str]) -> Identifier:
    """The id under which a paper that is not at arXiv is shown."""
    value = match["key"].rstrip(".,;?!")
    span = (match.start(), match.start() + len(value))
    return Identifier("key", value, (value.lower(),), span, certain=False)


def _reference(match: re.Match[str]) -> Identifier | None:
    """As in "ApJ 690, 734", and in the midst of a reference from a bibliography."""
    key = references.key_of_reference(match[0])
    start = match.start()
    for later in re.finditer(r"\s", match["journal"]):  # the names of authors may stand before the journal's
        if key:
            break
        start = match.start() + later.end()
        key = references.key_of_reference(match.string[start : match.end()])
    return (
        Identifier("reference", match.string[start : match.end()], (key,), (start, match.end()), False) if key else None
    )


def _cited_as(match: re.Match[str]) -> Identifier:
    """The key of a library, as in "what does riess2016 find?"."""
    return Identifier("key", match[0], (f"key:{match[0].lower()}",), match.span(), certain=False)


def _arxiv(match: re.Match[str]) -> Identifier | None:
    value = match["new"] or match["old"].lower()
    if match["old"]:
        # A subject class such as math.GT was never part of the number.
        value = re.sub(r"\.[a-z]{2}/", "/", value)
    elif (len(value) == 10) != (value[:4] >= FIVE_DIGITS_SINCE) or value < "0704":
        return None
    return Identifier("arXiv", value, (f"arxiv:{value}",), match.span(), bool(match["prefix"] or match["old"]))


def _dois(query: str) -> list[Identifier]:
    found = []
    for match in DOI.finditer(query):
        value = AFTER_DOI.sub("", match[1])
        while value.endswith(")") and value.count(")") > value.count("("):
            value = value[:-1].rstrip(".,;:?!")
        keys = (f"doi:{value.lower()}",)
        left = match[1][len(value) :]
        end = match.end() if AFTER_DOI.fullmatch(left) else match.end() - len(left)
        found.append(Identifier("DOI", value, keys, (match.start(), end)))
    return found


def _bibcodes(query: str) -> list[Identifier]:
    found = []
    for match in BIBCODE.finditer(query):
        key = references.key_of_bibcode(match[1])
        if key:
            found.append(Identifier("bibcode", match[1], (key,), match.span(1)))
    return found
