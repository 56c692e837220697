"""The door of the page: which requests come in at all, whatever the application behind it would do with them.

Gradio serves much that this page never asks for, and takes a file for uploaded wherever a request says so. Here only
what the page itself asks for comes in, and a file only when it lies in the folder that uploads are put into.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, MutableMapping
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ui.web.logins import Logins
from ui.web.origins import Names
from ui.web.server import App, Receive, Scope, Send

LONGEST = 1 << 20  # bytes of a request; a question has 2,000 characters, a selection a few thousand identifiers
LARGEST = 1 << 30  # bytes of an upload
UPLOAD, LOGIN = "/gradio_api/upload", "/login"
_READ = re.compile(
    r"/|/(?:config|theme\.css|favicon\.ico|manifest\.json|robots\.txt|login|logout)/?|/(?:assets|static|svelte)/.+"
    r"|/gradio_api/(?:(?:queue/data|upload_progress|startup-events|info|user|login_check|app_id)/?|heartbeat/[\w-]+)"
)
_WRITTEN = re.compile(rf"{LOGIN}/?|{UPLOAD}/?|/gradio_api/(?:queue/join|run/predict|cancel|reset)/?")


class Refused(Exception):
    """A request that does not come in: the status to answer with, and one sentence that says why."""

    def __init__(self, status: HTTPStatus, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


class Door:
    """Lets in what the page asks for. ``uploads`` is the folder that Gradio puts uploaded files into."""

    def __init__(self, app: App, names: Names, uploads: Path) -> None:
        self._app = app
        self._names = names
        self._uploads = uploads.resolve()
        self._logins = Logins()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        try:
            scope, receive = await self._admitted(scope, receive)
        except Refused as refused:
            await _answer(send, refused)
        else:
            await self._app(scope, receive, self._watched(scope, send))

    def _watched(self, scope: Scope, send: Send) -> Send:
        """What notes wrong logins as they are answered."""
        if not scope["path"].startswith(LOGIN):
            return send

        async def watch(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start" and message["status"] == HTTPStatus.BAD_REQUEST:
                self._logins.was_wrong(_address(scope))
            await send(message)

        return watch

    async def _admitted(self, scope: Scope, receive: Receive) -> tuple[Scope, Receive]:
        """The request as it is passed on."""
        self._check_sender(scope)
        reads = scope["type"] == "http" and scope["method"] in ("GET", "HEAD")
        writes = scope["type"] == "http" and scope["method"] == "POST"
        if not (reads and _READ.fullmatch(scope["path"])) and not (writes and _WRITTEN.fullmatch(scope["path"])):
            raise Refused(HTTPStatus.NOT_FOUND, "There is nothing at this address.")
        if reads:
            return scope, receive
        if scope["path"].startswith(UPLOAD):
            _check_size(_header(scope, b"content-length"))
            return scope, receive
        if scope["path"].startswith(LOGIN) and (wait := self._logins.wait(_address(scope))):
            raise Refused(HTTPStatus.TOO_MANY_REQUESTS, f"Too many wrong logins: try again in {wait} seconds.")
        body = await _read(receive)
        if not scope["path"].startswith(LOGIN):
            body = self._checked(body, _header(scope, b"host"))
        headers = [(name, value) for name, value in scope["headers"] if name != b"content-length"]
        headers.append((b"content-length", str(len(body)).encode()))
        return {**scope, "headers": headers}, _replayed(body, receive)

    def _check_sender(self, scope: Scope) -> None:
        """Refuse what was meant for another name than this machine's, or sent by a page elsewhere."""
        host, origin, site = (_header(scope, name) for name in (b"host", b"origin", b"sec-fetch-site"))
        if not self._names.meant(host):
            raise Refused(
                HTTPStatus.MISDIRECTED_REQUEST,
                "This page is not known by that name: open it at the address that Sidereus printed, "
                "or give the name with the setting 'names'.",
            )
        # Another site may link to the page, and do nothing else with it.
        linked = scope["path"] == "/" and _header(scope, b"sec-fetch-mode") == "navigate"
        foreign = not self._names.ours(origin, host) if origin else site in ("cross-site", "same-site") and not linked
        if foreign:
            raise Refused(HTTPStatus.FORBIDDEN, "Pages of other addresses may not use this one.")

    def _checked(self, body: bytes, host: str) -> bytes:
        """The message written anew, so that what was looked at is what is passed on."""
        try:
            message = json.loads(body)
            for record in _records(message):
                self._check_file(record, host)
            return json.dumps(message).encode()
        except (ValueError, RecursionError):
            raise Refused(HTTPStatus.BAD_REQUEST, "This is no message of the page.") from None

    def _check_file(self, record: dict[str, Any], host: str) -> None:
        """Refuse a record that names a file that was not uploaded, or something to fetch from elsewhere."""
        path, url = record.get("path"), record.get("url")
        foreign = url is not None and not (isinstance(url, str) and urlsplit(url).netloc in ("", host))
        if foreign or (path is not None and not self._uploaded(path)):
            raise Refused(HTTPStatus.FORBIDDEN, "Only files that were uploaded to this page can be used.")

    def _uploaded(self, path: object) -> bool:
        if not isinstance(path, str) or "://" in path:
            return False
        return Path(path).is_absolute() and Path(path).resolve().is_relative_to(self._uploads)


def _records(message: object) -> Iterator[dict[str, Any]]:
    """Every record in a message, however deep."""
    left = [message]
    while left:
        value = left.pop()
        if isinstance(value, dict):
            yield value
            left.extend(value.values())
        elif isinstance(value, list):
            left.extend(value)


def _address(scope: Scope) -> str:
    return str((scope.get("client") or ("",))[0])


def _header(scope: Scope, name: bytes) -> str:
    return next((value.decode("latin-1") for known, value in scope["headers"] if known == name), "")


def _check_size(length: str) -> None:
    """Refuse an upload that is too large, or does not say how large it is."""
    if not length.isdecimal():
        raise Refused(HTTPStatus.LENGTH_REQUIRED, "An upload has to say how large it is.")
    if int(length) > LARGEST:
        raise Refused(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            "The page takes files of up to 1 GB: add a larger one with 'sidereus index add'.",
        )


async def _read(receive: Receive) -> bytes:
    """The whole body of a request."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise Refused(HTTPStatus.BAD_REQUEST, "The request ended early.")
        body += message.get("body", b"")
        if len(body) > LONGEST:
            raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "This is more than the page ever sends.")
        if not message.get("more_body", False):
            return bytes(body)


def _replayed(body: bytes, receive: Receive) -> Receive:
    """What gives a body that was read already, and then whatever else comes."""
    first = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Any:
        return first.pop() if first else await receive()

    return replay


async def _answer(send: Send, refused: Refused) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8")]
    await send({"type": "http.response.start", "status": int(refused.status), "headers": headers})
    await send({"type": "http.response.body", "body": f"{refused}\n".encode()})
