"""What the page shows of a turn, as HTML.

Each function returns one line of HTML without blank lines: Gradio's Markdown passes such a block through
untouched, cleans it once more and renders the mathematics in it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from rag.answers.answer import WAITING, Citation
from rag.papers import Paper
from ui.web.cards import card, nearest_card, panel
from ui.web.text import emphasised, escaped, rich, settled, without_markup
from ui.web.turns import Turn

_CITATION = re.compile(r"\[(\d+(?:\s*[,;]\s*\d+)*)\]")
_LINE = re.compile(r"^(?P<kind>#{1,4} |[-*•] )?(?P<text>.*)$")


def turn_html(turn: Turn) -> str:
    """A whole turn: the question, the answer and the sources beside it."""
    return f'<div class="turn"><div class="exchange">{exchange_html(turn)}</div>{sources_html(turn)}</div>'


def exchange_html(turn: Turn) -> str:
    """A turn's question and as much of its answer as there is."""
    foot = _foot(turn) if turn.ended else ""
    return f'{_question(turn)}<div class="answer">{_answer(turn)}{foot}</div>'


def sources_html(turn: Turn) -> str:
    """The cards of the papers a turn was answered from, by number; of all that were read, cited or not."""
    answer = turn.entry.answer
    if answer is not None and answer.abstained:
        cards = (nearest_card(hit, answer.hints) for hit in answer.nearest)
        return panel("Nearest papers, none of which clearly answers this", cards)
    known = {c.n: c for c in (*turn.entry.found, *(answer.citations if answer else ()))}
    return panel("Sources" if known else "", (card(known[n], turn.number) for n in sorted(known)))


def scope_html(papers: Collection[Paper], count: int) -> str:
    """What the next questions are restricted to, and the way back to all papers."""
    if not count:
        return ""
    title = next(iter(papers)).title if count == 1 and papers else ""
    what = f"“{rich(title)}”" if title else f"{count:,} papers" if count > 1 else "one paper"
    return (
        f'<p class="scope"><span>Answering only from {what}</span>'
        '<button name="anywhere">Ask all papers again</button></p>'
    )


def _question(turn: Turn) -> str:
    scope = len(turn.entry.within)
    note = f'<p class="within">Asked of {scope:,} paper{"s" if scope > 1 else ""} only</p>' if scope else ""
    return (
        f'<div class="asked"><h2 class="question" id="t{turn.number}" tabindex="-1">{escaped(turn.entry.question)}</h2>'
        f'<button class="edit" value="{turn.number}" title="Edit this question">Edit</button></div>{note}'
    )


def _answer(turn: Turn) -> str:
    entry = turn.entry
    if entry.problem:
        return f'<p class="problem" role="alert">{escaped(entry.problem)}</p>'
    if entry.answer is not None and entry.answer.text:
        return _prose(entry.answer.text, turn.number, entry.answer.citations)
    status = "" if turn.ended else f'<p class="status">{escaped(turn.status)}</p>'
    if entry.words:
        # The first quotation comes at once; that the rest has to wait is said below it.
        waits = status if turn.status.startswith(WAITING) else ""
        return _prose(settled(entry.words), turn.number, entry.found) + waits
    return status


def _prose(text: str, turn: int, citations: tuple[Citation, ...]) -> str:
    numbers = {citation.n for citation in citations}
    return f'<div class="words">{"".join(_blocks(text, turn, numbers))}</div>'


def _blocks(text: str, turn: int, numbers: Collection[int]) -> Iterable[str]:
    """A text's lines as paragraphs, headings and lists, the three kinds that answers are made of."""
    listing = False
    for line in without_markup(text).split("\n"):
        match = _LINE.match(line.strip())
        if match is None or not match["text"]:
            continue
        kind, words = (match["kind"] or "").strip(), _inline(match["text"], turn, numbers)
        item = kind in ("-", "*", "•")
        if item != listing:
            yield "<ul>" if item else "</ul>"
            listing = item
        yield f"<li>{words}</li>" if item else f"<h3>{words}</h3>" if kind else f"<p>{words}</p>"
    if listing:
        yield "</ul>"


def _inline(text: str, turn: int, numbers: Collection[int]) -> str:
    """A model's words with its citations as links, and with nothing else that could lead anywhere."""

    def linked(match: re.Match[str]) -> str:
        cited = [int(n) for n in re.findall(r"\d+", match[1])]
        if not set(cited) <= set(numbers):
            return match[0]
        return "".join(f'<a class="cite" href="#t{turn}-{n}">[{n}]</a>' for n in cited)

    return rich(text, lambda part: _CITATION.sub(linked, emphasised(escaped(part))))


def _foot(turn: Turn) -> str:
    """What there is to know and to do about an answer that has ended."""
    entry = turn.entry
    said = entry.answer is not None or bool(entry.words)
    tools = '<button class="copy-answer">Copy</button>' if said else ""
    tools += '<button class="retry">Try again</button>'
    tools += "".join(_vote(entry.id, way, entry.vote == way) for way in ("up", "down")) if entry.answer else ""
    return (
        f'<div class="foot"><span class="facts">{escaped(_facts(turn))}</span><span class="tools">{tools}</span></div>'
    )


def _vote(entry: str, way: str, given: bool) -> str:
    name = "Good answer" if way == "up" else "Poor answer"
    on = " on" if given else ""
    return f'<button class="toggle vote {way}{on}" value="{escaped(entry)}" title="{name}"></button>'


def _facts(turn: Turn) -> str:
    answer = turn.entry.answer
    if answer is None:
        return "Stopped" if turn.stopped else ""
    seconds = f"{answer.timings.total:.1f} s"
    facts = ["Stopped" if answer.stopped else seconds, answer.llm, answer.note]
    return " · ".join(fact for fact in facts if fact)
