"""The Search view: papers as a list, with filters, to export or to chat about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import gradio as gr

from rag.errors import SidereusError
from rag.index.filters import Filters
from rag.retrieval.listing import SORTS, Wish, listing
from ui.web.shared import Handed, Shared, told
from ui.web.shown import formulas, plain
from ui.web.views import IN_TURN, Message, fixed, message, number, problem_html, text, texts, wire
from ui.web.views.actions import done
from ui.web.views.search_markup import invitation_html, listing_html

if TYPE_CHECKING:
    from rag.session import Session

PAGE = 25
MOST_SHOWN = 500

Update = dict[Any, Any]


def build(shared: Shared) -> None:
    """Make the view's components and connect them."""
    with gr.Column(elem_id="search-view"):
        fixed("search")
        results = formulas(elem_id="search-results")
        asked, said = wire("search-asked"), wire("search-said")
        facts = plain(elem_id="search-facts", visible="hidden")
    view = SearchView(shared, results, facts)
    asked.change(view.find, [asked, shared.index], [results, facts], trigger_mode="always_last", **IN_TURN)
    shared.index.change(view.find, [asked, shared.index], [results, facts], **IN_TURN)
    shared.like.change(view.liked, [shared.like, shared.index], [results, facts], **IN_TURN)
    said.change(view.do, [said, shared.index], [shared.about, shared.outbox], **IN_TURN)


@dataclass(frozen=True)
class SearchView:
    """Answers what the script of the view says."""

    shared: Shared
    results: gr.Markdown
    facts: gr.Markdown

    def find(self, asked: str, index: str) -> Update:
        """List what is asked for."""
        return self._find(message(asked), index)

    def liked(self, like: Handed, index: str) -> Update:
        """List the papers like one that another view hands over."""
        return self._find({"like": like.papers[0]}, index) if like.papers else {}

    def do(self, said: str, index: str) -> Update:
        """Export or cite some papers, keep them in a list, or hand them to the chat."""
        wanted = message(said)
        return done(self.shared, wanted, self.shared.session(index).papers(texts(wanted, "papers")))

    def _find(self, asked: Message, index: str) -> Update:
        try:
            session = self.shared.session(index)
            page, facts = self._page(session, asked)
            facts |= _overview(session)
        except SidereusError as error:
            page, facts = problem_html(str(error)), {"years": {}}
        return {self.results: page, self.facts: told({**facts, "asked": asked})}

    def _page(self, session: Session, asked: Message) -> tuple[str, dict[str, Any]]:
        wish = _wish(asked)
        if not wish:
            return invitation_html(session.describe(), session.examples()), {}
        found = listing(session.search, wish)
        shown = min(number(asked, "shown") or PAGE, MOST_SHOWN)
        like = session.papers([wish.like]) if wish.like else []
        page = listing_html(found, wish, text(asked, "shape") == "table", shown, like[0] if like else None)
        return page, {"years": found.years, "total": len(found.hits)}


def _overview(session: Session) -> dict[str, Any]:
    """What can be filtered by: all years of the index, and its categories with their numbers of papers."""
    years, categories = session.index.content.counts()
    return {"span": [min(years), max(years)], "all": years, "categories": list(categories.items())}


def _wish(asked: Message) -> Wish:
    return Wish(
        text(asked, "q"),
        Filters(
            number(asked, "since"),
            number(asked, "until"),
            text(asked, "category") or None,
            text(asked, "author") or None,
        ),
        text(asked, "like", 100) or None,
        texts(asked, "ignore", 5),
        next((sort for sort in SORTS if sort == text(asked, "sort")), "relevance"),
    )
