"""A language model in several processes, which write as many answers at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from workbench import LLM

from rag.models import writers
from rag.models.catalog import find
from rag.models.llm import LanguageModel
from rag.models.workers import Workers
from rag.models.writer import Message
from rag.settings import load_settings

MESSAGES = [{"role": "user", "content": "Write about stars."}]


class Named:
    """A writer that writes its name as often as it is asked to."""

    context, places = 4096, 1
    model = find(LLM, "llm")

    def __init__(self, name: str) -> None:
        self.name = name
        self.resting: str | None = None
        self.closed = False

    def wait(self) -> None:
        """It is always ready."""

    def size(self, messages: Sequence[Message]) -> int:
        """One token a message."""
        return len(messages)

    def stream(
        self,
        messages: Sequence[Message],
        max_tokens: int,
        temperature: float = 0.0,
        stop: threading.Event | None = None,
    ) -> Iterator[str]:
        """Its name."""
        yield from [self.name] * max_tokens

    def close(self) -> None:
        """It notes that."""
        self.closed = True


def test_each_reply_goes_to_a_writer_that_is_busy_with_the_fewest() -> None:
    workers = Workers([Named("a"), Named("b"), Named("c")])
    assert workers.places == 3
    streams = [workers.stream(MESSAGES, 2) for _ in range(6)]
    assert sorted(next(stream) for stream in streams) == ["a", "a", "b", "b", "c", "c"]
    first = set(streams[0])
    assert {next(workers.stream(MESSAGES, 2))} == first


def test_a_writer_that_rests_is_left_out_until_all_do() -> None:
    a, b = Named("a"), Named("b")
    workers = Workers([a, b])
    a.resting = "A rests"
    assert workers.resting is None
    assert workers.places == 1
    assert {next(workers.stream(MESSAGES, 2)) for _ in range(3)} == {"b"}
    b.resting = "B rests"
    assert workers.resting == "A rests"
    assert workers.places == 1


def test_the_setting_runs_the_model_in_so_many_processes_at_the_same_time(models: Path, tmp_path: Path) -> None:
    (tmp_path / "models").symlink_to(models)
    model = replace(find(LLM, "llm"), writes="prose")
    workers = writers.load(load_settings(home=tmp_path, offline=True, workers=2, threads=2), model)
    assert isinstance(workers, Workers)
    workers.wait()
    both = [one for one in workers._writers if isinstance(one, LanguageModel)]
    assert len({one._process.pid for one in both}) == 2
    streams = [workers.stream(MESSAGES, 16) for _ in range(2)]
    assert all(next(stream) for stream in streams)
    assert workers._busy == [1, 1]
    assert "".join(streams[0]) == "".join(streams[1])
    workers.close()


def test_a_model_that_only_quotes_runs_once(models: Path, tmp_path: Path) -> None:
    (tmp_path / "models").symlink_to(models)
    only = writers.load(load_settings(home=tmp_path, offline=True, workers=4), find(LLM, "llm"))
    assert isinstance(only, LanguageModel)
