"""What can be done with papers that were picked in a view: hand them to the chat, or save them as a file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rag.exports import FORMATS
from rag.papers import Paper
from ui.web.shared import Handed, Shared, saved


def done(shared: Shared, action: str, papers: Sequence[Paper]) -> dict[Any, Any]:
    """The updates of the page that a action's name asks for; none when it is not known, or nothing was picked."""
    if not papers:
        return {}
    if action == "chat":
        return {shared.about: Handed(tuple(paper.id for paper in papers))}
    chosen = FORMATS.get(action)
    if chosen is None:
        return {}
    return {shared.outbox: saved(f"sidereus.{chosen.ending}", chosen.media_type, chosen.write(papers))}
