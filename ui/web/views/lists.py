"""The Lists view: reading lists, with tags and notes, to read, export and ask."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import gradio as gr

from rag.errors import SidereusError
from rag.papers import Paper
from rag.reading.gathering import Gathered, named, of_file
from rag.reading.lists import RECENT, ReadingLists
from rag.reading.reading_list import LONGEST_NOTE, ReadingList
from rag.reading.written import FORMS, ending, written
from rag.text.latex import plain as plain_text
from ui.web.shared import Handed, Shared, saved, told
from ui.web.shown import formulas, plain
from ui.web.views import IN_TURN, Message, fixed, message, problem_html, text, texts, wire
from ui.web.views.actions import done, style_of
from ui.web.views.lists_markup import gathered_html, list_html, shelf_html, taken_html

Update = dict[Any, Any]
NO_INDEX = (
    "None of these papers is in the index in use, so nothing can be asked of them: open another index in Library."
)


def build(shared: Shared) -> None:
    """Make the view's components and connect them."""
    with gr.Column(elem_id="lists-view"):
        with gr.Column(elem_id="lists-side"):
            fixed("lists")
            shelf = plain(elem_id="lists-shelf")
            file = gr.UploadButton(
                "Import .bib, .ris or ids",
                file_types=[".bib", ".bibtex", ".ris", ".txt"],
                elem_id="lists-file",
                elem_classes="quiet",
                size="sm",
            )
        with gr.Column(elem_id="lists-main"):
            news = plain(elem_id="lists-news")
            page = formulas(elem_id="lists-page")
        asked, said = wire("lists-asked"), wire("lists-said")
        facts = plain(elem_id="lists-facts", visible="hidden")
        at = gr.State("")
    view = ListsView(shared, Parts(shelf, page, news, facts, at))
    outputs = [shelf, page, news, facts, at]
    asked.change(view.show, [asked, shared.index], outputs, trigger_mode="always_last", **IN_TURN)
    shared.index.change(view.show, [asked, shared.index], outputs, **IN_TURN)
    said.change(
        view.do, [said, shared.index], [*outputs, shared.about, shared.outbox], trigger_mode="multiple", **IN_TURN
    )
    file.upload(view.take, [file, at, shared.index], outputs, **IN_TURN)


@dataclass(frozen=True)
class Parts:
    """The components of the view that change; ``at`` is the id of the list that a browser tab looks at."""

    shelf: gr.Markdown
    page: gr.Markdown
    news: gr.Markdown
    facts: gr.Markdown
    at: gr.State


@dataclass(frozen=True)
class Looking:
    """What a browser tab looks at: a list, and in it, or in all lists, papers with some words and a tag."""

    name: str
    words: str = ""
    tag: str = ""


