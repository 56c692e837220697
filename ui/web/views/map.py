"""The Map view: all papers in the plane, those about a query lit up, and how many there are of each year."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr
import numpy as np

from rag.errors import SidereusError
from rag.index import map as maps
from rag.index.map import PaperMap
from rag.papers import Paper
from rag.progress import Progress
from rag.retrieval.listing import Wish, listing
from rag.work import Work
from ui.web.shared import Shared, told
from ui.web.shown import formulas, plain
from ui.web.views import AT_ONCE, IN_TURN, fixed, message, number, numbers, problem_html, text, wire
from ui.web.views.actions import done
from ui.web.views.map_markup import picked_html, point_html

if TYPE_CHECKING:
    from rag.index.index import Index
    from rag.index.manifest import Manifest
    from rag.session import Session

MOST_PICKED = 2000
STALE = "Papers were added to this index since its map was drawn: go to another view and come back."

Update = dict[Any, Any]
Drawing = Work[PaperMap]


def build(shared: Shared) -> None:
    """Make the view's components and connect them."""
    with gr.Column(elem_id="map-view"):
        fixed("map")
        picked, point = (formulas(elem_id=name) for name in ("map-picked", "map-point"))
        points, lit = (plain(elem_id=name, visible="hidden") for name in ("map-points", "map-lit"))
        shown = gr.State("")
        opened, query, over, chosen, said = (
            wire(f"map-{name}") for name in ("opened", "query", "over", "chosen", "said")
        )
    view = MapView(shared, Parts(points, lit, picked, shown))
    place, drawn = [shared.index, shown], [points, shown]
    opened.change(view.open, [opened, *place], drawn, **IN_TURN)
    shared.index.change(view.open, [opened, *place], drawn, **IN_TURN)
    query.change(view.light, [query, *place], [lit, *drawn], trigger_mode="always_last", **IN_TURN)
    over.change(view.hover, [over, *place], point, trigger_mode="always_last", **AT_ONCE)
    chosen.change(view.choose, [chosen, *place], picked, trigger_mode="always_last", **AT_ONCE)
    said.change(view.do, [said, *place], [shared.about, shared.outbox, picked], **IN_TURN)


@dataclass(frozen=True)
class Parts:
    """The components of the view that change; ``shown`` says which map a browser tab shows."""

    points: gr.Markdown
    lit: gr.Markdown
    picked: gr.Markdown
    shown: gr.State


@dataclass
class MapView:
    """Answers what the script of the view says. The maps are shared by all who look at them.

    The script speaks of papers by their places on the map that it shows. Where an update has put another in its
    place, these mean nothing any more, and the new map is shown.
    """

    shared: Shared
    parts: Parts
    _drawings: dict[str, tuple[str, Drawing]] = field(default_factory=dict)
    _looking: threading.Lock = field(default_factory=threading.Lock)

    def open(self, opened: str, index: str, shown: str) -> Iterator[Update]:
        """The map of an index, once the view has been looked at, unless it is shown already.

        First how far its drawing is, if that must be done.
        """
        if not opened:
            return
        try:
            session = self.shared.session(index)
            session.refresh()
            if message(opened).get("anew") or shown != _name(session.index):
                yield from self._shown(session)
        except SidereusError as error:
            yield {self.parts.points: told({"problem": str(error)})}

    def light(self, query: str, index: str, shown: str) -> Iterator[Update]:
        """Which papers are about a query, and how many there are of each year; without a query, of all papers."""
        words, lit = text(message(query), "q"), self.parts.lit
        said: dict[str, Any] = {"q": words, "at": time.monotonic()}  # the script hears only what is new
        try:
            session = self.shared.session(index)
            session.refresh()
            current = session.index
            if shown != _name(current):
                yield from self._shown(session)  # the script then asks again
            elif not words:
                yield {lit: told({**said, "points": None, "years": current.content.counts()[0]})}
            else:
                found = listing(session.search, Wish(words))
                rows = [current.row_of(hit.paper.id) for hit in found.hits] if found.clear else []
                points = self._map(current).numbers(np.array([row for row in rows if row is not None], dtype=np.int64))
                years = found.years if found.clear else {}
                yield {lit: told({**said, "points": points.tolist(), "years": years})}
        except SidereusError as error:
            yield {lit: told({"problem": str(error)})}

    def hover(self, over: str, index: str, shown: str) -> str:
        """What a point of the map is."""
        at = number(message(over), "point")
        papers = self._papers(index, shown, [at]) if at is not None else None
        return point_html(papers[0], at or 0) if papers else ""

    def choose(self, chosen: str, index: str, shown: str) -> str:
        """The list of the papers that were selected."""
        points = numbers(message(chosen), "points", MOST_PICKED)
        papers = self._papers(index, shown, points[:100])
        if points and papers is None:
            return problem_html(STALE)
        return picked_html(papers, len(points)) if papers else ""

    def do(self, said: str, index: str, shown: str) -> Update:
        """Export or cite some papers, keep them in a list, or hand them to the chat."""
        wanted = message(said)
        papers = self._papers(index, shown, numbers(wanted, "papers", MOST_PICKED))
        return {self.parts.picked: problem_html(STALE)} if papers is None else done(self.shared, wanted, papers)

    def _shown(self, session: Session) -> Iterator[Update]:
        """The map of an index, and how far it is while it is drawn."""
        current, points = session.index, self.parts.points
        drawing = self._drawing(current)
        for fraction in drawing.watch():
            words = f"Drawing the map of {current.manifest.papers:,} papers: {fraction:.0%}"
            yield {points: told({"state": ", ".join(part for part in (words, drawing.left) if part)})}
        yield {points: told(_points(drawing.result(), current.manifest)), self.parts.shown: _name(current)}

    def _papers(self, index: str, shown: str, points: Sequence[int]) -> list[Paper] | None:
        """The papers at some points of the map that is shown; None when that is not the index's any more."""
        current = self.shared.session(index).index
        if shown != _name(current):
            return None
        rows = self._map(current).rows
        return current.papers([int(rows[point]) for point in points if 0 <= point < len(rows)])

    def _map(self, current: Index) -> PaperMap:
        return self._drawing(current).result()

    def _drawing(self, current: Index) -> Drawing:
        """The drawing of an index's map, begun if need be; those of what was in its place are forgotten."""
        manifest = current.manifest

        def draw(progress: Progress) -> PaperMap:
            return maps.read(self._indexes, manifest) or maps.draw(self._indexes, current, progress)

        with self._looking:
            name, drawing = self._drawings.get(manifest.name, ("", None))
            if drawing is None or name != _name(current):
                drawing = Work(draw)
                self._drawings[manifest.name] = _name(current), drawing
            return drawing

    @property
    def _indexes(self) -> Path:
        return self.shared.sessions.first.settings.indexes


def _name(index: Index) -> str:
    """What tells an index as it is now from any other."""
    return f"{index.manifest.name}/{index.manifest.journal or index.manifest.generation}"


def _points(drawn: PaperMap, manifest: Manifest) -> dict[str, Any]:
    """A map for the page's script: x, y and years as 16-bit numbers, then categories as bytes, little end first."""
    x, y = drawn.places.T.astype("<u2")
    packed = x.tobytes() + y.tobytes() + drawn.years.astype("<i2").tobytes() + drawn.categories.tobytes()
    return {
        "index": manifest.name,
        "count": len(drawn.rows),
        "points": base64.b64encode(packed).decode(),
        "names": list(drawn.names),
        "span": list(manifest.years),
    }
