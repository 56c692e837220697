"""A conversation: its earlier turns, as far as later ones need them, and the file it is kept in."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rag.answers.answer import Answer
from rag.errors import UsageError
from rag.papers import Paper
from rag.storage import write_json


@dataclass(frozen=True, slots=True)
class Turn:
    """A question, the text of its answer and the papers it cited, by number.

    ``query`` is the question made self-contained, "" when it was so already.
    """

    question: str
    answer: str
    cited: dict[int, Paper]
    query: str = ""


@dataclass(frozen=True, slots=True)
class Conversation:
    """Earlier turns, oldest first. Numbers stay with their papers through the whole conversation."""

    turns: tuple[Turn, ...] = ()

    @property
    def numbers(self) -> dict[str, int]:
        """The number of each paper cited so far, by its id."""
        return {paper.id: n for turn in self.turns for n, paper in turn.cited.items()}

    def with_turn(self, answer: Answer) -> Conversation:
        """The conversation after one more answer."""
        cited = {citation.n: citation.paper for citation in answer.citations}
        query = answer.query if answer.query != answer.question else ""
        return replace(self, turns=(*self.turns, Turn(answer.question, answer.text, cited, query)))

    def as_record(self) -> dict[str, Any]:
        """JSON-ready; :func:`conversation_of_record` is its inverse."""
        return {
            "turns": [
                {
                    "question": turn.question,
                    "query": turn.query,
                    "answer": turn.answer,
                    "cited": {str(n): paper.as_record() for n, paper in turn.cited.items()},
                }
                for turn in self.turns
            ]
        }


def conversation_of_record(record: dict[str, Any]) -> Conversation:
    """Rebuild a conversation; KeyError, TypeError or ValueError when the record is none."""
    return Conversation(
        tuple(
            Turn(
                turn["question"],
                turn["answer"],
                {int(n): Paper.from_record(paper) for n, paper in turn["cited"].items()},
                str(turn.get("query", "")),
            )
            for turn in record["turns"]
        )
    )


def read_conversation(path: Path) -> Conversation:
    """The conversation kept in a file, or an empty one when there is no file yet.

    Raises UsageError when the file holds something else.
    """
    if not path.exists():
        return Conversation()
    try:
        return conversation_of_record(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UsageError(f"{path} holds no conversation of Sidereus: name another file for --conversation.") from None


def write_conversation(path: Path, conversation: Conversation) -> None:
    """Keep a conversation in a file that only its owner can read."""
    write_json(path, conversation.as_record(), private=True)
