"""The real application, served for a benchmark or a picture from a home of its own."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rag.settings import load_settings

SIDEREUS = (sys.executable, str(Path(sysconfig.get_path("scripts")) / "sidereus"))


@dataclass(frozen=True, slots=True)
class Application:
    """A page that is served: where, from which home, and by which process."""

    address: str
    home: Path
    process: subprocess.Popen[bytes]


@contextlib.contextmanager
def served(*flags: str) -> Iterator[str]:
    """The address of ``sidereus chat``, once it answers, in a temporary home with links to the models and indexes."""
    with running(*flags) as application:
        yield application.address


@contextlib.contextmanager
def running(*flags: str, command: Sequence[str] = SIDEREUS) -> Iterator[Application]:
    """The same with all that there is to know of it; ``command`` is what is run as ``sidereus``."""
    with (
        tempfile.TemporaryDirectory(prefix="sidereus-page-") as folder,
        socket.create_server(("127.0.0.1", 0)) as probe,
    ):
        home, port = Path(folder), probe.getsockname()[1]
        probe.close()
        for name in ("models", "indexes"):
            (home / name).symlink_to(getattr(load_settings(), name).resolve())
        environment = os.environ | {"SIDEREUS_HOME": str(home), "SIDEREUS_OFFLINE": "1"}
        arguments = [*command, "chat", "--no-browser", "--port", str(port), *flags]
        process = subprocess.Popen(arguments, env=environment, stdout=subprocess.DEVNULL)
        try:
            address = f"http://127.0.0.1:{port}"
            _wait(address)
            yield Application(address, home, process)
        finally:
            process.terminate()
            process.wait()


def _wait(address: str) -> None:
    for _ in range(600):
        with contextlib.suppress(OSError):
            urllib.request.urlopen(address, timeout=5).close()
            return
        time.sleep(0.1)
    raise SystemExit(f"Nothing answers at {address}.")
