"""The file in which the command line keeps a conversation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rag.errors import UsageError
from rag.papers import Paper
from rag.question.conversation import Conversation, Point, Turn
from rag.storage import write_json
from rag.text.citations import cited
from rag.text.sentences import split


def as_record(conversation: Conversation) -> dict[str, Any]:
    """JSON-ready; :func:`conversation_of_record` is its inverse."""
    return {
        "turns": [
            {
                "question": turn.question,
                "query": turn.query,
                "points": [{"text": point.text, "citations": list(point.citations)} for point in turn.points],
                "cited": {str(n): paper.as_record() for n, paper in turn.cited.items()},
            }
            for turn in conversation.turns
        ]
    }


def conversation_of_record(record: dict[str, Any]) -> Conversation:
    """Rebuild a conversation; KeyError, TypeError or ValueError when the record is none."""
    return Conversation(
        tuple(
            Turn(
                turn["question"],
                _points(turn),
                {int(n): Paper.from_record(paper) for n, paper in turn["cited"].items()},
                str(turn.get("query", "")),
            )
            for turn in record["turns"]
        )
    )


def _points(turn: dict[str, Any]) -> tuple[Point, ...]:
    """What was said; older files hold it as one text with [n] in it."""
    if "points" in turn:
        return tuple(Point(point["text"], tuple(point["citations"])) for point in turn["points"])
    return tuple(Point(*cited(sentence)) for sentence in split(turn["answer"]))


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
    write_json(path, as_record(conversation), private=True)
