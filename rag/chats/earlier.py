"""Conversations that were kept when answers were one text with [n] in it, read as blocks of sentences."""

from __future__ import annotations

from typing import Any

from rag.text.citations import cited
from rag.text.sentences import split


def brought_up_to_date(kept: dict[str, Any]) -> dict[str, Any]:
    """The record of a conversation as it would be written now."""
    return {**kept, "entries": [_entry(entry) for entry in kept.get("entries", ())]}


def _entry(entry: dict[str, Any]) -> dict[str, Any]:
    said = {"said": _blocks(entry["words"])} if entry.get("words") else {}
    answer = entry.get("answer")
    now = {key: value for key, value in entry.items() if key != "words"} | said
    return now | {"answer": _answer(answer)} if answer and "blocks" not in answer else now


def _answer(answer: dict[str, Any]) -> dict[str, Any]:
    """An answer of sentences that each said what stood before it in the text."""
    text = "".join(sentence.get("lead", " ") + sentence["text"] for sentence in answer["sentences"]).strip()
    verdict = "declined" if answer["abstained"] else "answered"
    kept = {key: value for key, value in answer.items() if key not in ("sentences", "abstained")}
    return kept | {"blocks": _blocks(text), "verdict": verdict}


def _blocks(text: str) -> list[dict[str, Any]]:
    """Paragraphs, headings and lists, which is all that these texts were made of."""
    blocks: list[dict[str, Any]] = []
    title = ""
    for line in filter(None, map(str.strip, text.split("\n"))):
        if line.startswith("## "):
            title = line.removeprefix("## ")
        elif line.startswith("- "):
            label, _, said = line.removeprefix("- ").rpartition(": ")
            if not blocks or blocks[-1]["kind"] != "points":
                blocks.append({"kind": "points", "sentences": []})
            blocks[-1]["sentences"].append({**_sentence(said), "label": label})
        else:
            kind = "section" if title else "prose"
            blocks.append({"kind": kind, "title": title, "sentences": [_sentence(one) for one in split(line)]})
            title = ""
    return blocks


def _sentence(text: str) -> dict[str, Any]:
    bare, numbers = cited(text)
    return {"text": bare, "citations": numbers}
