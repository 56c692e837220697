"""What the Lists view shows, as one line of HTML that Gradio's Markdown cleans once more."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from rag.exports import FORMATS
from rag.reading.gathering import Gathered
from rag.reading.lists import RECENT
from rag.reading.reading_list import Item, ReadingList
from rag.text.latex import plain
from ui.web.cards import actions, byline, labels, links
from ui.web.text import escaped, marked_down, rich

FILES = {"markdown": "Markdown with notes", **{form: FORMATS[form].name for form in ("bibtex", "csv", "ris")}}


def shelf_html(lists: Sequence[ReadingList], recent: ReadingList | None, current: str) -> str:
    """The names of all lists, and the papers that were opened last."""
    rows = "".join(_row(kept, current) for kept in lists)
    read = _row(recent, current) if recent and recent.items else ""
    return f'<ul class="shelf">{rows}{read}</ul>' if rows or read else ""


def list_html(
    kept: ReadingList | None, searched: Sequence[ReadingList], words: str, tag: str, here: Collection[str]
) -> str:
    """A list with its papers, or the papers of all lists that hold the words."""
    if kept is None:
        return _found(searched, words, here) if words else _invitation()
    items = [item for item in kept.holding(words) if not tag or tag.casefold() in map(str.casefold, item.tags)]
    papers = "".join(_item(item, kept.id, here) for item in items)
    if kept.items and not items:
        papers = '<p class="note">No paper of this list is so.</p>'
    return f'<div class="list" id="list-{kept.id}">{_head(kept, words, tag, here)}<div>{papers}</div></div>'


def gathered_html(name: str, found: Gathered, new: int) -> str:
    """What came of adding papers."""
    there = len(found.papers) - new
    facts = f"{new or 'None'} added to {name}" + (f", {there:,} there already" if there else "")
    missing = "".join(f"<li>{escaped(one)}</li>" for one in found.missing[:20])
    more = f"<li>and {len(found.missing) - 20:,} more</li>" if len(found.missing) > 20 else ""
    why = f'<p>Not found in the index in use, or not to be used:</p><ul class="problems">{missing}{more}</ul>'
    return f'<div class="report" role="status"><p>{escaped(facts)}.</p>{why if missing else ""}</div>'


def taken_html(sentence: str, back: str, paper: str = "", kept: str = "") -> str:
    """That something was taken away, and the way back."""
    undo = f'<button class="undo" name="{back}" value="{escaped(paper)}">Undo</button>'
    of = f'<span hidden class="of">{kept}</span>'
    return f'<div class="report" role="status"><p>{escaped(sentence)} {undo}{of}</p></div>'


def _row(kept: ReadingList, current: str) -> str:
    on = " class=current" if kept.id == current else ""
    return (
        f'<li{on}><button class="show" value="{kept.id}">{escaped(kept.name)}'
        f'<span class="count">{len(kept.items):,}</span></button></li>'
    )


def _invitation() -> str:
    return (
        '<div class="list"><h2>A place for what you read</h2><p class="lead">Add papers from any card, answer, search '
        "or selection with “Add to list”, or import a library. Lists stay when an index goes, with your tags and "
        "notes, and you can ask questions of their papers alone.</p></div>"
    )


def _head(kept: ReadingList, words: str, tag: str, here: Collection[str]) -> str:
    count = len(kept.items)
    away = sum(paper.id not in here for paper in kept.papers)
    facts = f"{count:,} paper{'' if count == 1 else 's'}" + (f", {away:,} not in the index in use" if away else "")
    tags = "".join(_tag(one, one.casefold() == tag.casefold()) for one in kept.tags)
    if kept.id == RECENT:
        return f'<div class="head"><h2>{escaped(kept.name)}</h2><p class="note">{facts}</p></div>'
    files = "".join(f'<button class="save" value="{form}">{name}</button>' for form, name in FILES.items())
    use = (
        '<button class="ask plain">Ask within this list</button><button class="citing plain">Cite</button>'
        f'<details class="menu"><summary>Export</summary><div>{files}</div></details>'
    )
    return (
        f'<div class="head"><h2>{escaped(kept.name)}</h2><p class="note">{facts}</p>'
        f'<div class="deeds">{use if count else ""}<button class="add-ids plain">Add by id</button>'
        '<button class="rename plain">Rename</button><button class="delete plain">Delete</button></div>'
        f'{_narrowed(words)}<p class="tags">{tags}</p></div>'
    )


def _narrowed(words: str) -> str:
    if not words:
        return ""
    return f'<p class="note">Only those with “{escaped(words)}”. <button class="everything">Show all</button></p>'


def _tag(tag: str, on: bool = False) -> str:
    return f'<button class="tag toggle{" on" if on else ""}" value="{escaped(tag)}">{escaped(tag)}</button>'


def _found(searched: Sequence[ReadingList], words: str, here: Collection[str]) -> str:
    parts = "".join(
        f"<h3>{escaped(kept.name)}</h3>{''.join(_item(item, kept.id, here) for item in kept.holding(words))}"
        for kept in searched
    )
    heading = f"In your lists: “{escaped(words)}”" if parts else f"No paper in your lists holds “{escaped(words)}”"
    return f'<div class="list"><h2>{heading}</h2>{parts}</div>'


def _item(item: Item, kept: str, here: Collection[str]) -> str:
    paper = item.paper
    own = ""
    if kept != RECENT:
        tags = "".join(map(_tag, item.tags))
        own = (
            f'<p class="tags">{tags}<button class="edit-tags">{"Edit tags" if tags else "Add tags"}</button>'
            f'<button class="edit-note">{"Edit note" if item.note else "Add a note"}</button></p>'
            f'<div class="noted">{marked_down(item.note)}</div>'
            f'<span hidden class="raw">{escaped(item.note)}</span>'
        )
    remove = "" if kept == RECENT else '<button class="remove">Remove</button>'
    away = "" if paper.id in here else '<p class="label">Not in the index in use</p>'
    return (
        f'<article class="item"><h3><a href="{escaped(paper.url)}" target="_blank" rel="noopener">{rich(paper.title)}'
        f'</a></h3><p class="byline">{byline(paper)}</p>{labels(paper)}{away}{own}'
        f"{_abstract(item)}"
        f'<p class="acts">{links(paper)}{actions(paper)}{remove}<span hidden class="of">{kept}</span></p></article>'
    )


def _abstract(item: Item) -> str:
    paper = item.paper
    if not plain(paper.abstract):
        return ""
    name = "Digest" if paper.kind == "digest" else "Abstract"
    return f'<details class="abstract"><summary>{name}</summary><p>{rich(paper.abstract)}</p></details>'
