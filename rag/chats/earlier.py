"""Conversations that were kept when answers were one text with [n] in it, read as blocks of sentences."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from rag.answers.marks import unmarked
from rag.text.citations import CITATION, cited
from rag.text.sentences import split

# What stood before a sentence: a heading above it, or what its line is about.
_HEADING = re.compile(r"\s*## (.+?)\s*")
_LINE = re.compile(r"\s*- (?:(.*): )?")
# A line names a paper by its title and authors, which end with the year.
_LABELLED = re.compile(r"- (?:(.*? \d{4}\)?): )?(.*)")


def brought_up_to_date(kept: dict[str, Any]) -> dict[str, Any]:
    """The record of a conversation as it would be written now."""
    return {**kept, "entries": [_entry(entry) for entry in kept.get("entries", ())]}


def _entry(entry: dict[str, Any]) -> dict[str, Any]:
    said = {"said": _blocks(_parts(entry["words"]))} if entry.get("words") else {}
    answer = entry.get("answer")
    now = {key: value for key, value in entry.items() if key != "words"} | said
    return now | {"answer": _answer(answer)} if answer and "blocks" not in answer else now


def _answer(answer: dict[str, Any]) -> dict[str, Any]:
    """An answer of sentences that each said what stood before it in the text."""
    parts = ((sentence.get("lead", " "), _sentence(sentence)) for sentence in answer["sentences"])
    verdict = "declined" if answer["abstained"] else "answered"
    kept = {key: value for key, value in answer.items() if key not in ("sentences", "abstained")}
    return kept | {"blocks": _blocks(parts), "verdict": verdict}


def _sentence(old: dict[str, Any]) -> dict[str, Any]:
    """A sentence without the numbers that it cites; others in brackets are the paper's own words."""
    numbers = {int(n) for n in old["citations"]}

    def left(mark: re.Match[str]) -> str:
        return "" if {int(n) for n in mark[1].split(",")} <= numbers else mark[0]

    text = unmarked(CITATION.sub(left, old["text"]))
    return {key: value for key, value in old.items() if key != "lead"} | {"text": text}


def _parts(text: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The sentences of a text that was stopped, each with what stands before it."""
    lead = " "
    for line in filter(None, map(str.strip, text.split("\n"))):
        if line.startswith("## "):
            lead = line
        elif found := _LABELLED.fullmatch(line):
            label, said = found.groups()
            yield f"- {label}: " if label else "- ", _cited(said)
        else:
            for one in split(line):
                yield lead, _cited(one)
                lead = " "
            lead = "\n\n"


def _cited(text: str) -> dict[str, Any]:
    bare, numbers = cited(text)
    return {"text": bare, "citations": numbers}


def _blocks(parts: Iterator[tuple[str, dict[str, Any]]]) -> list[dict[str, Any]]:
    """Paragraphs, headings and lists, which is all that these texts were made of."""
    blocks: list[dict[str, Any]] = []
    for lead, sentence in parts:
        if heading := _HEADING.fullmatch(lead):
            blocks.append({"kind": "section", "title": heading[1], "sentences": []})
        elif line := _LINE.fullmatch(lead):
            sentence["label"] = line[1] or ""
            if not blocks or blocks[-1]["kind"] != "points":
                blocks.append({"kind": "points", "sentences": []})
        elif not blocks or blocks[-1]["kind"] == "points" or "\n" in lead:
            blocks.append({"kind": "prose", "sentences": []})
        blocks[-1]["sentences"].append(sentence)
    return blocks
