"""A server on loopback for as long as a ``with`` statement lasts."""

from __future__ import annotations

import threading
from http.server import HTTPServer
from typing import Self


class Loopback:
    """What the made-up servers share: starting, stopping, and their address.

    ``closing`` is set when the server ends, for requests that were left waiting.
    """

    closing: threading.Event
    _server: HTTPServer

    def server(self) -> HTTPServer:
        """The server to run, on a free port."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        self.closing = threading.Event()
        self._server = self.server()
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        """The server's address."""
        return f"http://127.0.0.1:{self._server.server_port}"
