"""What the Search view shows, as one line of HTML that Gradio's Markdown cleans once more."""

from __future__ import annotations

from collections.abc import Sequence

from rag.description import Description
from rag.index.filters import Filters
from rag.papers import Paper
from rag.retrieval.hits import Hit
from rag.retrieval.listing import Listing, Sort, Wish
from rag.text.latex import plain
from ui.web.cards import actions, byline, labels, links, relevance_html
from ui.web.text import escaped, rich

ORDERS: dict[Sort, str] = {
    "relevance": "best first", "newest": "newest first", "oldest": "oldest first", "author": "by first author"
}  # fmt: skip


def invitation_html(loaded: Description, examples: Sequence[str]) -> str:
    """What there is before anything is looked for."""
    tries = "".join(
        f'<li><button class="try" value="{escaped(words)}">{escaped(words)}</button></li>' for words in examples
    )
    offer = f'<ul class="tries">{tries}</ul>' if tries else ""
    return (
        f'<div class="found invitation"><h2>Look through {loaded.papers:,} papers</h2>'
        "<p>Words, a question, an idea in other words: papers are found by what they say. Authors, years, categories "
        f"and arXiv ids in the query are understood, as in “Riess since 2015”.</p>{offer}</div>"
    )


def listing_html(found: Listing, wish: Wish, as_table: bool, shown: int, like: Paper | None) -> str:
    """The papers found, and how the query was read."""
    hits = found.hits[:shown]
    head = f'<div class="head"><h2>{_heading(found, wish)}</h2>{_chips(found, wish, like)}{_notes(found)}</div>'
    if not hits:
        return f'<div class="found">{head}</div>'
    ranked = bool(wish.query or wish.like)
    papers = _table(hits, ranked) if as_table else "".join(_card(hit, ranked) for hit in hits)
    rest = min(len(found.hits) - len(hits), 25)
    more = f'<button class="more" value="{len(hits) + 25}">Show {rest} more</button>' if rest > 0 else ""
    everything = '<label class="all"><input type="checkbox" class="pick-all"> Select all shown</label>'
    return f'<div class="found">{head}{everything}<div class="papers">{papers}</div>{more}</div>'


def _heading(found: Listing, wish: Wish) -> str:
    count = len(found.hits)
    if not count:
        return "No paper found"
    if not found.clear:
        return "No paper is clearly about this; these are the nearest"
    order = ORDERS["newest" if wish.sort == "relevance" and not (wish.query or wish.like) else wish.sort]
    papers = f"{'The first ' if found.more else ''}{count:,} paper{'s' if count > 1 else ''}"
    return f"{papers}, {order}"


def _chips(found: Listing, wish: Wish, like: Paper | None) -> str:
    """How the query was read; each reading can be taken back."""
    parsed = found.result.parsed if wish.query else Filters()
    author = (parsed.author or "").replace("^", "first author ")
    spelling = ", ".join(f"{typed} → {meant}" for typed, meant in found.result.corrected)
    read = {"author": author, "years": _years(parsed), "category": parsed.category, "journal": parsed.journal}
    read["spelling"] = spelling
    chips = [_chip(kind, f"{kind}: {escaped(words)}") for kind, words in read.items() if words]
    if wish.like:
        chips.insert(0, _chip("like", f"like {rich(like.title) if like else escaped(wish.like)}"))
    return f'<p class="chips">{"".join(chips)}</p>' if chips else ""


def _chip(kind: str, words: str) -> str:
    return f'<button class="chip" value="{kind}" title="Take this filter away"><span>{words}</span><b>×</b></button>'


def _years(filters: Filters) -> str:
    if filters.since is None:
        return f"until {filters.until}" if filters.until is not None else ""
    if filters.until is None:
        return f"since {filters.since}"
    return f"{filters.since}–{filters.until}" if filters.since != filters.until else str(filters.since)


def _notes(found: Listing) -> str:
    result = found.result
    sentences = list(result.notes)
    if result.relaxed:
        sentences.append(f"Nothing was found with {', '.join(result.relaxed)}, so that was left out.")
    if result.also:
        sentences.append(f"Looked for under other names too: {'; '.join(result.also)}.")
    return "".join(f'<p class="note">{escaped(sentence)}</p>' for sentence in sentences)


def _card(hit: Hit, ranked: bool) -> str:
    paper = hit.paper
    folded = f'<p class="note">The same as {escaped(", ".join(hit.duplicates))}</p>' if hit.duplicates else ""
    return (
        f'<article class="paper">{_pick(paper)}<div class="body">'
        f'<h3><a href="{escaped(paper.url)}">{rich(paper.title)}</a></h3>'
        f'<p class="byline">{byline(paper)}{relevance_html(hit.score) if ranked else ""}</p>{labels(paper)}'
        f'<p class="abstract">{rich(paper.abstract)}</p>'
        f'<p class="acts"><button class="unfold">Whole {paper.kind}</button>{links(paper)}{actions(paper)}</p>'
        f"{folded}</div></article>"
    )


def _table(hits: Sequence[Hit], ranked: bool) -> str:
    selected = '<th scope="col"><span class="sr">Selected</span></th>'
    heads = ("Paper", "Authors", "Year", "Category", *(("Relevance",) if ranked else ()))
    rows = "".join(_row(hit, ranked) for hit in hits)
    head = "".join(
        f'<th scope="col"><button class="sort" value="{column}">{name}</button></th>'
        for column, name in enumerate(heads, start=1)
    )
    return f"<table><thead><tr>{selected}{head}</tr></thead><tbody>{rows}</tbody></table>"


def _row(hit: Hit, ranked: bool) -> str:
    paper = hit.paper
    authors = paper.byline.removesuffix(f" {paper.year}")
    cells = (
        f'<td><a href="{escaped(paper.url)}">{rich(paper.title)}</a>{labels(paper)}'
        f'<p class="acts">{actions(paper)}</p></td><td>{escaped(authors)}</td>'
        f"<td>{paper.year}</td><td>{escaped(paper.categories[0] if paper.categories else '')}</td>"
    )
    relevance = f"<td>{relevance_html(hit.score)}</td>" if ranked else ""
    return f'<tr class="paper"><td>{_pick(paper)}</td>{cells}{relevance}</tr>'


def _pick(paper: Paper) -> str:
    name = f'<span class="sr">Select {escaped(plain(paper.title))}</span>'
    return f'<label class="pick"><input type="checkbox" value="{escaped(paper.id)}">{name}</label>'
