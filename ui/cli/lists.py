"""``sidereus lists``: reading lists, with tags and notes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rag.errors import SidereusError, UsageError
from ui.cli import options

if TYPE_CHECKING:
    from rag.citing.keys import Keys
    from rag.reading.gathering import Gathered
    from rag.reading.lists import ReadingLists
    from rag.reading.reading_list import Item, ReadingList


@click.group("lists")
def command() -> None:
    """Keep reading lists: papers under a name, with tags and notes. They are the same as in the page."""


@command.command("show")
@click.argument("name", required=False)
@click.option("--tag", metavar="TAG", help="Only papers with this tag.")
@options.as_json
def show_lists(name: str | None, tag: str | None, as_json: bool) -> None:
    """Show all reading lists, or the papers of the one called NAME."""
    from ui.cli import show

    lists = _lists()
    if name is None:
        everything = lists.all()
        if as_json:
            show.json_record([_summary(kept) for kept in everything])
        elif everything:
            rows = [(kept.name, str(len(kept.items)), ", ".join(kept.tags)) for kept in everything]
            show.table(("list", "papers", "tags"), rows, right=("papers",))
        else:
            show.note("There is no reading list yet: 'sidereus lists add NAME ID' begins one.")
        return
    kept = lists.named(name)
    items = [item for item in kept.items if tag is None or tag.casefold() in map(str.casefold, item.tags)]
    if as_json:
        show.json_record({**_summary(kept), "items": [_record(item) for item in items]})
        return
    for item in items:
        _tell(item)
    show.note(f"{kept.name}: {len(items):,} of {len(kept.items):,} papers." if tag else f"{len(items):,} papers.")


@command.command("search")
@click.argument("words")
def search(words: str) -> None:
    """Find papers in all lists by WORDS of their titles, authors, tags and notes."""
    from ui.cli import show

    found = [(kept, item) for kept in _lists().all() for item in kept.holding(words)]
    for kept, item in found:
        _tell(item, kept.name)
    show.note(f"{len(found):,} papers." if found else "No paper in any list holds these words.")


@command.command("add")
@click.argument("name")
@click.argument("ids", nargs=-1, required=True)
@options.index
def add(name: str, ids: tuple[str, ...], index: str | None) -> None:
    """Add the papers of an index with some IDS (arXiv ids, DOIs, bibcodes, links, keys) to the list NAME."""
    from rag.reading.gathering import named
    from rag.session import Session
    from rag.settings import load_settings

    session = Session(load_settings(index=index))
    _put(name, named(ids, session.index.content), f"in the index {session.manifest.name}")


@command.command("import")
@click.argument("name")
@click.argument("file", type=click.Path(path_type=Path))
@options.index
def import_file(name: str, file: Path, index: str | None) -> None:
    """Add the papers of FILE to the list NAME: a library (.bib, .ris), or a text with ids, one a line."""
    from rag.reading.gathering import of_file
    from rag.session import Session
    from rag.settings import load_settings

    session = Session(load_settings(index=index))
    _put(name, of_file(file, session.index.content), "taken")


@command.command("remove")
@click.argument("name")
@click.argument("ids", nargs=-1, required=True)
def remove(name: str, ids: tuple[str, ...]) -> None:
    """Take papers out of the list NAME; added again, they have their tags and notes again."""
    from ui.cli import show

    lists = _lists()
    kept = lists.named(name)
    gone = {_item(kept, identifier).paper.id for identifier in ids}
    after = lists.change(kept.id, lambda now: now.without(gone))
    show.note(f"{after.name} now holds {len(after.items):,} papers.")


@command.command("note")
@click.argument("name")
@click.argument("identifier", metavar="ID")
@click.argument("text", required=False)
def note(name: str, identifier: str, text: str | None) -> None:
    """Write a note, in Markdown, on a paper of the list NAME; it takes the place of the one before.

    Without TEXT it is read from the input stream, or, before a terminal, written in an editor ($EDITOR).
    """
    from ui.cli import show

    lists = _lists()
    kept = lists.named(name)
    item = _item(kept, identifier)
    if text is None:
        text = click.edit(item.note, extension=".md") if sys.stdin.isatty() else sys.stdin.read()
    if text is None:
        show.note("The note is as it was.")
        return
    lists.change(kept.id, lambda now: now.noted(item.paper.id, text, before=item.note))
    show.note("Noted." if text.strip() else "The note is gone.")


@command.command("tag")
@click.argument("name")
@click.argument("identifier", metavar="ID")
@click.argument("tags", nargs=-1, required=True)
@click.option("--remove", "taken", is_flag=True, help="Take these tags away.")
def tag(name: str, identifier: str, tags: tuple[str, ...], taken: bool) -> None:
    """Put tags on a paper of the list NAME."""
    from rag.reading.reading_list import as_tags
    from ui.cli import show

    lists = _lists()
    kept = lists.named(name)
    paper = _item(kept, identifier).paper.id
    given = as_tags(tags)

    def tagged(now: ReadingList) -> ReadingList:
        there = now.item(paper)
        old = there.tags if there else ()
        without = [one for one in old if one.casefold() not in map(str.casefold, given)]
        return now.tagged(paper, without if taken else (*old, *given))

    after = lists.change(kept.id, tagged).item(paper)
    show.note(f"Tags: {', '.join(after.tags) if after and after.tags else 'none'}.")


@command.command("export")
@click.argument("name")
@options.citing
@click.option("--output", type=click.Path(path_type=Path), metavar="FILE", help="Write to FILE.")
def export(name: str, form: str | None, keys: Keys, macros: bool, output: Path | None) -> None:
    """Write the list NAME as a page in Markdown, or in another --format.

    Tags and notes go along where the format has a place for them.
    """
    from rag.citing.keys import Style
    from rag.reading.written import MARKDOWN, written
    from rag.storage import write_text
    from ui.cli import show

    kept = _lists().named(name)
    text = written(kept, form or MARKDOWN, Style(keys, macros))
    if output is None:
        click.echo(text, nl=False)
        return
    write_text(output, text)
    show.note(f"{output}: {len(kept.items):,} papers.")


@command.command("rename")
@click.argument("name")
@click.argument("new")
def rename(name: str, new: str) -> None:
    """Give the list NAME another name."""
    lists = _lists()
    lists.rename(lists.named(name).id, new)


@command.command("delete")
@click.argument("name")
def delete(name: str) -> None:
    """Delete the list NAME with its notes; 'sidereus lists restore' brings the last one back."""
    from ui.cli import show

    lists = _lists()
    lists.delete(lists.named(name).id)
    show.note("Deleted. 'sidereus lists restore' brings it back.")


@command.command("restore")
def restore() -> None:
    """Bring back the list that was deleted last."""
    from ui.cli import show

    kept = _lists().restore()
    if kept is None:
        raise SidereusError("There is no deleted list: nothing to bring back.")
    show.note(f"{kept.name} is back, with {len(kept.items):,} papers.")


def _lists() -> ReadingLists:
    from rag.reading.lists import ReadingLists
    from rag.settings import load_settings

    return ReadingLists(load_settings().state)


def _item(kept: ReadingList, identifier: str) -> Item:
    item = kept.named(identifier)
    if item is None:
        raise UsageError(f"{identifier} is not in the list {kept.name!r}: 'sidereus lists show' names its papers.")
    return item


def _put(name: str, found: Gathered, where: str) -> None:
    from ui.cli import show

    for missing in found.missing:
        show.note(f"Not {where}: {missing}")
    if not found.papers:
        raise SidereusError("No paper was added: none of these could be found; name another index with --index.")
    counts = []

    def added(now: ReadingList) -> ReadingList:
        counts.append(len(now.items))
        return now.with_papers(found.papers)

    kept = _lists().into(name, added)
    new = len(kept.items) - counts[-1]
    there = f", {len(found.papers) - new:,} there already" if new < len(found.papers) else ""
    show.note(f"{kept.name} now holds {len(kept.items):,} papers: {new:,} added{there}.")


def _tell(item: Item, where: str = "") -> None:
    from rag.text.latex import plain
    from ui.cli import show

    paper = item.paper
    show.say(plain(paper.title))
    show.say(f"    {' · '.join(part for part in (paper.byline, paper.id, paper.url, where) if part)}")
    if item.tags:
        show.say(f"    tags: {', '.join(item.tags)}")
    for line in item.note.splitlines():
        show.say(f"    | {line}")


def _summary(kept: ReadingList) -> dict[str, Any]:
    return {"name": kept.name, "papers": len(kept.items), "tags": list(kept.tags), "changed": kept.changed.isoformat()}


def _record(item: Item) -> dict[str, Any]:
    return {
        **item.paper.as_record(), "tags": list(item.tags), "note": item.note, "added": item.added.isoformat(),
    }  # fmt: skip
