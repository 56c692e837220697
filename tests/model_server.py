"""A model server on loopback that speaks OpenAI's protocol as well, or as badly, as a test tells it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from typing import Any

from loopback import Loopback

Reply = Callable[["Exchange"], None]


class Exchange(BaseHTTPRequestHandler):
    """A request, and the ways to reply to it."""

    protocol_version = "HTTP/1.1"
    body: dict[str, Any]
    server: _Server  # type: ignore[assignment]

    def do_GET(self) -> None:
        """What it serves; and of what else it knows to tell, that."""
        told = self.server.model_server
        told.asked.append((self.path, dict(self.headers), None))
        if told.key and self.headers["Authorization"] != f"Bearer {told.key}":
            self.refuse(401, f"Incorrect API key provided: {self.headers['Authorization'][7:]}")
        elif self.path == "/v1/models" and told.models is not None:
            self.tell({"object": "list", "data": [dict(one) for one in told.models]})
        elif self.path in told.pages:
            self.tell(told.pages[self.path])
        else:
            self.refuse(404, "Not Found")

    def do_POST(self) -> None:
        """Reply as the test says."""
        told = self.server.model_server
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        told.asked.append((self.path, dict(self.headers), body))
        self.body = body
        try:
            if told.key and self.headers["Authorization"] != f"Bearer {told.key}":
                self.refuse(401, f"Incorrect API key provided: {self.headers['Authorization'][7:]}")
            else:
                told.reply(self)
        except ConnectionError:
            told.left.set()
            self.close_connection = True

    def tell(self, value: Any, status: int = 200) -> None:
        """Reply with JSON."""
        self.send(json.dumps(value).encode(), status, "application/json")

    def refuse(self, status: int, message: str) -> None:
        """Reply with an error, in OpenAI's form."""
        self.tell({"error": {"message": message, "type": "error", "code": None}}, status)

    def send(self, body: bytes, status: int = 200, kind: str = "text/html", **headers: str) -> None:
        """Reply with anything."""
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def begin(self) -> None:
        """Begin a stream of events."""
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def event(self, data: str) -> None:
        """One event of a stream, whatever its text."""
        line = f"data: {data}\n\n".encode()
        self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
        self.wfile.flush()

    def piece(self, delta: dict[str, str], reason: str | None = None) -> None:
        """One event with a piece of a reply."""
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        self.event(json.dumps({"id": "1", "object": "chat.completion.chunk", "choices": [choice]}))

    def end(self) -> None:
        """End a stream as it should end."""
        self.event("[DONE]")
        self.wfile.write(b"0\r\n\r\n")

    def cut(self) -> None:
        """Break the connection off."""
        self.close_connection = True

    def until_left(self) -> None:
        """Say nothing until whoever asked is gone, or the server ends."""
        self.connection.settimeout(0.05)
        while not self.server.model_server.closing.is_set():
            try:
                if not self.connection.recv(1):
                    raise ConnectionError
            except TimeoutError:
                continue

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


class _Server(ThreadingHTTPServer):
    model_server: ModelServer
    daemon_threads = True
    block_on_close = False


class ModelServer(Loopback):
    """It serves ``models``, None for a server without a list of them, and ``pages`` of its own.

    ``asked`` holds path, headers and body of every request; ``left`` is set when somebody goes away before the end.
    """

    def __init__(
        self,
        reply: Reply,
        models: Sequence[dict[str, Any]] | None = ({"id": "tiny"},),
        key: str = "",
        pages: dict[str, Any] | None = None,
    ) -> None:
        self.reply, self.models, self.key, self.pages = reply, models, key, pages or {}
        self.asked: list[tuple[str, dict[str, str], Any]] = []
        self.left = threading.Event()

    def server(self) -> HTTPServer:
        """The server to run."""
        server = _Server(("127.0.0.1", 0), Exchange)
        server.model_server = self
        return server

    @property
    def address(self) -> str:
        """What ``--llm`` is given."""
        return f"{self.url}/v1"

    @property
    def replies(self) -> int:
        """How many replies it was asked for."""
        return sum(body is not None for _, _, body in self.asked)


def says(*pieces: str, reason: str = "stop") -> Reply:
    """A reply in these pieces."""

    def reply(exchange: Exchange) -> None:
        exchange.begin()
        exchange.piece({"role": "assistant", "content": ""})
        for piece in pieces:
            exchange.piece({"content": piece})
        exchange.piece({}, reason)
        exchange.end()

    return reply


def embeds(vectors: Callable[[list[str]], Sequence[Sequence[float]]], longest: int = 10_000) -> Reply:
    """Vectors, in some other order than that of the texts; texts of more characters than ``longest`` are refused."""

    def reply(exchange: Exchange) -> None:
        texts = exchange.body["input"]
        if any(len(text) > longest for text in texts):
            exchange.refuse(400, "This model's maximum context length is exceeded.")
            return
        data = [
            {"object": "embedding", "index": n, "embedding": [float(x) for x in vector]}
            for n, vector in enumerate(vectors(texts))
        ]
        exchange.tell({"object": "list", "model": "tiny", "data": data[::-1], "usage": {}})

    return reply


def refuses(status: int, message: str) -> Reply:
    """An error instead of a reply."""
    return lambda exchange: exchange.refuse(status, message)


def hangs(exchange: Exchange) -> None:
    """Never a word."""
    exchange.until_left()


def hangs_in_the_middle(exchange: Exchange) -> None:
    """A word, and then none."""
    exchange.begin()
    exchange.piece({"content": "Stars "})
    exchange.until_left()


def keeps_awake(exchange: Exchange) -> None:
    """Signs that the connection lives, for ever, and never a word."""
    exchange.begin()
    while not exchange.server.model_server.closing.wait(0.02):
        exchange.event(json.dumps({"id": "1", "object": "chat.completion.chunk", "choices": []}))


def never_ends(exchange: Exchange) -> None:
    """Words for ever."""
    exchange.begin()
    while not exchange.server.model_server.closing.wait(0.005):
        exchange.piece({"content": "star "})


def breaks_off(exchange: Exchange) -> None:
    """The connection ends in the middle of a reply."""
    exchange.begin()
    exchange.piece({"content": "Stars "})
    exchange.cut()


def ends_without_a_reason(exchange: Exchange) -> None:
    """The stream ends as it should, but the reply doesn't."""
    exchange.begin()
    exchange.piece({"content": "Stars "})
    exchange.end()


def talks_nonsense(exchange: Exchange) -> None:
    """Events that are no JSON."""
    exchange.begin()
    exchange.event("<<<not json>>>")
    exchange.end()


def shows_a_page(exchange: Exchange) -> None:
    """Some other service's page."""
    exchange.send(b"<html><body>Welcome to the router.</body></html>")


def means_something_else(exchange: Exchange) -> None:
    """JSON, but not of this protocol."""
    exchange.begin()
    for data in ('{"choices": "none"}', "[1, 2, 3]", '{"choices": [{"delta": {"content": 7}}]}'):
        exchange.event(data)
    exchange.end()


def fails_on_the_way(exchange: Exchange) -> None:
    """An error as an event of the stream, as vLLM and llama.cpp tell of one."""
    exchange.begin()
    exchange.piece({"content": "Stars "})
    exchange.event(json.dumps({"error": {"message": "CUDA error: out of memory", "code": 500}}))
    exchange.end()


def only_thinks(exchange: Exchange) -> None:
    """Thoughts until its tokens are used up."""
    exchange.begin()
    for _ in range(8):
        exchange.piece({"reasoning_content": "hm "})
    exchange.piece({}, "length")
    exchange.end()
