"""The cards of papers beside an answer, and the papers pinned above them, as HTML."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from urllib.parse import quote

from rag.answers.answer import Citation
from rag.bibtex import entry
from rag.evidence.passage import Passage
from rag.papers import Paper
from rag.retrieval.hits import Hit
from ui.web.text import escaped, rich

DIGEST = "Digest written for Sidereus, not the authors' abstract"
WITHDRAWN = "Withdrawn by its authors"

_MOST_AUTHORS = 3
_MOST_QUOTES = 2


def panel(heading: str, cards: Iterable[str]) -> str:
    """Cards under a heading."""
    title = f'<h3 class="heading">{heading}</h3>' if heading else ""
    return f'<div class="sources">{title}{"".join(cards)}</div>'


def card(citation: Citation, turn: int, before: str = "") -> str:
    """A paper that a turn was answered from, with its number, an address in the page and its evidence.

    ``before`` says where it was cited before.
    """
    number = f'<a class="number" href="#t{turn}" title="Back to the answer">{citation.n}</a>'
    return _card(
        citation.paper,
        f' id="t{turn}-{citation.n}" tabindex="-1"',
        number,
        citation.evidence,
        citation.relevance,
        f'<p class="label before">Cited before: {escaped(before)}</p>' if before else "",
    )


def nearest_card(hit: Hit, hints: Sequence[Passage]) -> str:
    """A paper that was near a question but does not answer it, with what it says that comes nearest."""
    said = tuple(hint.text for hint in hints if hint.paper.id == hit.paper.id)
    return _card(hit.paper, evidence=said, relevance=hit.score)


def pins_html(pins: Sequence[Paper]) -> str:
    """The papers that stay in view, each with what takes it away again."""
    if not pins:
        return ""
    rows = "".join(_pinned(paper) for paper in pins)
    return (
        f'<div class="pins"><h3 class="heading">Pinned</h3><ul>{rows}</ul>'
        '<button name="pinned">Ask about these only</button></div>'
    )


def _pinned(paper: Paper) -> str:
    return (
        f'<li><a href="{escaped(paper.url)}">{rich(paper.title)}</a> '
        f'<span class="byline">{escaped(paper.byline)}</span>'
        f'<button class="unpin" name="pin" value="{escaped(paper.id)}" title="Unpin this paper">Unpin</button></li>'
    )


def _card(
    paper: Paper,
    address: str = "",
    number: str = "",
    evidence: tuple[str, ...] = (),
    relevance: float = 0.0,
    before: str = "",
) -> str:
    abstract = "Digest" if paper.kind == "digest" else "Abstract"
    return (
        f'<article class="card"{address}>'
        f'<h4 class="title">{number}<span>{rich(paper.title)}</span></h4>'
        f'<p class="byline"><span>{byline(paper)}</span>{relevance_html(relevance)}</p>'
        f"{before}{labels(paper)}{_quotes(evidence)}"
        f'<details class="abstract"><summary>{abstract}</summary><p>{_marked(paper.abstract, evidence)}</p></details>'
        f'<div class="links"><span>{links(paper)}</span><span>{actions(paper)}</span></div></article>'
    )


def links(paper: Paper) -> str:
    """Where the paper is to be read."""
    name = quote(paper.id, safe="/.")
    places: tuple[tuple[str, str], ...] = (
        (f"arXiv:{paper.id}", paper.url),
        ("PDF", f"https://arxiv.org/pdf/{name}"),
        ("ADS", f"https://ui.adsabs.harvard.edu/abs/arXiv:{name}/abstract"),
    )
    if not paper.on_arxiv:
        places = ((paper.id, paper.url),)
    return "".join(
        f'<a href="{escaped(url)}" target="_blank" rel="noopener">{escaped(words)}</a>' for words, url in places
    )


def actions(paper: Paper) -> str:
    """What can be done with a paper, and its BibTeX entry, which nobody sees until it is dragged."""
    value = f'value="{escaped(paper.id)}"'
    return (
        f'<button class="citing" {value} title="Copy a citation or the BibTeX entry">Cite</button>'
        f'<button class="keeping" {value} title="Add to a reading list">Add to list</button>'
        f'<button name="like" {value}>More like this</button>'
        f'<button name="only" {value}>Ask this paper</button><button class="toggle" name="pin" {value}>Pin</button>'
        f'<span hidden class="bib">{escaped(entry(paper))}</span>'
    )


def relevance_html(relevance: float) -> str:
    """How probable it is that the paper is relevant, as a small bar with its number for those who don't see it."""
    if not relevance:
        return ""
    percent = round(100 * min(relevance, 1.0))
    name, bar = f"Relevance {percent} %", f'<i style="width: {percent}%"></i>'
    return f'<span class="relevance" title="{name}">{bar}<span class="sr">{name}</span></span>'


def byline(paper: Paper) -> str:
    """Its first authors, year and categories, on one line."""
    named = [author for author in paper.authors if author.lower() != "et al."]
    authors = ", ".join(named[:_MOST_AUTHORS])
    if len(paper.authors) > min(len(named), _MOST_AUTHORS):
        authors += " et al."
    categories = ", ".join(f'<span class="category">{escaped(name)}</span>' for name in paper.categories[:2])
    return " · ".join(part for part in (escaped(authors), str(paper.year), categories) if part)


def labels(paper: Paper) -> str:
    """What kind of text it has, where that is not the abstract of a paper that stands."""
    labels = [f'<p class="label withdrawn">{WITHDRAWN}</p>'] if paper.withdrawn else []
    return "".join([*labels, *([f'<p class="label">{escaped(DIGEST)}</p>'] if paper.kind == "digest" else [])])


def _quotes(evidence: tuple[str, ...]) -> str:
    return "".join(
        f'<blockquote class="evidence">{rich(sentence)}</blockquote>' for sentence in evidence[:_MOST_QUOTES]
    )


def _marked(abstract: str, evidence: tuple[str, ...]) -> str:
    """The abstract with the evidence in it marked; sentences it does not hold word for word are left out."""
    spans = sorted((at, at + len(text)) for text in evidence if text and (at := abstract.find(text)) >= 0)
    pieces, end = [], 0
    for start, stop in spans:
        if start >= end:
            pieces += [rich(abstract[end:start]), f"<mark>{rich(abstract[start:stop])}</mark>"]
            end = stop
    return "".join([*pieces, rich(abstract[end:])])
