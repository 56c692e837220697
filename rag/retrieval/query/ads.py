"""Queries in the syntax of ADS, which is what astronomers paste: author:"^Kurtz, M" year:2005-2010 abs:"stellar wind".

https://ui.adsabs.harvard.edu/help/search/search-syntax. A grammar parses them; what a collection of abstracts can't
answer (citations, reads, affiliations) is set aside and said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

GRAMMAR = r"""
    ?start: either
    either: both (OR both)*
    both: (AND? part)*
    part: (NOT | MINUS) part  -> without
        | FIELD value         -> fielded
        | FUNCTION group      -> operator
        | value
    ?value: group | RANGE | PHRASE | FIRST | WORD
    group: "(" either ")"
    AND.3: /(?:AND|&&)(?=[\s(]|$)/
    OR.3: /(?:OR|\|\|)(?=[\s(]|$)/
    NOT.3: /NOT(?=[\s(])|!(?=[\w("])/
    MINUS.3: /-(?=[\w("])/
    FIELD.4: /[=+]?[A-Za-z_]{2,20}\s?:(?=\s*[^\s)])/
    FUNCTION.4: /[a-z_0-9]{3,20}(?=\()/
    RANGE.3: /[\[{][^\[\]{}]{1,60}[\]}]/
    PHRASE.2: /\^?"[^"]*"(?:~\d+)?/
    FIRST.2: /\^[^\s()":]+/
    WORD: /[^\s()"]+/
    %ignore /[\s,;+]+/
"""
AUTHORS = frozenset(("author", "first_author", "author_norm", "first_author_norm"))
YEARS = frozenset(("year", "pubdate", "date", "entdate", "entry_date"))
WORDS = frozenset(
    "title abs abstract body full fulltext keyword ack all text object uat alternate_title caption lang".split()
)
IDENTIFIERS = frozenset("doi identifier arxiv bibcode id alternate_bibcode eprint".split())
JOURNALS = frozenset("bibstem bibgroup pub".split())
CATEGORIES = frozenset(("arxiv_class", "arxiv_category"))
ASIDE = frozenset(
    "property doctype database collection aff institution inst orcid orcid_pub orcid_user orcid_other data facility "
    "bibgroup_facet grant issue volume page vizier simbid ned nedid copyright isbn issn esources has docs editor "
    "book_author author_count page_count entry_month mention planetary_feature".split()
)
COUNTED = frozenset("citation_count citation_count_norm read_count cite_read_boost classic_factor".split())
OPERATORS = frozenset("citations references trending useful reviews similar topn joincitations joinreferences".split())
FIELDS = AUTHORS | YEARS | WORDS | IDENTIFIERS | JOURNALS | CATEGORIES | ASIDE | COUNTED
# "arXiv:1602.03837" and "doi:10.1086/307221" are how identifiers are written anywhere.
PLAIN = frozenset(("arxiv", "doi", "eprint"))
FIELD = re.compile(
    rf"(?<![\w.:/])[=+]?(?:(?:{'|'.join(sorted(FIELDS - PLAIN, key=len, reverse=True))})\s?:(?=\s*[^\s)/])"
    rf"|(?:{'|'.join(PLAIN)}):(?=[\"(]))",
    re.I,
)
BOOLEAN = re.compile(r"(?<=\S)\s+(?:AND|OR|NOT)\s+(?=\S)|^NOT\s+\S|(?:^|\s)-(?=[A-Za-z\"][\w\"])")
CARET = re.compile(r"(?:^|[\s(\"])\^(?=[^\W\d_]{2})")
FUNCTION = re.compile(rf"\b(?:{'|'.join(sorted(OPERATORS))})\(")
LONGEST = 1000
DEEPEST = 20


@dataclass
class Reading:
    """What a query in that syntax asks for.

    ``authors`` are joined as :class:`rag.index.filters.Filters` has them. ``words`` are searched for, papers with
    ``phrases`` come first, and those with any of ``without`` are left out. ``aside`` are parts that were set aside,
    and ``counted`` those that need citations.
    """

    authors: list[str] = field(default_factory=list)
    since: int | None = None
    until: int | None = None
    journal: str | None = None
    category: str | None = None
    words: list[str] = field(default_factory=list)
    phrases: list[str] = field(default_factory=list)
    without: list[str] = field(default_factory=list)
    identifiers: list[str] = field(default_factory=list)
    aside: list[str] = field(default_factory=list)
    counted: list[str] = field(default_factory=list)


def is_ads(query: str) -> bool:
    """Whether a query is written in the syntax of ADS: with its fields, carets, operators or signs."""
    return any(sign.search(query) for sign in (FIELD, CARET, FUNCTION, BOOLEAN))


def read(query: str) -> Reading | None:
    """What a query in the syntax of ADS asks for; None where the grammar can make nothing of it."""
    from lark.exceptions import LarkError

    if len(query) > LONGEST or query.count("(") > DEEPEST:
        return None
    try:
        tree = _parser().parse(_mended(query))
    except (LarkError, RecursionError):
        return None
    reading = Reading()
    _take(tree, reading)
    return reading


@cache
def _parser() -> Any:
    from lark import Lark

    return Lark(GRAMMAR, parser="lalr", maybe_placeholders=False)


def _mended(query: str) -> str:
    """The query with straight quotes, and quotes and parentheses closed that were not."""
    query = re.sub(r"[“”„«»]", '"', query).replace("\\", " ")
    if query.count('"') % 2:
        query += '"'
    depth, kept, quoted = 0, [], False
    for sign in query:
        quoted ^= sign == '"'
        if not quoted and sign == ")" and depth == 0:
            continue
        depth += 0 if quoted else {"(": 1, ")": -1}.get(sign, 0)
        kept.append(sign)
    # A field in a value, as in abs:title:dust, is a word.
    return "".join(kept) + ")" * depth


def _take(tree: Any, reading: Reading, name: str = "") -> None:
    """Note what a part of the query asks for; ``name`` is the field that it stands in."""
    if not hasattr(tree, "data"):
        _note(str(tree), tree.type, name, reading)
    elif tree.data == "without":
        excluded = Reading()
        _take(tree.children[-1], excluded, name)
        reading.without += [*excluded.words]
        reading.aside += [f"NOT author {author.lstrip('^')}" for author in excluded.authors]
    elif tree.data == "fielded":
        field_name, value = tree.children
        _field(str(field_name).strip("=+ :").lower(), value, reading)
    elif tree.data == "operator":
        _operator(str(tree.children[0]), tree, reading, name)
    elif tree.data == "either" and len(tree.children) > 1 and name in AUTHORS:
        choices = [_authors(child, name) for child in tree.children if hasattr(child, "data")]
        reading.authors.append(" | ".join(author for choice in choices for author in choice))
    else:
        for child in tree.children:
            if hasattr(child, "data") or child.type not in ("AND", "OR"):
                _take(child, reading, name)


def _authors(tree: Any, name: str) -> list[str]:
    inner = Reading()
    _take(tree, inner, name)
    return inner.authors


def _field(name: str, value: Any, reading: Reading) -> None:
    if name in COUNTED:
        reading.counted.append(f"{name}:{_text(value)}")
    elif name in ASIDE:
        reading.aside.append(f"{name}:{_text(value)}")
    elif name in FIELDS:
        _take(value, reading, name)
    else:
        # "http:", "SN:" and the like are words with a colon.
        _take(value, reading)
        reading.words.insert(len(reading.words) - 1 if reading.words else 0, name)


def _operator(name: str, tree: Any, reading: Reading, within: str) -> None:
    if name in OPERATORS:
        reading.counted.append(f"{name}({_text(tree.children[1])})")
    else:  # a word right before a parenthesis
        reading.words.append(name)
        _take(tree.children[1], reading, within)


def _note(text: str, kind: str, name: str, reading: Reading) -> None:
    first = "^" if text.lstrip('"').startswith("^") or name.startswith("first_author") else ""
    said = re.sub(r'~\d+$|["^]', "", text).strip()
    if name in YEARS:
        _years(said, reading)
    elif name in AUTHORS or (first and kind in ("FIRST", "PHRASE")):
        if any(c.isalpha() for c in said):
            reading.authors.append(first + re.sub(r"\s*[&|;]\s*", " ", said).rstrip("*"))
    elif name in IDENTIFIERS:
        reading.identifiers.append(f"arXiv:{said}" if name in ("arxiv", "eprint") else said)
    elif name in JOURNALS:
        reading.journal = said
    elif name in CATEGORIES:
        reading.category = said.rstrip("*.")
    elif any(c.isalnum() for c in said):
        reading.words.append(said)
        if kind == "PHRASE" and " " in said:
            reading.phrases.append(said)


def _years(text: str, reading: Reading) -> None:
    """The years of 2011, 2005-2010, -2010, [2022-01 TO 2022-12] or [2015 TO *]."""
    ends = re.split(r"\s+TO\s+|(?<=\d{4})\s*-(?=\s*(?:\d{4}|$))|^-", text.strip("[]{} "), maxsplit=1, flags=re.I)
    years = [int(found[0]) if (found := re.match(r"\s*(\d{4})", end)) else None for end in ends]
    since, until = (years[0], years[0]) if len(years) == 1 else (years[0], years[-1])
    reading.since, reading.until = since or reading.since, until or reading.until


def _text(tree: Any) -> str:
    if not hasattr(tree, "data"):
        return str(tree)
    return " ".join(_pieces(tree))


def _pieces(tree: Any) -> Iterator[str]:
    for child in tree.children:
        yield from _pieces(child) if hasattr(child, "data") else (str(child),)
