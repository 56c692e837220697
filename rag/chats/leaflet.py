"""A conversation as one page of HTML that needs nothing else: to print, to keep as PDF, to hand to a colleague."""

from __future__ import annotations

from html import escape

from rag.answers.answer import Answer, Block, Blocks, Citation, Sentence
from rag.answers.render import parted
from rag.chats.conversations import Entry, Kept
from rag.papers import tidy
from rag.text.latex import plain
from rag.text.visible import visible

_STYLE = """
:root { color-scheme: light dark; }
body { max-width: 42rem; margin: 2rem auto; padding: 0 1.2rem; font: 1rem/1.6 "IBM Plex Sans", system-ui, sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.25; } h2 { font-size: 1.2rem; margin: 2.2rem 0 .6rem; } h3 { font-size: 1rem; }
a { color: inherit; } .about, .papers { font-size: .88rem; opacity: .85; }
.papers { padding-left: 0; list-style: none; }
blockquote { margin: .3rem 0 .3rem 1rem; padding-left: .7rem; border-left: 2px solid currentColor; }
h2, h3 { break-after: avoid; } .papers li { break-inside: avoid; margin: 0 0 .6rem; }
@page { margin: 18mm 16mm; } @media print { body { margin: 0; max-width: none; font-size: 11pt; } }
"""


def leaflet(kept: Kept) -> str:
    """The questions, the answers and below each its papers with what they say; formulas in Unicode."""
    turns = "".join(_turn(place, entry) for place, entry in enumerate(kept.entries, 1))
    about = f"From the index {kept.index} with Sidereus, {kept.begun:%d %B %Y}."
    return visible(
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{_text(kept.name)}</title>'
        '<meta name="viewport" content="width=device-width">'
        "<meta http-equiv=\"content-security-policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<style>{_STYLE}</style></head><body>\n<h1>{_text(kept.name)}</h1>\n"
        f'<p class="about">{_text(about)}</p>\n{turns}</body></html>\n'
    )


def _turn(place: int, entry: Entry) -> str:
    said = _blocks(entry.answer.blocks if entry.answer else entry.said, place)
    return f"<h2>{_text(entry.question)}</h2>\n{said or '<p>(not answered)</p>'}\n{_papers(entry.answer, place)}"


def _blocks(blocks: Blocks, place: int) -> str:
    return "".join(_block(block, place) for block in blocks)


def _block(block: Block, place: int) -> str:
    title = f"<h3>{_text(block.title)}</h3>" if block.title else ""
    if block.kind in ("prose", "section"):
        return f"{title}<p>{' '.join(_sentence(one, place) for one in block.sentences)}</p>\n"
    lines = (
        f"<li>{f'{_text(one.label)}: ' if one.label else ''}{_sentence(one, place)}</li>" for one in block.sentences
    )
    return f"{title}<ul>{''.join(lines)}</ul>\n"


def _sentence(sentence: Sentence, place: int) -> str:
    bare, end = parted(sentence)
    marks = "".join(f'<a href="#t{place}-{n}">[{n}]</a>' for n in sentence.citations)
    year = f" ({sentence.year})" if sentence.year and marks else ""
    return f"{_text(bare)}{f' {marks}' if marks else ''}{year}{escape(end)}"


def _papers(answer: Answer | None, place: int) -> str:
    if answer is None or not answer.citations:
        return ""
    papers = "".join(_paper(one, place) for one in sorted(answer.citations, key=lambda one: one.n))
    return f'<ul class="papers">{papers}</ul>\n'


def _paper(citation: Citation, place: int) -> str:
    paper = tidy(citation.paper)
    quotes = "".join(f"<blockquote>{_text(sentence)}</blockquote>" for sentence in citation.evidence)
    digest = " (from a digest written for Sidereus, not the authors' abstract)" if paper.kind == "digest" else ""
    return (
        f'<li id="t{place}-{citation.n}">[{citation.n}] {_text(paper.byline)}. {_text(paper.title)}. '
        f'<a href="{escape(paper.url)}">{escape(paper.url)}</a>{escape(digest)}{quotes}</li>'
    )


def _text(text: str) -> str:
    return escape(plain(text))
