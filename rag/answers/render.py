"""Blocks of an answer as text and as records: what the terminal, Markdown files and other programs show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rag.answers.answer import Answer, Block, Sentence

_ENDS = ".!?"


def text(blocks: Sequence[Block]) -> str:
    """Blocks as plain text with [n] after each sentence, which is Markdown too."""
    return "\n\n".join(part for block in blocks if (part := _block(block)))


def marked(sentence: Sentence) -> str:
    """A sentence with its citations before its full stop, and its year where that has to be said.

    >>> marked(Sentence("It is 73.", (2,), year=1994)), marked(Sentence("No one knows"))
    ('It is 73 [2] (1994).', 'No one knows.')
    """
    bare, end = parted(sentence)
    if not sentence.citations:
        return bare + end
    marks = "".join(f"[{n}]" for n in sentence.citations)
    year = f" ({sentence.year})" if sentence.year else ""
    return f"{bare} {marks}{year}{end}"


def parted(sentence: Sentence) -> tuple[str, str]:
    """A sentence without its full stop, and that."""
    text = sentence.text
    return (text[:-1], text[-1]) if text[-1:] and text[-1] in _ENDS else (text, ".")


def record(answer: Answer) -> dict[str, Any]:
    """The answer as ``ask --json`` prints it."""
    seconds = answer.timings
    return {
        "question": answer.question,
        "understood": answer.understood,
        "index": answer.index,
        "models": {"embedding": answer.embedding, "llm": answer.llm},
        "answer": text(answer.blocks),
        "verdict": answer.verdict,
        "abstained": answer.abstained,
        "sentences": [_sentence(sentence) for sentence in answer.sentences],
        "blocks": [
            {"kind": b.kind, "title": b.title, "sentences": [_sentence(sentence) for sentence in b.sentences]}
            for b in answer.blocks
        ],
        "citations": [
            {
                "n": c.n,
                "id": c.paper.id,
                "title": c.paper.title,
                "authors": list(c.paper.authors),
                "year": c.paper.year,
                "url": c.paper.url,
                "evidence": list(c.evidence),
            }
            for c in answer.citations
        ],
        "nearest": [hit.as_record() for hit in answer.nearest],
        "next_steps": [{"do": step.do, "text": step.text} for step in answer.next_steps],
        "timings": {
            "retrieve": _rounded(seconds.retrieve),
            "first_token": _rounded(seconds.first_token),
            "first_text": _rounded(seconds.first_text),
            "total": _rounded(seconds.total),
        },
    }


def _block(block: Block) -> str:
    if block.kind in ("prose", "section"):
        title = f"## {block.title}" if block.kind == "section" else block.title
        return "\n\n".join(part for part in (title, " ".join(map(marked, block.sentences))) if part)
    lines = (f"- {sentence.label and f'{sentence.label}: '}{marked(sentence)}" for sentence in block.sentences)
    return "\n".join([*([f"{block.title}\n"] if block.title else []), *lines])


def _sentence(sentence: Sentence) -> dict[str, Any]:
    return {
        "text": marked(sentence),
        "citations": list(sentence.citations),
        "evidence": [{"id": one.paper, "sentence": one.place} for one in sentence.evidence],
        "supported": sentence.supported,
        "score": sentence.score,
    }


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 4)
