"""The keys that papers are cited by in LaTeX, in the forms that people and programs give them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from rag.citing import published
from rag.citing.names import surname
from rag.papers import Paper, tidy
from rag.text.latex import plain
from rag.text.personal_names import folded

Keys = Literal["library", "id", "short", "bibcode", "zotero"]
KEYS: dict[Keys, str] = {
    "library": "its library's",
    "id": "Riess2018_1804.10655",
    "short": "Riess2018",
    "bibcode": "bibcode",
    "zotero": "riess_milky_2018",
}

NOT_IN_KEYS = re.compile(r"[\s,{}()\"#%~\\'=]")
# What Zotero leaves out of a title.
_SMALL_WORDS = frozenset(
    "a an the some from on in to of do with der die das ein eine einer eines einem einen un une la le el las los al "
    "uno una unos unas de des del".split()
)


@dataclass(frozen=True, slots=True)
class Style:
    """How papers are cited: the form of their keys, and journals as macros of AASTeX or by their names."""

    keys: Keys = "library"
    macros: bool = False


ADS = Style("bibcode", macros=True)


def keyed(papers: Iterable[Paper], form: Keys = "library") -> list[tuple[Paper, str]]:
    """Papers, tidy, with their keys; the same paper once, and no key twice, whatever its case."""
    found: list[tuple[Paper, str]] = []
    taken: set[str] = set()
    for paper in {paper.id: tidy(paper) for paper in papers}.values():
        name = key(paper, form)
        if name.lower() in taken:
            name = next(other for other in _others(name, paper, form) if other.lower() not in taken)
        taken.add(name.lower())
        found.append((paper, name))
    return found


def key(paper: Paper, form: Keys = "library") -> str:
    """A paper's key; in the form "library" that of the library it came from.

    Without one, or a bibcode, its key is as people write it, unique by its id: ``Abbott2016_1602.03837``.
    """
    own = {"library": paper.key, "bibcode": published.bibcode(paper) if form == "bibcode" else None}.get(form)
    if own and (usable := NOT_IN_KEYS.sub("", own)):
        return usable
    name = surname(paper.authors[0]) if paper.authors and paper.authors[0].strip() else ""
    if form == "zotero":
        return _zotero(name, paper)
    letters = re.sub(r"[^A-Za-z]", "", "".join(_ascii(char) for char in name)) or "arXiv"
    if form == "short":
        return f"{letters}{published.year(paper)}"
    return f"{letters}{paper.year}_{re.sub(r'[^A-Za-z0-9.-]', '_', paper.id)}"


def _zotero(name: str, paper: Paper) -> str:
    """As Zotero exports it: surname, first word of the title, year, in small letters."""
    words = [word for word in re.findall(r"[\w-]+", folded(plain(paper.title))) if word not in _SMALL_WORDS]
    parts = (folded(name).replace(" ", "_"), words[0] if words else "", str(published.year(paper)))
    return "_".join(part for part in (re.sub(r"[^a-z0-9_-]", "", part) for part in parts) if part)


def _others(name: str, paper: Paper, form: Keys) -> Iterable[str]:
    """What else a paper may be called when its key is another's."""
    if form == "short":
        yield from (f"{name}{chr(letter)}" for letter in range(ord("b"), ord("z") + 1))
    if form == "zotero":
        yield from (f"{name}-{count}" for count in range(1, 1000))
    unlike = f"{name}_{re.sub(r'[^A-Za-z0-9]', '_', paper.id)}"
    yield from (unlike, *(f"{unlike}_{count}" for count in range(2, 1000)))


def _ascii(char: str) -> str:
    return folded(char).capitalize() if char.isupper() else folded(char)
