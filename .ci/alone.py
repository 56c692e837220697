"""Runs a command while no other runs so in this checkout: two shells may set it up at once, and one waits.

    python .ci/alone.py COMMAND [ARGUMENT ...]

The lock ends with the command and whatever it started, however they end.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sys


def main(command: list[str]) -> None:
    """Wait for the turn of a command, and become it."""
    lock = os.open(__file__, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print("set-up: Another set-up of this checkout is under way: this one waits.", file=sys.stderr, flush=True)
        with contextlib.suppress(OSError):
            fcntl.flock(lock, fcntl.LOCK_EX)
    except OSError:  # a file system without locks
        pass
    os.set_inheritable(lock, True)
    os.execvp(command[0], command)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit(130)
