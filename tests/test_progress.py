"""The progress line: a share, a count, a rate and the time left, on the error stream."""

from __future__ import annotations

import sys

import pytest

from rag.progress import ProgressLine, clock


@pytest.fixture
def time_now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that the test moves."""
    now = [100.0]
    monkeypatch.setattr("rag.progress.time.monotonic", lambda: now[0])
    return now


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "0:00"), (9.6, "0:10"), (61, "1:01"), (3599, "59:59"), (3600, "1:00:00"), (90061, "25:01:01")],
)
def test_seconds_are_shown_as_a_clock(seconds: float, shown: str) -> None:
    assert clock(seconds) == shown


def test_without_a_terminal_a_line_is_printed_now_and_then(
    time_now: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    line = ProgressLine("Indexing", "papers", interval=10)
    line(0, 0.0)
    for _ in range(4):
        time_now[0] += 5
        line(int(time_now[0] - 100) * 50, (time_now[0] - 100) / 100)
    line.close()
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "Indexing   10%  500 papers  50/s  1:30 left",
        "Indexing   20%  1,000 papers  50/s  1:20 left",
    ]


def test_the_end_is_always_shown(time_now: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    line = ProgressLine("Indexing", "papers")
    line(0, 0.0)
    time_now[0] += 2
    line(100, 1.0)
    assert capsys.readouterr().err == "Indexing  100%  100 papers  50/s  0:00 left\n"


def test_what_an_interrupted_build_had_done_does_not_count_into_the_rate(
    time_now: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    line = ProgressLine("Indexing", "papers")
    line(10_000, 0.5)
    time_now[0] += 10
    line(10_100, 0.6)
    assert capsys.readouterr().err == "Indexing   60%  10,100 papers  10/s  0:40 left\n"


def test_a_stage_begins_a_line_and_an_estimate_of_its_own(
    time_now: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    line = ProgressLine("Indexing", "papers")
    line(0, 0.0)
    time_now[0] += 100
    line(100, 1.0)
    line(0, 0.0, "Assembling")
    time_now[0] += 10
    line(50, 0.25, "Assembling")
    assert capsys.readouterr().err.splitlines() == [
        "Indexing  100%  100 papers  1/s  0:00 left",
        "Assembling   25%  50 papers  5/s  0:30 left",
    ]


def test_on_a_terminal_one_line_is_drawn_again(
    time_now: list[float], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    line = ProgressLine("Indexing", "papers")
    line(0, 0.0)
    time_now[0] += 1
    line(10, 0.1)
    line.close()
    err = capsys.readouterr().err
    assert err.startswith("\r\x1b[KIndexing   10%  10 papers")
    assert err.endswith("\n")
    assert err.count("\n") == 1
