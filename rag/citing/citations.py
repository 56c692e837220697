r"""Citations as authors paste them: ``\citep`` and ``\citet``, ``\bibitem`` as AASTeX wants it, and plain text."""

from __future__ import annotations

from collections.abc import Iterable

from rag.citing.keys import Style, keyed
from rag.citing.names import MORE, with_initials
from rag.citing.published import published, year
from rag.citing.tex import bare, escaped
from rag.papers import Paper
from rag.sources.journals import macro
from rag.text.latex import plain

# The journals of the AAS name all authors up to five, and of more the first three.
_MOST, _FIRST = 5, 3


def citep(papers: Iterable[Paper], style: Style = Style()) -> str:
    r"""One citation in parentheses, of natbib: ``\citep{Riess2016,Riess2018}``."""
    return _cite("citep", papers, style)


def citet(papers: Iterable[Paper], style: Style = Style()) -> str:
    r"""One citation in running text, of natbib: ``\citet{Riess2016}``."""
    return _cite("citet", papers, style)


def bibitems(papers: Iterable[Paper], style: Style = Style()) -> str:
    r"""An entry of ``thebibliography`` for each paper, a line each, with natbib's label, as ADS writes it."""
    return "".join(f"{_bibitem(paper, key, style.macros)}\n" for paper, key in keyed(papers, style.keys))


def references(papers: Iterable[Paper], style: Style = Style()) -> str:
    """A line of plain text for each paper, in Unicode."""
    return "".join(f"{_reference(paper)}\n" for paper, _ in keyed(papers, style.keys))


def _cite(command: str, papers: Iterable[Paper], style: Style) -> str:
    keys = ",".join(key for _, key in keyed(papers, style.keys))
    return f"\\{command}{{{keys}}}\n" if keys else ""


def _bibitem(paper: Paper, key: str, macros: bool) -> str:
    label = f"{escaped(paper.credit)}({year(paper)})"
    place = published(paper)
    where = [escaped(paper.journal_ref or "")]
    if place:
        name = (macros and macro(place.journal)) or escaped(place.journal)
        where = [name, escaped(place.volume), escaped(_first_page(place.pages))]
    authors = escaped(_authors(paper, "~")).replace(MORE, "et al.\\")
    parts = (f"{authors} {year(paper)}".strip(), *where, bare(_archived(paper)) if not any(where) else "")
    doi = f". doi:{escaped(bare(paper.doi))}" if paper.doi else ""
    return f"\\bibitem[{label}]{{{key}}} {', '.join(part for part in parts if part)}{doi}"


def _reference(paper: Paper) -> str:
    place = published(paper)
    where = (place.journal, place.volume, _first_page(place.pages)) if place else (paper.journal_ref or "",)
    doi = f"doi:{paper.doi}" if paper.doi else ""
    dated = f"{_authors(paper)} {year(paper)}".strip()
    return ", ".join(part for part in (dated, f"“{plain(paper.title)}”", *where, doi, _archived(paper)) if part)


def _authors(paper: Paper, between: str = " ") -> str:
    named = [author for author in paper.authors if author.lower() != MORE]
    more = len(named) < len(paper.authors) or len(named) > _MOST
    names = [with_initials(author, between) for author in (named[:_FIRST] if more else named)]
    if more:
        return ", ".join([*names, MORE])
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + f", & {names[-1]}" if names else ""


def _archived(paper: Paper) -> str:
    return f"arXiv:{paper.id}" if paper.on_arxiv else ""


def _first_page(pages: str) -> str:
    return pages.replace("–", "-").partition("-")[0].strip()
