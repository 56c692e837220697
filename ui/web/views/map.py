"""The Map view: all papers in the plane, those about a query lit up, and how many there are of each year."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
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
from ui.web.text import MATH_DELIMITERS
from ui.web.views import AT_ONCE, IN_TURN, fixed, message, number, numbers, text, wire
from ui.web.views.actions import done
from ui.web.views.map_markup import picked_html, point_html

if TYPE_CHECKING:
    from rag.session import Session

MOST_PICKED = 2000

Update = dict[Any, Any]
Drawing = Work[PaperMap]


def build(shared: Shared) -> None:
    """Make the view's components and connect them."""
    with gr.Column(elem_id="map-view"):
        fixed("map")
        picked, point = (
            gr.Markdown(elem_id=name, latex_delimiters=MATH_DELIMITERS) for name in ("map-picked", "map-point")
        )
        points, lit = (gr.Markdown(elem_id=name, visible="hidden") for name in ("map-points", "map-lit"))
        opened, query, over, chosen, said = (
            wire(f"map-{name}") for name in ("opened", "query", "over", "chosen", "said")
        )
    view = MapView(shared)
    opened.change(view.open, [opened, shared.index], points, **IN_TURN)
    shared.index.change(view.open, [opened, shared.index], points, **IN_TURN)
    query.change(view.light, [query, shared.index], lit, trigger_mode="always_last", **IN_TURN)
    over.change(view.hover, [over, shared.index], point, trigger_mode="always_last", **AT_ONCE)
    chosen.change(view.choose, [chosen, shared.index], picked, trigger_mode="always_last", **AT_ONCE)
    said.change(view.do, [said, shared.index], [shared.about, shared.outbox], **IN_TURN)


@dataclass
class MapView:
    """Answers what the script of the view says. The maps are shared by all who look at them."""

    shared: Shared
    _drawings: dict[tuple[str, str], Drawing] = field(default_factory=dict)
    _looking: threading.Lock = field(default_factory=threading.Lock)

    def open(self, opened: str, index: str) -> Iterator[str]:
        """The map of an index, once the view has been looked at; first how far its drawing is, if that must be done."""
        if not opened:
            return
        try:
            session = self.shared.session(index)
            drawing = self._drawing(session)
            for fraction in drawing.watch():
                words = f"Drawing the map of {session.manifest.papers:,} papers: {fraction:.0%}"
                yield told({"state": ", ".join(part for part in (words, drawing.left) if part)})
            yield told(_points(drawing.result(), session))
        except SidereusError as error:
            yield told({"problem": str(error)})

    def light(self, query: str, index: str) -> str:
        """Which papers are about a query, and how many there are of each year; without a query, of all papers."""
        words = text(message(query), "q")
        try:
            session = self.shared.session(index)
            if not words:
                return told({"q": "", "points": None, "years": session.index.content.counts()[0]})
            found = listing(session.search, Wish(words))
            rows = [session.index.row_of(hit.paper.id) for hit in found.hits] if found.clear else []
            points = self._map(session).numbers(np.array([row for row in rows if row is not None], dtype=np.int64))
            return told({"q": words, "points": points.tolist(), "years": found.years if found.clear else {}})
        except SidereusError as error:
            return told({"problem": str(error)})

    def hover(self, over: str, index: str) -> str:
        """What a point of the map is."""
        at = number(message(over), "point")
        papers = self._papers(index, [at]) if at is not None else []
        return point_html(papers[0], at or 0) if papers else ""

    def choose(self, chosen: str, index: str) -> str:
        """The list of the papers that were selected."""
        points = numbers(message(chosen), "points", MOST_PICKED)
        return picked_html(self._papers(index, points[:100]), len(points)) if points else ""

    def do(self, said: str, index: str) -> Update:
        """Export some papers, or hand them to the chat."""
        wanted = message(said)
        return done(self.shared, text(wanted, "do"), self._papers(index, numbers(wanted, "papers", MOST_PICKED)))

    def _papers(self, index: str, points: Sequence[int]) -> list[Paper]:
        session = self.shared.session(index)
        rows = self._map(session).rows
        return session.index.papers([int(rows[point]) for point in points if 0 <= point < len(rows)])

    def _map(self, session: Session) -> PaperMap:
        return self._drawing(session).result()

    def _drawing(self, session: Session) -> Drawing:
        """The drawing of an index's map, begun if need be."""
        manifest = session.manifest
        key = manifest.name, manifest.generation

        def draw(progress: Progress) -> PaperMap:
            indexes = session.settings.indexes
            return maps.read(indexes, manifest) or maps.draw(indexes, session.index, progress)

        with self._looking:
            if key not in self._drawings:
                self._drawings[key] = Work(draw)
            return self._drawings[key]


def _points(drawn: PaperMap, session: Session) -> dict[str, Any]:
    """A map for the page's script: x, y and years as 16-bit numbers, then categories as bytes, little end first."""
    x, y = drawn.places.T.astype("<u2")
    packed = x.tobytes() + y.tobytes() + drawn.years.astype("<i2").tobytes() + drawn.categories.tobytes()
    years = session.manifest.years
    return {
        "index": session.manifest.name,
        "count": len(drawn.rows),
        "points": base64.b64encode(packed).decode(),
        "names": list(drawn.names),
        "span": list(years),
    }
