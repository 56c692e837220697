"""BibTeX entries for papers."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from rag.papers import Paper

SPECIAL = re.compile(r"(?<!\\)([&%#_])(?![^$]*\$(?:[^$]*\$[^$]*\$)*[^$]*$)")


def entry(paper: Paper) -> str:
    """The BibTeX entry of one paper, with the fields that ADS and arXiv give."""
    fields = {
        "author": " and ".join("others" if name.lower() == "et al." else _name(name) for name in paper.authors),
        "title": "{" + _escaped(paper.title) + "}",
        "year": str(paper.year),
        "eprint": paper.id,
        "archivePrefix": "arXiv",
        "primaryClass": paper.categories[0] if paper.categories else "",
        "doi": paper.doi or "",
        "journal": _escaped(paper.journal_ref or ""),
        "url": paper.url,
    }
    kind = "article" if paper.journal_ref else "misc"
    lines = [f"  {name:<13} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join((f"@{kind}{{{key(paper)},", *lines, "}\n"))


def bibliography(papers: Iterable[Paper]) -> str:
    """The entries of several papers; the same paper once."""
    return "\n".join(entry(paper) for paper in {paper.id: paper for paper in papers}.values())


def key(paper: Paper) -> str:
    """A key as people write it, made unique by the arXiv id: ``Abbott2016_1602.03837``."""
    surname = paper.authors[0].split()[-1] if paper.authors and paper.authors[0].split() else "arXiv"
    ascii_only = unicodedata.normalize("NFKD", surname).encode("ascii", "ignore").decode()
    return f"{re.sub(r'[^A-Za-z]', '', ascii_only) or 'arXiv'}{paper.year}_{paper.id.replace('/', '_')}"


def _name(author: str) -> str:
    parts = author.split()
    collective = re.search(r"collaboration|team|consortium|group", author, re.I)
    if len(parts) < 2 or collective:
        return "{" + _escaped(author) + "}"
    return _escaped(f"{parts[-1]}, {' '.join(parts[:-1])}")


def _escaped(text: str) -> str:
    balanced = text if text.count("{") == text.count("}") else text.replace("{", "(").replace("}", ")")
    open_ended = balanced.endswith("\\") and not balanced.endswith("\\\\")
    return SPECIAL.sub(r"\\\1", balanced[:-1] if open_ended else balanced)
