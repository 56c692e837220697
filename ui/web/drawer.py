"""The drawer's list of kept conversations, as HTML."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from rag.chats.conversations import Kept
from rag.chats.transcript import ENDINGS
from ui.web.text import escaped

_FORMATS = {"markdown": "Markdown", "html": "HTML, to print", "bibtex": "BibTeX", "json": "JSON"}
_MOST = 200


def drawer_html(found: Sequence[Kept], current: str = "", words: str = "", deleted: Kept | None = None) -> str:
    """The conversations found, the latest first; ``current`` is the one on the screen, ``deleted`` may come back."""
    undo = ""
    if deleted:
        name = escaped(deleted.name)
        undo = f'<p class="undo" role="status">Deleted “{name}”. <button name="undo">Undo</button></p>'
    if not found:
        kept_here = "What you ask is kept here, on this machine."
        nothing = "No conversation holds these words." if words.strip() else kept_here
        return f'{undo}<p class="nothing">{nothing}</p>'
    more = f'<p class="nothing">and {len(found) - _MOST:,} more: search for them</p>' if len(found) > _MOST else ""
    rows = "".join(_row(kept, kept.id == current) for kept in found[:_MOST])
    return f'{undo}<ul class="shelf">{rows}</ul>{more}'


def _row(kept: Kept, current: bool) -> str:
    name, value = escaped(kept.name), f'value="{kept.id}"'
    exports = "".join(f'<button name="export-{how}" {value}>Export {_FORMATS[how]}</button>' for how in ENDINGS)
    return (
        f'<li{" class=current" if current else ""}><button class="open" name="open" {value}>{name}'
        f'<span class="when">{_when(kept.changed)} · {escaped(kept.index)}</span></button>'
        f'<details class="more"><summary title="More about “{name}”"></summary><div>'
        f'<button class="rename" {value}>Rename</button>{exports}'
        f'<button name="delete" {value}>Delete</button></div></details></li>'
    )


def _when(moment: datetime) -> str:
    """A moment as one says it: today's by its time, this year's without the year."""
    here, now = moment.astimezone(), datetime.now(UTC).astimezone()
    if here.date() == now.date():
        return f"today, {here:%H:%M}"
    if here.date() == (now - timedelta(days=1)).date():
        return "yesterday"
    return f"{here.day} {here:%B}" if here.year == now.year else f"{here.day} {here:%B %Y}"
