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
from collections.abc import Iterator
from pathlib import Path

from rag.settings import load_settings

SIDEREUS = (sys.executable, str(Path(sysconfig.get_path("scripts")) / "sidereus"))


@contextlib.contextmanager
def served(*flags: str) -> Iterator[str]:
    """The address of ``sidereus chat``, once it answers, in a temporary home with links to the models and indexes."""
    with (
        tempfile.TemporaryDirectory(prefix="sidereus-page-") as folder,
        socket.create_server(("127.0.0.1", 0)) as probe,
    ):
        home, port = Path(folder), probe.getsockname()[1]
        probe.close()
        for name in ("models", "indexes"):
            (home / name).symlink_to(getattr(load_settings(), name).resolve())
        environment = os.environ | {"SIDEREUS_HOME": str(home), "SIDEREUS_OFFLINE": "1"}
        command = [*SIDEREUS, "chat", "--no-browser", "--port", str(port), *flags]
        application = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        try:
            address = f"http://127.0.0.1:{port}"
            _wait(address)
            yield address
        finally:
            application.terminate()
            application.wait()


def _wait(address: str) -> None:
    for _ in range(600):
        with contextlib.suppress(OSError):
            urllib.request.urlopen(address, timeout=5).close()
            return
        time.sleep(0.1)
    raise SystemExit(f"Nothing answers at {address}.")
