"""A reading list as a file: Markdown with its notes, or one of the forms for other programs."""

from __future__ import annotations

from rag.citing.keys import Style
from rag.exports import FORMATS
from rag.papers import tidy
from rag.reading.reading_list import Item, ReadingList
from rag.text.latex import readable
from rag.text.visible import visible

MARKDOWN = "markdown"
FORMS = (MARKDOWN, *FORMATS)


def written(kept: ReadingList, form: str = MARKDOWN, style: Style = Style()) -> str:
    """The list in one of the ``FORMS``; tags and notes go along where the form has a place for them."""
    if form == MARKDOWN:
        return markdown(kept)
    return FORMATS[form].write(kept.papers, style, kept.remarks)


def ending(form: str) -> str:
    """What the name of a file of that form ends with."""
    return "md" if form == MARKDOWN else FORMATS[form].ending


def markdown(kept: ReadingList) -> str:
    """The list as a page: each paper with its link, its tags and its note."""
    count = f"{len(kept.items):,} paper{'' if len(kept.items) == 1 else 's'}, {kept.changed:%d %B %Y}."
    return visible("\n\n".join((f"# {kept.name}", count, *map(_item, kept.items)))) + "\n"


def _item(item: Item) -> str:
    paper = tidy(item.paper)
    where = f" {readable(paper.journal_ref)}." if paper.journal_ref else ""
    tags = f"Tags: {', '.join(item.tags)}" if item.tags else ""
    head = f"## {readable(paper.title)}\n\n{paper.byline}.{where} <{paper.url}>"
    return "\n\n".join(part for part in (head, tags, item.note) if part)
