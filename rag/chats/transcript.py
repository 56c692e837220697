"""A kept conversation written out for other programs: as Markdown, HTML, BibTeX or JSON.

Programs that show Markdown draw formulas between dollars, so these stay, and no other TeX does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from rag.answers import render
from rag.answers.answer import Answer, Block, Citation
from rag.answers.marks import unmarked
from rag.bibtex import bibliography
from rag.chats.conversations import Entry, Kept, as_json
from rag.chats.leaflet import leaflet
from rag.papers import tidy
from rag.text.latex import readable
from rag.text.visible import visible

Format = Literal["markdown", "html", "bibtex", "json"]
ENDINGS: dict[Format, tuple[str, str]] = {
    "markdown": ("md", "text/markdown"),
    "html": ("html", "text/html"),
    "bibtex": ("bib", "application/x-bibtex"),
    "json": ("json", "application/json"),
}


def written(kept: Kept, how: Format) -> str:
    """The conversation in one of the formats. The JSON is what Sidereus itself keeps."""
    if how == "bibtex":
        return bibliography((*kept.papers(), *kept.pins))
    if how == "html":
        return leaflet(kept)
    return visible(markdown(kept)) if how == "markdown" else as_json(kept)


def markdown(kept: Kept) -> str:
    """The questions as headings, the answers with their [n], and below each the papers that these stand for."""
    about = f"From the index {kept.index} with Sidereus, {kept.begun:%d %B %Y}."
    return "\n\n".join((f"# {kept.name}", about, *map(_turn, kept.entries))) + "\n"


def page(answer: Answer) -> str:
    """One answer as a Markdown page: the question as its title, the answer, and its papers at the end."""
    papers = _papers(answer)
    about = f"From the index {answer.index} with Sidereus."
    parts = (f"# {answer.question}", about, _said(answer.blocks), papers and f"## Papers\n\n{papers}")
    return visible("\n\n".join(part for part in parts if part)) + "\n"


def _turn(entry: Entry) -> str:
    said = _said(entry.answer.blocks if entry.answer else entry.said) or "(not answered)"
    parts = (f"## {' '.join(entry.question.split())}", said.strip(), _papers(entry.answer) if entry.answer else "")
    return "\n\n".join(part for part in parts if part)


def _papers(answer: Answer) -> str:
    return "\n".join(_reference(citation) for citation in sorted(answer.citations, key=lambda citation: citation.n))


def _said(blocks: Sequence[Block]) -> str:
    return "\n".join(map(readable, render.text(blocks).split("\n")))


def _reference(citation: Citation) -> str:
    paper = tidy(citation.paper)
    where = f" {paper.journal_ref}." if paper.journal_ref else ""
    digest = " Quoted from a digest written for Sidereus, not from the abstract." if paper.kind == "digest" else ""
    return f"- [{citation.n}] {unmarked(paper.byline)}. {unmarked(readable(paper.title))}.{where} <{paper.url}>{digest}"