@dataclass(frozen=True)
class ListsView:
    """Answers what the script of the view says."""

    shared: Shared
    parts: Parts

    def show(self, asked: str, index: str) -> Update:
        """The lists, and the one that is looked at, once the view was opened."""
        return {**self._shown(_looking(message(asked)), index), self.parts.news: ""} if asked else {}

    def do(self, said: str, index: str) -> Update:
        """Change a list, or do something with its papers."""
        wanted = message(said)
        at, action = _looking(wanted), text(wanted, "do")
        try:
            changed = text(wanted, "of", 12) or at.name
            kept = self._lists.read(changed)
            if action in CHANGES:
                at = CHANGES[action](self._lists, changed, wanted) or at
                return {**self._shown(at, index), self.parts.news: _undo(kept, action, text(wanted, "paper"))}
            if action == "ids":
                return self._put(at, named(text(wanted, "text").splitlines(), self._content(index)), index)
            if kept is None:
                return self._shown(at, index)
            return self._with_papers(kept, action, wanted, index)
        except SidereusError as error:
            return {**self._shown(at, index), self.parts.news: problem_html(str(error))}

    def take(self, file: str, name: str, index: str) -> Update:
        """Add the papers of an uploaded library, or of a file with ids, to the list that is looked at, or a new one."""
        at = Looking(name)
        try:
            found = of_file(Path(file), self._content(index))
            if self._lists.read(at.name) is None or at.name == RECENT:
                at = Looking(self._lists.into(Path(file).stem, lambda now: now).id)
            return self._put(at, found, index)
        except SidereusError as error:
            return {self.parts.news: problem_html(str(error))}

    def _put(self, at: Looking, found: Gathered, index: str) -> Update:
        before = self._lists.read(at.name)
        after = self._lists.change(at.name, lambda now: now.with_papers(found.papers))
        new = len(after.items) - len(before.items if before else ())
        news = gathered_html(after.name, found, new)
        return {**self._shown(replace(at, words="", tag=""), index), self.parts.news: news}

    def _with_papers(self, kept: ReadingList, action: str, wanted: Message, index: str) -> Update:
        chosen = texts(wanted, "papers")
        papers = [paper for paper in kept.papers if not chosen or paper.id in chosen]
        if action == "ask":
            known = self.shared.session(index).papers(paper.id for paper in papers)
            if not known:
                return {self.parts.news: problem_html(NO_INDEX)}
            return {self.shared.about: Handed(tuple(paper.id for paper in known))}
        if action == "save" and (form := text(wanted, "form")) in FORMS:
            name = "-".join("".join(c if c.isalnum() else " " for c in kept.name.lower()).split()[:8]) or "list"
            file = written(
                replace(kept, items=tuple(item for item in kept.items if item.paper in papers)), form, style_of(wanted)
            )
            return {self.shared.outbox: saved(f"{name}.{ending(form)}", "text/plain", file)}
        return done(self.shared, wanted, papers)

    def _shown(self, at: Looking, index: str) -> Update:
        lists = self._lists
        everything, kept = lists.all(), lists.read(at.name)
        if kept is None and everything and not at.words:
            kept = everything[0]
        searched = [one for one in everything if one.holding(at.words)] if at.words and kept is None else []
        shown = [kept] if kept else searched
        here = self._here(index, [paper for one in shown for paper in one.papers])
        facts = {"list": kept.id if kept else "", "q": at.words, "tag": at.tag}
        return {
            self.parts.shelf: shelf_html(everything, lists.read(RECENT), kept.id if kept else ""),
            self.parts.page: list_html(kept, searched, at.words, at.tag, here),
            self.parts.facts: told(facts),
            self.parts.at: kept.id if kept else "",
        }

    def _here(self, index: str, papers: list[Paper]) -> frozenset[str]:
        """Which papers are in the index in use."""
        try:
            return frozenset(paper.id for paper in self.shared.session(index).papers(paper.id for paper in papers))
        except SidereusError:  # the index was removed since
            return frozenset()

    def _content(self, index: str) -> Any:
        return self.shared.session(index).index.content

    @property
    def _lists(self) -> ReadingLists:
        return ReadingLists(self.shared.sessions.first.settings.state)


def _looking(asked: Message) -> Looking:
    return Looking(text(asked, "list", 12), text(asked, "q", 300), text(asked, "tag", 100))


def _undo(kept: ReadingList | None, action: str, paper: str) -> str:
    """The way back from what took something away."""
    if kept and action == "delete":
        return taken_html(f"Deleted “{kept.name}”.", "restore")
    item = kept.item(paper) if kept and action == "remove" else None
    return taken_html(f"Removed “{plain_text(item.paper.title)}”.", "again", paper, kept.id) if item and kept else ""


def _create(lists: ReadingLists, _: str, wanted: Message) -> Looking:
    return Looking(lists.create(text(wanted, "text", 300)).id)


def _delete(lists: ReadingLists, name: str, _: Message) -> Looking:
    lists.delete(name)
    return Looking("")


def _restore(lists: ReadingLists, _: str, __: Message) -> Looking | None:
    back = lists.restore()
    return Looking(back.id) if back else None


def _rename(lists: ReadingLists, name: str, wanted: Message) -> None:
    lists.rename(name, text(wanted, "text", 300))


def _note(lists: ReadingLists, name: str, wanted: Message) -> None:
    note, before = text(wanted, "text", LONGEST_NOTE), text(wanted, "before", LONGEST_NOTE)
    lists.change(name, lambda now: now.noted(text(wanted, "paper"), note, before))


def _tag(lists: ReadingLists, name: str, wanted: Message) -> None:
    lists.change(name, lambda now: now.tagged(text(wanted, "paper"), [text(wanted, "text", 1000)]))


def _remove(lists: ReadingLists, name: str, wanted: Message) -> None:
    lists.change(name, lambda now: now.without({text(wanted, "paper")}))


def _again(lists: ReadingLists, name: str, wanted: Message) -> None:
    lists.change(name, lambda now: now.with_again(text(wanted, "paper")))


CHANGES = {
    "create": _create, "delete": _delete, "restore": _restore, "rename": _rename,
    "note": _note, "tag": _tag, "remove": _remove, "again": _again,
}  # fmt: skip
"""What may be done to the list with an id; some say what to look at afterwards."""
