"""A reading list: papers with what a person has to say of each."""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from rag.bibtex import Remark, Remarks
from rag.papers import Paper, clean
from rag.sources.identity import digest
from rag.text import identifiers, references
from rag.text.latex import plain
from rag.text.personal_names import folded

LONGEST_NAME = 100
LONGEST_TAG = 50
MOST_REMOVED = 100
LONGEST_NOTE = 50_000  # characters
PUBLICATION = ("doi", "journal_ref", "key", "bibcode", "journal", "volume", "pages")
_BETWEEN = "\n\n---\n\n"


def _name() -> str:
    return secrets.token_hex(6)


def now() -> datetime:
    """This moment, as lists note it."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Item:
    """A paper of a list, whole, so that it stays whatever becomes of the index; ``note`` is Markdown."""

    paper: Paper
    tags: tuple[str, ...] = ()
    note: str = ""
    added: datetime = field(default_factory=now)

    def holds(self, words: Collection[str]) -> bool:
        """Whether title, authors, tags, note or year hold all of some folded words."""
        paper = self.paper
        text = folded("\n".join((plain(paper.title), *paper.authors, *self.tags, self.note, str(paper.year), paper.id)))
        return all(word in text for word in words)


@dataclass(frozen=True, slots=True)
class ReadingList:
    """Papers under a name, in the order in which they were added.

    ``removed`` are those taken out last, so that one that comes back has its tags and its note again.
    """

    name: str
    id: str = field(default_factory=_name)
    items: tuple[Item, ...] = ()
    begun: datetime = field(default_factory=now)
    changed: datetime = field(default_factory=now)
    removed: tuple[Item, ...] = ()

    @property
    def papers(self) -> tuple[Paper, ...]:
        """Its papers."""
        return tuple(item.paper for item in self.items)

    @property
    def remarks(self) -> Remarks:
        """What was said of them, by their ids."""
        return {item.paper.id: Remark(item.tags, item.note) for item in self.items if item.tags or item.note}

    @property
    def tags(self) -> tuple[str, ...]:
        """Every tag in it, by the alphabet."""
        return tuple(sorted({tag for item in self.items for tag in item.tags}, key=folded))

    def item(self, paper: str) -> Item | None:
        """The paper with an id."""
        return next((item for item in self.items if item.paper.id == paper), None)

    def named(self, text: str) -> Item | None:
        """The paper that an id of any kind names: arXiv's, a DOI, a bibcode, a link or the key of its library."""
        keys = {key for one in identifiers.find(identifiers.unlinked(text)) for key in one.keys}
        return self.item(text.strip()) or next((item for item in self.items if keys & _keys(item.paper)), None)

    def with_papers(self, papers: Iterable[Paper]) -> ReadingList:
        """The list with papers added.

        One that is in it, by id or DOI, or outside arXiv by title, author and year, stays as it is, and learns where it
        was published.
        """
        items, gone = list(self.items), {item.paper.id: item for item in self.removed}
        there = {mark: place for place, paper in enumerate(self.papers) for mark in _marks(paper)}
        for paper in papers:
            place = next((there[mark] for mark in _marks(paper) if mark in there), None)
            if place is None:
                there.update(dict.fromkeys(_marks(paper), len(items)))
                items.append(replace(gone.pop(paper.id, Item(paper)), paper=paper))
            else:
                items[place] = replace(items[place], paper=_completed(items[place].paper, paper))
        return replace(self, items=tuple(items), removed=tuple(gone.values()))

    def without(self, papers: Collection[str]) -> ReadingList:
        """The list without the papers of some ids."""
        kept = tuple(item for item in self.items if item.paper.id not in papers)
        gone = tuple(item for item in self.items if item.paper.id in papers)
        return replace(self, items=kept, removed=(*gone, *self.removed)[:MOST_REMOVED])

    def with_again(self, paper: str) -> ReadingList:
        """The list with a paper that was taken out."""
        return self.with_papers(item.paper for item in self.removed if item.paper.id == paper)

    def noted(self, paper: str, note: str, before: str | None = None) -> ReadingList:
        """The list with a note on a paper. Where it has another than ``before`` by now, both are kept."""
        item = self.item(paper)
        if item and before is not None and item.note not in (before, note):
            note = f"{item.note}{_BETWEEN}{note}"
        return self._with(paper, note=note.strip()[:LONGEST_NOTE])

    def tagged(self, paper: str, tags: Iterable[str]) -> ReadingList:
        """The list with these tags, and no others, on a paper."""
        return self._with(paper, tags=as_tags(tags))

    def holding(self, words: str) -> tuple[Item, ...]:
        """The papers of which title, authors, tags, note, year or id hold all the words; all papers without words."""
        wanted = folded(words).split()
        return tuple(item for item in self.items if item.holds(wanted))

    def _with(self, paper: str, **changes: object) -> ReadingList:
        items = (replace(item, **changes) if item.paper.id == paper else item for item in self.items)  # type: ignore[arg-type]
        return replace(self, items=tuple(items))


def as_name(text: str) -> str:
    """A name out of what somebody typed: one line, not too long."""
    return clean(text)[:LONGEST_NAME].strip()


def as_tags(texts: Iterable[str]) -> tuple[str, ...]:
    """Tags out of what somebody typed, each once whatever its case; commas part them, and # may stand before them.

    >>> as_tags(["#H0, to read", "h0"])
    ('H0', 'to read')
    """
    found: dict[str, str] = {}
    for part in (part for text in texts for part in re.split(r"[,;\n]", text)):
        if tag := clean(part).lstrip("# ")[:LONGEST_TAG].strip():
            found.setdefault(tag.casefold(), tag)
    return tuple(found.values())


def _completed(paper: Paper, other: Paper) -> Paper:
    """A paper with what another record of it knows besides, as the key of a library."""
    known = {name: getattr(paper, name) or getattr(other, name) for name in PUBLICATION}
    return replace(paper, **known)


def _marks(paper: Paper) -> set[str]:
    """What it is the same paper by; of those at arXiv, two of one title are two."""
    named = [] if paper.on_arxiv else [digest(paper.title, paper.authors[:1], paper.year)]
    return {paper.id, *named, *([paper.doi.lower()] if paper.doi else [])}


def _keys(paper: Paper) -> set[str]:
    keys = references.keys_of_paper(paper.id, paper.doi, paper.journal_ref, paper.bibcode, paper.key)
    return {key for key in keys if not key.startswith("in:")}
