"""BibTeX entries for papers."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Literal

from rag.papers import Paper, tidy
from rag.sources.journals import macro

Style = Literal["library", "ads"]

SPECIAL = re.compile(r"(?<!\\)([&%#_])(?![^$]*\$(?:[^$]*\$[^$]*\$)*[^$]*$)")
COLLECTIVE = re.compile(r"collaboration|team|consortium|group", re.I)
NOT_IN_KEYS = re.compile(r"[\s,{}()\"#%~\\'=]")


def entry(paper: Paper, style: Style = "library") -> str:
    """The BibTeX entry of one paper, with the fields that ADS and arXiv give.

    In the style "library" a paper keeps the key and the journal that its library gave it; in the style "ads" the key
    is the bibcode, where it is known, and the journal the macro of AASTeX.
    """
    paper = tidy(paper)
    journal = paper.journal or paper.journal_ref or ""
    fields = {
        "author": " and ".join("others" if name.lower() == "et al." else _name(name) for name in paper.authors),
        "title": "{" + _escaped(paper.title) + "}",
        "year": str(paper.year),
        "eprint": _bare(paper.id) if paper.on_arxiv else "",
        "archivePrefix": "arXiv" if paper.on_arxiv else "",
        "primaryClass": _bare(paper.categories[0]) if paper.categories else "",
        "doi": _bare(paper.doi or ""),
        "journal": (style == "ads" and macro(journal)) or _escaped(journal),
        "volume": _bare(paper.volume or ""),
        "pages": _bare((paper.pages or "").replace("–", "--")),
        "adsurl": f"https://ui.adsabs.harvard.edu/abs/{_bare(paper.bibcode)}" if paper.bibcode else "",
        "url": _bare(paper.url),
    }
    kind = "article" if journal else "misc"
    lines = [f"  {name:<13} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join((f"@{kind}{{{key(paper, style)},", *lines, "}\n"))


def bibliography(papers: Iterable[Paper], style: Style = "library") -> str:
    """The entries of several papers; the same paper once, and no key twice."""
    entries, taken = [], set()
    for paper in {paper.id: paper for paper in papers}.values():
        name = key(paper, style)
        written = entry(paper, style)
        if name.lower() in taken:  # as it may be with papers of two libraries
            unlike = f"{name}_{re.sub(r'[^A-Za-z0-9]', '_', paper.id)}"
            written = written.replace(f"{{{name},", f"{{{unlike},", 1)
        taken.add(name.lower())
        entries.append(written)
    return "\n".join(entries)


def key(paper: Paper, style: Style = "library") -> str:
    """The key that the library gave, else one as people write it, unique by its id: ``Abbott2016_1602.03837``."""
    own = paper.bibcode if style == "ads" and paper.bibcode else paper.key
    if own and (plain := NOT_IN_KEYS.sub("", own)):
        return plain
    surname = paper.authors[0].split()[-1] if paper.authors and paper.authors[0].split() else "arXiv"
    ascii_only = unicodedata.normalize("NFKD", surname).encode("ascii", "ignore").decode()
    return f"{re.sub(r'[^A-Za-z]', '', ascii_only) or 'arXiv'}{paper.year}_{re.sub(r'[^A-Za-z0-9.-]', '_', paper.id)}"


def surname_first(author: str) -> str:
    """A person's name as catalogues sort it: "Riess, Adam G."; that of a collaboration as it is."""
    parts = author.split()
    if len(parts) < 2 or COLLECTIVE.search(author):
        return author
    return f"{parts[-1]}, {' '.join(parts[:-1])}"


def _name(author: str) -> str:
    name = surname_first(author)
    return "{" + _escaped(author) + "}" if name == author else _escaped(name)


def _bare(value: str) -> str:
    """A name for machines, without anything that could end its field."""
    return re.sub(r"[{}\\\s\"]", "", value)


def _is_balanced(text: str) -> bool:
    depth = 0
    for mark in re.findall(r"\\[{}]|[{}]", text):
        # Whoever reads BibTeX may or may not count a brace behind a backslash, so none may stand there.
        depth += 1 if mark == "{" else -1 if mark == "}" else -1_000_000
        if depth < 0:
            return False
    return depth == 0


def _escaped(text: str) -> str:
    balanced = text if _is_balanced(text) else text.replace("{", "(").replace("}", ")")
    open_ended = balanced.endswith("\\") and not balanced.endswith("\\\\")
    return SPECIAL.sub(r"\\\1", balanced[:-1] if open_ended else balanced)
