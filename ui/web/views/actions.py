"""What can be done with papers wherever they are shown: ask them, save or cite them, keep them in a list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args

from rag.citing.keys import Keys, Style
from rag.errors import SidereusError
from rag.exports import FORMATS, written
from rag.papers import Paper
from rag.reading.lists import ReadingLists
from rag.reading.reading_list import ReadingList
from ui.web.shared import Handed, Shared, answered, saved
from ui.web.views import Message, number, text


def done(shared: Shared, wanted: Message, papers: Sequence[Paper]) -> dict[Any, Any]:
    """The updates of the page that a message asks for; none when it is not to be understood, or of no papers."""
    action, form, menu = text(wanted, "do"), text(wanted, "form"), number(wanted, "menu")
    if form == "lists":
        kept = ReadingLists(shared.sessions.first.settings.state).all()
        return {shared.outbox: answered(menu, lists=[{"name": one.name, "papers": len(one.items)} for one in kept])}
    if not papers:
        return {}
    if action == "chat":
        return {shared.about: Handed(tuple(paper.id for paper in papers))}
    if form == "keep":
        return {shared.outbox: answered(menu, **_kept(shared, text(wanted, "list"), papers))}
    if form in FORMATS and action == "menu":
        return {shared.outbox: answered(menu, copy=written(papers, form, style_of(wanted)))}
    if action in FORMATS:
        chosen = FORMATS[action]
        return {shared.outbox: saved(f"sidereus.{chosen.ending}", chosen.media_type, written(papers, action))}
    return {}


def style_of(wanted: Message) -> Style:
    """How papers are to be cited."""
    keys: Keys = next((one for one in get_args(Keys) if one == text(wanted, "keys")), "library")
    return Style(keys, wanted.get("macros") is True)


def _kept(shared: Shared, name: str, papers: Sequence[Paper]) -> dict[str, str]:
    counts = []

    def added(kept: ReadingList) -> ReadingList:
        counts.append(len(kept.items))
        return kept.with_papers(papers)

    try:
        after = ReadingLists(shared.sessions.first.settings.state).into(name, added)
    except SidereusError as error:
        return {"problem": str(error)}
    new = len(after.items) - counts[-1]
    there = len(papers) - new
    told = [f"{new:,} added to {after.name}"] if new else []
    told += [f"{there:,} {'were' if there > 1 else 'was'} in {after.name} already"] if there else []
    return {"done": ", ".join(told)}
