"""A hub on the loopback interface: as much of Hugging Face's HTTP as the real huggingface_hub uses.

    with HubServer({"org/model": folder}) as hub:
        os.environ["HF_ENDPOINT"] = hub.url

Its public attributes are switches that make it misbehave; ``hub.requests`` is what was asked of it.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from loopback import Loopback

COMMIT = "5" * 40
CHUNK = 1 << 20


@dataclass(frozen=True)
class Request:
    """One request: its method, its path, and its Range header ("" when it has none)."""

    method: str
    path: str
    range: str


@dataclass
class HubServer(Loopback):
    """Serves folders as repositories; ``*.safetensors`` and ``*.gguf`` count as kept in LFS."""

    repos: dict[str, Path]
    cut_once_after: int | None = None  # close the connection after so many bytes of a body, once
    stall_once_after: int | None = None  # send nothing more after so many bytes of a body, once
    truncated: set[str] = field(default_factory=set)  # files of which only the first half is given as the whole
    corrupted: set[str] = field(default_factory=set)  # files whose last byte is another one
    gated: set[str] = field(default_factory=set)  # repositories whose files are refused
    requests: list[Request] = field(default_factory=list)

    def server(self) -> HTTPServer:
        """One that answers as the hub does; its address is what HF_ENDPOINT has to be."""
        return ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))

    def asked_for(self, name: str) -> list[Request]:
        """The downloads of a file, in order."""
        return [r for r in self.requests if r.method == "GET" and r.path.endswith(f"/{name}")]


def _handler(hub: HubServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: Any) -> None:
            """Keep quiet: the requests are in ``hub.requests``."""

        def do_HEAD(self) -> None:
            self.answer()

        def do_GET(self) -> None:
            self.answer()

        def answer(self) -> None:
            path = unquote(urlsplit(self.path).path)
            hub.requests.append(Request(self.command, path, self.headers.get("Range", "")))
            info = re.fullmatch(r"/api/models/([^/]+/[^/]+)(?:/revision/.+)?", path)
            file = re.fullmatch(r"/([^/]+/[^/]+)/resolve/[^/]+/(.+)", path)
            if path == "/":
                self.reply(200)
            elif info and info[1] in hub.repos:
                self.reply(200, json.dumps(_info(info[1], hub.repos[info[1]])).encode())
            elif file and file[1] in hub.gated:
                self.reply(401, error="GatedRepo")
            elif file and (hub.repos.get(file[1], Path()) / file[2]).is_file():
                self.send_file(hub.repos[file[1]] / file[2], file[2])
            else:
                self.reply(404, error="EntryNotFound" if file and file[1] in hub.repos else "RepoNotFound")

        def reply(self, status: int, body: bytes = b"", error: str = "") -> None:
            self.send_response(status)
            if error:
                self.send_header("X-Error-Code", error)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def send_file(self, path: Path, name: str) -> None:
            content = _content(path, name, hub)
            start = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").split("-")[0])
            if start and start >= len(content):
                return self.reply(416)
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
            self.send_header("Content-Length", str(len(content) - start))
            self.send_header("Accept-Ranges", "bytes")
            self.send_header("ETag", f'"{_digest(path)}"')
            self.send_header("X-Repo-Commit", COMMIT)
            if _in_lfs(path):
                self.send_header("X-Linked-ETag", f'"{_digest(path)}"')
                self.send_header("X-Linked-Size", str(path.stat().st_size))
            self.end_headers()
            if self.command == "GET":
                self.send_body(content, start)
            return None

        def send_body(self, content: memoryview, start: int) -> None:
            sent = 0
            for at in range(start, len(content), CHUNK):
                if hub.cut_once_after is not None and sent >= hub.cut_once_after:
                    hub.cut_once_after, self.close_connection = None, True
                    return
                if hub.stall_once_after is not None and sent >= hub.stall_once_after:
                    hub.stall_once_after, self.close_connection = None, True
                    hub.closing.wait()
                    return
                try:
                    self.wfile.write(content[at : at + CHUNK])
                except OSError:  # the client went away
                    self.close_connection = True
                    return
                sent += CHUNK

    return Handler


def _info(repo: str, folder: Path) -> dict[str, Any]:
    """The answer to ``model_info(repo, files_metadata=True)``."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {"id": repo, "sha": COMMIT, "private": False, "siblings": [_sibling(path, folder) for path in files]}


def _sibling(path: Path, folder: Path) -> dict[str, Any]:
    size = path.stat().st_size
    facts = {"rfilename": path.relative_to(folder).as_posix(), "size": size, "blobId": _git_sha1(path)}
    lfs = {"sha256": _digest(path), "size": size, "pointerSize": 134}
    return facts | {"lfs": lfs} if _in_lfs(path) else facts


def _content(path: Path, name: str, hub: HubServer) -> memoryview:
    content = path.read_bytes()
    if name in hub.corrupted:
        content = content[:-1] + bytes([content[-1] ^ 1])
    return memoryview(content)[: len(content) // 2] if name in hub.truncated else memoryview(content)


def _in_lfs(path: Path) -> bool:
    return path.suffix in (".safetensors", ".gguf")


@cache
def _digest(path: Path) -> str:
    """The ETag: the SHA-256 of a file in LFS, else git's name for the blob."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if _in_lfs(path) else _git_sha1(path)


@cache
def _git_sha1(path: Path) -> str:
    content = path.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
