"""The header and the first screen: what is loaded, said once."""

from __future__ import annotations

from rag.description import Description
from ui.web.text import escaped

_KINDS = {"abstract": "abstracts", "digest": "digests"}


def header_html(loaded: Description) -> str:
    """The name, and the index in use."""
    papers = f"{loaded.index} · {loaded.papers:,} papers · {loaded.years[0]}–{loaded.years[1]}"
    return f'<div class="masthead"><span class="name">Sidereus</span><span class="index">{escaped(papers)}</span></div>'


def welcome_html(loaded: Description) -> str:
    """What can be asked, of what, and how far to trust it."""
    kinds = ", ".join(f"{count:,} {_KINDS.get(kind, kind)}" for kind, count in loaded.kind_counts.items() if count)
    facts = (
        ("Index", f"{loaded.index}: {loaded.papers:,} papers"),
        ("Years", f"{loaded.years[0]}–{loaded.years[1]}"),
        ("Texts", kinds),
        ("Finds", loaded.embedding),
        ("Re-ranks", loaded.reranker),
        ("Writes", loaded.llm),
    )
    rows = "".join(f"<dt>{name}</dt><dd>{escaped(value)}</dd>" for name, value in facts if value)
    note = f'<p class="note">{escaped(loaded.note)}</p>' if loaded.note else ""
    return (
        '<div class="welcome"><h1>Ask the astronomy literature</h1>'
        '<p class="lead">Every sentence of an answer points at the paper it comes from.</p>'
        f'<dl class="facts">{rows}</dl>{note}</div>'
    )
