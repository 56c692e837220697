"""What the page shows of turns and papers, as HTML.

Each function returns one line of HTML without blank lines: Gradio's Markdown passes such a block through
untouched, cleans it once more and renders the mathematics in it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from rag.answers.answer import Citation
from rag.bibtex import entry
from rag.papers import Paper
from ui.web.text import emphasised, escaped, rich, settled, without_markup
from ui.web.turns import Turn

DIGEST = "Digest written for Sidereus, not the authors' abstract"
WITHDRAWN = "Withdrawn by its authors"

_CITATION = re.compile(r"\[(\d+(?:\s*[,;]\s*\d+)*)\]")
_MOST_AUTHORS = 3
_MOST_QUOTES = 2


def turn_html(turn: Turn) -> str:
    """A whole turn: the question, the answer and the sources beside it."""
    return f'<div class="turn"><div class="exchange">{exchange_html(turn)}</div>{sources_html(turn)}</div>'


def exchange_html(turn: Turn) -> str:
    """A turn's question and as much of its answer as there is."""
    question = f'<h2 class="question" id="t{turn.number}" tabindex="-1">{escaped(turn.question)}</h2>'
    return f'{question}<div class="answer">{_answer(turn)}{_foot(turn) if turn.ended else ""}</div>'


def sources_html(turn: Turn) -> str:
    """The cards of the papers a turn was answered from."""
    answer = turn.answer
    if answer is not None and answer.abstained:
        return _panel("Nearest papers, none of which answers this", (_card(hit.paper) for hit in answer.nearest))
    if answer is None:
        heading = "Reading these papers" if turn.found else ""
        return _panel(heading, (_card(c.paper, c, turn.number) for c in turn.found))
    cited = {citation.paper.id for citation in answer.citations}
    rest = [_card(c.paper) for c in turn.found if c.paper.id not in cited]
    more = f'<details class="rest"><summary>Also read, not cited ({len(rest)})</summary>{"".join(rest)}</details>'
    cards = (_card(c.paper, c, turn.number) for c in answer.citations)
    return _panel("Sources" if cited else "", cards, more if rest else "")


def _panel(heading: str, cards: Iterable[str], more: str = "") -> str:
    title = f'<h3 class="heading">{heading}</h3>' if heading else ""
    return f'<aside class="sources">{title}{"".join(cards)}{more}</aside>'


def _answer(turn: Turn) -> str:
    if turn.problem:
        return f'<p class="problem" role="alert">{escaped(turn.problem)}</p>'
    if turn.answer is not None and turn.answer.text:
        return _prose(turn.answer.text, turn.number, turn.answer.citations)
    if turn.words:
        return _prose(settled(turn.words), turn.number, turn.found)
    return f'<p class="status">{escaped(turn.status)}</p>'


def _prose(text: str, turn: int, citations: tuple[Citation, ...]) -> str:
    return f'<p class="words">{_inline(text, turn, {citation.n for citation in citations})}</p>'


def _inline(text: str, turn: int, numbers: Collection[int]) -> str:
    """A model's words with its citations as links, and with nothing else that could lead anywhere."""

    def linked(match: re.Match[str]) -> str:
        cited = [int(n) for n in re.findall(r"\d+", match[1])]
        if not set(cited) <= set(numbers):
            return match[0]
        return "".join(f'<a class="cite" href="#t{turn}-{n}">[{n}]</a>' for n in cited)

    return rich(without_markup(text), lambda part: _CITATION.sub(linked, emphasised(escaped(part))))


def _foot(turn: Turn) -> str:
    """What there is to know and to do about an answer that has ended."""
    copy = '<button class="copy-answer">Copy</button>' if turn.words else ""
    tools = f'<span class="tools">{copy}<button class="retry">Try again</button></span>'
    return f'<div class="foot"><span class="facts">{escaped(_facts(turn))}</span>{tools}</div>'


def _facts(turn: Turn) -> str:
    if turn.answer is None:
        return "Stopped" if turn.stopped else ""
    answer = turn.answer
    seconds = f"{answer.timings.total:.1f} s"
    facts = ["Stopped" if answer.stopped else seconds, answer.llm, answer.note]
    return " · ".join(fact for fact in facts if fact)


def _card(paper: Paper, citation: Citation | None = None, turn: int = 0) -> str:
    """A paper; as a source of an answer it has a number, an address in the page and its evidence."""
    number = f'<a class="number" href="#t{turn}" title="Back to the answer">{citation.n}</a>' if citation else ""
    address = f' id="t{turn}-{citation.n}" tabindex="-1"' if citation else ""
    evidence = citation.evidence if citation else ()
    return (
        f'<article class="card"{address}>'
        f'<h4 class="title">{number}<span>{rich(paper.title)}</span></h4>'
        f'<p class="byline">{_byline(paper)}</p>'
        f"{_labels(paper)}{_quotes(evidence)}"
        f'<details class="abstract"><summary>{"Digest" if paper.kind == "digest" else "Abstract"}</summary>'
        f"<p>{_marked(paper.abstract, evidence)}</p></details>"
        f'<p class="links"><a href="{escaped(paper.url)}">arXiv:{escaped(paper.id)}</a>'
        f'<button class="copy-bibtex">Copy BibTeX</button></p><pre hidden>{escaped(entry(paper))}</pre>'
        "</article>"
    )


def _byline(paper: Paper) -> str:
    named = [author for author in paper.authors if author.lower() != "et al."]
    authors = ", ".join(named[:_MOST_AUTHORS])
    if len(paper.authors) > min(len(named), _MOST_AUTHORS):
        authors += " et al."
    categories = ", ".join(f'<span class="category">{escaped(name)}</span>' for name in paper.categories[:2])
    return " · ".join(part for part in (escaped(authors), str(paper.year), categories) if part)


def _labels(paper: Paper) -> str:
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
