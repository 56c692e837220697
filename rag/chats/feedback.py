"""What people thought of answers: one line of JSON for each verdict, in a private file on this machine."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from rag.answers import render
from rag.chats.conversations import Entry, Kept, Vote
from rag.errors import SidereusError
from rag.settings import Settings

FILE = "feedback.jsonl"


@dataclass(frozen=True, slots=True)
class Feedback:
    """A verdict on an answer, with as much of the answer as one needs to look into it."""

    entry: str
    vote: Vote
    note: str
    question: str
    answer: str
    papers: tuple[str, ...]
    index: str
    embedding: str
    llm: str
    conversation: str
    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def as_record(self) -> dict[str, Any]:
        """The verdict as ``sidereus feedback --json`` prints it."""
        record: dict[str, Any] = _LINE.dump_python(self, mode="json")
        return record


_LINE = TypeAdapter(Feedback)


def feedback_on(kept: Kept, entry: Entry, vote: Vote, note: str) -> Feedback:
    """A verdict on an entry of a conversation."""
    answer = entry.answer
    return Feedback(
        entry.id,
        vote,
        note.strip(),
        entry.question,
        render.text(answer.blocks if answer else entry.said),
        tuple(citation.paper.id for citation in answer.citations) if answer else (),
        kept.index,
        answer.embedding if answer else "",
        answer.llm if answer else "",
        kept.id,
    )


def add(settings: Settings, feedback: Feedback) -> None:
    """Append a verdict. Raises SidereusError when it can't be written."""
    line = _LINE.dump_json(feedback) + b"\n"
    try:
        settings.state.mkdir(parents=True, exist_ok=True)
        file = os.open(settings.state / FILE, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            before = os.fstat(file).st_size
            if os.write(file, line) < len(line):
                os.ftruncate(file, before)  # half a verdict would spoil the next one too
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(file)
        finally:
            os.close(file)
    except OSError as error:
        raise SidereusError(f"The verdict could not be kept ({(error.strerror or str(error)).lower()}).") from None


def read(settings: Settings) -> list[Feedback]:
    """The last verdict on each answer, oldest first; lines that hold none are passed over."""
    latest: dict[str, Feedback] = {}
    for feedback in _lines(settings.state / FILE):
        latest.pop(feedback.entry, None)
        latest[feedback.entry] = feedback
    return list(latest.values())


def _lines(path: Path) -> Iterator[Feedback]:
    if not path.is_file():
        return
    with path.open("rb") as file:
        for line in file:
            try:
                yield _LINE.validate_json(line)
            except ValidationError:
                continue
