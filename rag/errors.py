"""Errors a user can cause. Each message is one sentence that says what to do."""

from __future__ import annotations

import errno
import sqlite3


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


def of_system(error: OSError) -> SidereusError:
    """What the operating system refused, as a sentence."""
    place = f" ({error.filename})" if error.filename else ""
    if error.errno == errno.ENOSPC:
        return SidereusError(f"The disk is full{place}: free some space and do the same again; nothing was lost.")
    if error.errno in (errno.EACCES, errno.EROFS, errno.EPERM):
        return SidereusError(
            f"Sidereus may not write there{place}: change its permissions, or set SIDEREUS_HOME to another folder."
        )
    return SidereusError(f"The system reports: {error.strerror or error}{place}.")


def of_database(error: sqlite3.OperationalError) -> SidereusError | None:
    """What the operating system refused to a database, as a sentence; None when it was something else."""
    if "full" in str(error):
        return of_system(OSError(errno.ENOSPC, ""))
    if "readonly" in str(error) or "unable to open" in str(error):
        return of_system(OSError(errno.EROFS, ""))
    return None
