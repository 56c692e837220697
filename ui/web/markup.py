"""What the page shows of a turn, as HTML.

Each function returns one line of HTML without blank lines: Gradio's Markdown passes such a block through
untouched, cleans it once more and renders the mathematics in it.
"""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import quote

from rag.answers.answer import Block, NextStep, Sentence
from rag.answers.render import parted
from rag.chats.conversations import titled
from rag.papers import Paper
from ui.web.cards import card, nearest_card, panel
from ui.web.text import emphasised, escaped, rich, without_markup
from ui.web.turns import Turn

OTHERWISE = {"shorter": "Shorter", "more": "From more papers", "list": "As a list", "others": "From other papers"}
LONG, LINES = 240, 4  # characters and lines from which on a question is folded


def turn_html(turn: Turn) -> str:
    """A whole turn: the question, the answer and the sources beside it."""
    return f'<div class="turn"><div class="exchange">{exchange_html(turn)}</div>{sources_html(turn)}</div>'


def exchange_html(turn: Turn) -> str:
    """A turn's question and as much of its answer as there is."""
    foot = f"{_next_steps(turn)}{_foot(turn)}" if turn.ended else ""
    return f'{_question(turn)}<div class="answer">{_answer(turn)}{foot}</div>'


def sources_html(turn: Turn) -> str:
    """The cards of the papers a turn was answered from, by number; of all that were read, cited or not."""
    answer = turn.entry.answer
    if answer is not None and answer.verdict == "courtesy":
        return ""
    if answer is not None and answer.abstained:
        cards = (nearest_card(hit, answer.hints) for hit in answer.nearest)
        return panel("Nearest papers, none of which clearly answers this", cards)
    known = {c.n: c for c in (*turn.entry.found, *(answer.citations if answer else ()))}
    before = _cited_before(turn)
    cards = (card(known[n], turn.number, before.get(known[n].paper.id, "")) for n in sorted(known))
    return panel("Sources" if known else "", cards)


def _cited_before(turn: Turn) -> dict[str, str]:
    """Of papers that earlier answers cite: by which number, and to what question. The last one counts."""
    return {
        paper.id: f"[{n}] of “{titled(earlier.question)}”"
        for earlier in turn.before.turns
        for n, paper in earlier.cited.items()
    }


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
    words = turn.entry.question
    long = len(words) > LONG or words.count("\n") >= LINES
    unfold = '<button class="unfold" title="Show the whole question">Whole question</button>' if long else ""
    return (
        f'<div class="asked"><h2 class="question{" long" if long else ""}" id="t{turn.number}" tabindex="-1">'
        f"{escaped(words)}</h2>{unfold}"
        f'<button class="edit" value="{turn.number}" title="Edit this question">Edit</button></div>{note}'
    )


def _answer(turn: Turn) -> str:
    entry = turn.entry
    if entry.problem:
        return f'<p class="problem" role="alert">{escaped(entry.problem)}</p>'
    blocks = entry.answer.blocks if entry.answer else entry.said
    status = "" if turn.ended else f'<p class="status">{escaped(turn.status)}</p>'
    if not blocks:
        return status
    understood = _understood(turn, entry.answer.understood) if entry.answer and entry.answer.understood else ""
    waits = status if turn.waiting else ""
    words = "".join(_block(block, turn.number) for block in blocks)
    return f'{understood}<div class="words">{words}</div>{waits}'


def _understood(turn: Turn, query: str) -> str:
    """How a question was read, and the way to have it read as it stands."""
    return (
        f'<p class="understood"><span>Understood as: {escaped(query)}</span>'
        f'<button name="alone" value="{turn.number}">Ask it as it stands</button></p>'
    )


def _block(block: Block, turn: int) -> str:
    """A block as a heading and a paragraph, or as a list."""
    head = ""
    if block.title:
        head = f"<h3>{escaped(block.title)}</h3>" if block.kind == "section" else f"<p>{escaped(block.title)}</p>"
    if block.kind in ("prose", "section"):
        return f"{head}<p>{' '.join(_sentence(sentence, turn) for sentence in block.sentences)}</p>"
    lines = (f"<li>{_label(sentence)}{_sentence(sentence, turn)}</li>" for sentence in block.sentences)
    return f"{head}<ul>{''.join(lines)}</ul>"


def _label(sentence: Sentence) -> str:
    return f"{rich(sentence.label)}: " if sentence.label else ""


def _sentence(sentence: Sentence, turn: int) -> str:
    """A sentence with its citations as links before its full stop, and nothing else that could lead anywhere."""
    bare, end = parted(sentence)
    said = rich(without_markup(bare), lambda part: emphasised(escaped(part)))
    links = "".join(f'<a class="cite" href="#t{turn}-{n}">[{n}]</a>' for n in sentence.citations)
    year = f" ({sentence.year})" if sentence.year else ""
    return f"{said} {links}{year}{end}" if links else f"{said}{end}"


def _next_steps(turn: Turn) -> str:
    """Ways on from a question that isn't answered."""
    answer = turn.entry.answer
    if answer is None or not answer.next_steps:
        return ""
    return f'<p class="steps">{"".join(_step(step, turn.number) for step in answer.next_steps)}</p>'


def _step(step: NextStep, turn: int) -> str:
    if step.do == "search":
        return f'<a href="?view=search&amp;q={quote(step.text)}">Search the papers for “{escaped(step.text)}”</a>'
    if step.do == "everywhere":
        return f'<button name="everywhere" value="{turn}">Ask all papers</button>'
    return f'<button name="reworded" value="{escaped(step.text)}">Ask “{escaped(step.text)}”</button>'


def _foot(turn: Turn) -> str:
    """What there is to know and to do about an answer that has ended."""
    entry = turn.entry
    said = entry.answer is not None or bool(entry.said)
    tools = '<button class="copy-answer">Copy</button>' if said else ""
    if entry.answer and entry.answer.citations:
        tools += '<button class="citing">Cite</button><button class="keeping">Add to list</button>'
    whole = entry.answer is not None and entry.answer.citations and not entry.answer.stopped
    tools += _otherwise() if whole else '<button class="retry">Try again</button>'
    tools += "".join(_vote(entry.id, way, entry.vote == way) for way in ("up", "down")) if entry.answer else ""
    return (
        f'<div class="foot"><span class="facts">{escaped(_facts(turn))}</span><span class="tools">{tools}</span></div>'
    )


def _otherwise() -> str:
    """What else the answer could be: the same once more would say the same."""
    ways = "".join(f'<button class="otherwise" value="{how}">{words}</button>' for how, words in OTHERWISE.items())
    return f'<details class="again"><summary>Answer differently</summary><div>{ways}</div></details>'


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
