"""Errors a user can cause. Each message is one sentence that says what to do."""

from __future__ import annotations


class SidereusError(Exception):
    """Something failed for a reason worth telling the user; the command exits with 1."""

    exit_code = 1


class UsageError(SidereusError):
    """The command was asked for something that makes no sense; the command exits with 2."""

    exit_code = 2


class SourceProblem(SidereusError):
    """Papers could not be read from where the user said they are."""


class IndexProblem(SidereusError):
    """Base of everything that can be wrong with an index."""


class ModelProblem(SidereusError):
    """Base of everything that can be wrong with a model's files."""


class ModelLost(SidereusError):
    """The process of the language model ended, or hung and was ended; ``told`` says what happened, without advice."""

    def __init__(self, told: str, advice: str) -> None:
        super().__init__(f"{told}: {advice}.")
        self.told = told
