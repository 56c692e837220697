"""What the Map view shows of papers, as one line of HTML that Gradio's Markdown cleans once more."""

from __future__ import annotations

from collections.abc import Sequence

from rag.papers import Paper
from ui.web.cards import byline
from ui.web.text import escaped, rich


def point_html(paper: Paper, point: int) -> str:
    """A paper under the pointer; the id says which point it is."""
    return (
        f'<div id="point-{point}"><p class="title">{rich(paper.title)}</p><p class="byline">{byline(paper)}</p></div>'
    )


def picked_html(papers: Sequence[Paper], total: int) -> str:
    """The papers that were selected, or the first of them."""
    rows = "".join(
        f'<li><a href="{escaped(paper.url)}">{rich(paper.title)}</a><span class="byline">{byline(paper)}</span></li>'
        for paper in papers
    )
    count = f"{total:,} paper{'s' if total != 1 else ''} selected"
    rest = f'<p class="note">and {total - len(papers):,} more.</p>' if total > len(papers) else ""
    return f'<div class="list"><h2>{count}</h2><ul>{rows}</ul>{rest}</div>'
