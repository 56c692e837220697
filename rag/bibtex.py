"""BibTeX entries for papers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from rag.citing.keys import Style, keyed
from rag.citing.names import MORE, surname_first
from rag.citing.published import published
from rag.citing.tex import bare, escaped
from rag.papers import Paper
from rag.sources.journals import macro


@dataclass(frozen=True, slots=True)
class Remark:
    """What a person has to say of a paper: tags, and a note in Markdown."""

    tags: tuple[str, ...] = ()
    note: str = ""


Remarks = Mapping[str, Remark]
"""Remarks by the ids of the papers."""
NONE: Remarks = MappingProxyType({})


def entry(paper: Paper, style: Style = Style()) -> str:
    """The BibTeX entry of one paper, with the fields that ADS and arXiv give."""
    return bibliography([paper], style)


def bibliography(papers: Iterable[Paper], style: Style = Style(), remarks: Remarks = NONE) -> str:
    """The entries of several papers, with what was remarked on them; the same paper once, and no key twice."""
    return "\n".join(
        _entry(paper, key, style, remarks.get(paper.id, Remark())) for paper, key in keyed(papers, style.keys)
    )


def _entry(paper: Paper, key: str, style: Style, remark: Remark) -> str:
    place = published(paper)
    journal, volume, pages, year = (paper.journal_ref or "", "", "", paper.year)
    if place:
        journal, volume, pages, year = place.journal, place.volume, place.pages, place.year
    fields = {
        "author": " and ".join("others" if name.lower() == MORE else _name(name) for name in paper.authors),
        "title": "{" + escaped(paper.title) + "}",
        "year": str(year),
        "eprint": bare(paper.id) if paper.on_arxiv else "",
        "archivePrefix": "arXiv" if paper.on_arxiv else "",
        "primaryClass": bare(paper.categories[0]) if paper.categories else "",
        "doi": bare(paper.doi or ""),
        "journal": (style.macros and macro(journal)) or escaped(journal),
        "volume": bare(volume),
        "pages": bare(pages.replace("–", "--")),
        "adsurl": f"https://ui.adsabs.harvard.edu/abs/{bare(paper.bibcode)}" if paper.bibcode else "",
        "url": bare(paper.url),
        "keywords": escaped(", ".join(remark.tags)),
        "annote": escaped(remark.note),
    }
    lines = [f"  {name:<13} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join((f"@{'article' if journal else 'misc'}{{{key},", *lines, "}\n"))


def _name(author: str) -> str:
    name = surname_first(author)
    return "{" + escaped(author) + "}" if name == author else escaped(name)
