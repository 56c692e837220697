"""Addresses of model servers as people give them: ``http://gpu1:8000/v1#model``, several with commas between them."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from rag.errors import UsageError

STARTS = ("http://", "https://")
_EXAMPLE = "name it like http://gpu1:8000/v1, with #model where it serves several"


@dataclass(frozen=True, slots=True)
class Address:
    """The root of a server's OpenAI-compatible interface, and what a model is called there (None: its only one)."""

    url: str
    model: str | None = None

    @property
    def place(self) -> str:
        """Host and port, for people."""
        return urlsplit(self.url).netloc

    @property
    def root(self) -> str:
        """The address without the interface's own path, below which servers say more about themselves."""
        return self.url.removesuffix("/v1")

    @property
    def on_loopback(self) -> bool:
        """Whether the server is on this very machine, as far as that can be told without asking the network."""
        host = urlsplit(self.url).hostname or ""
        try:
            return ipaddress.ip_address(host).is_loopback
        except ValueError:
            return host == "localhost" or host.endswith(".localhost")

    def __str__(self) -> str:
        return f"{self.url}#{self.model}" if self.model else self.url


def is_address(text: str) -> bool:
    """Whether a model's name is the address of a server."""
    return text.lower().startswith(STARTS)


def read_addresses(text: str) -> tuple[Address, ...]:
    """The addresses in a text; those without a model serve the one that is named last.

    Raises UsageError when one is no address, or holds a password, which others on the machine could read.

    >>> [str(address) for address in read_addresses("http://gpu1:8000,http://gpu2:8000/v1/#qwen")]
    ['http://gpu1:8000/v1#qwen', 'http://gpu2:8000/v1#qwen']
    """
    found = [_address(part.strip()) for part in re.split(r",(?=\s*https?://)", text, flags=re.IGNORECASE)]
    named = next((address.model for address in reversed(found) if address.model), None)
    return tuple(Address(address.url, address.model or named) for address in found)


def refuse_offline(addresses: Iterable[Address], offline: bool) -> None:
    """Raise UsageError when a server is elsewhere and the network is not to be touched."""
    elsewhere = [address.place for address in addresses if not address.on_loopback]
    if offline and elsewhere:
        raise UsageError(
            f"The model server {elsewhere[0]} is not on this machine, and with --offline the network is never "
            "touched: leave that out, or name a model that is here."
        )


def _address(text: str) -> Address:
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host or re.search(r"[\s,]", text):
        raise UsageError(f"{text.partition('@')[2] or text!r} is no address of a model server: {_EXAMPLE}.")
    if "@" in parts.netloc:
        raise UsageError(
            f"The address of the model server {host} holds a name or password, which others on this machine could "
            "read: leave it out and set SIDEREUS_LLM_KEY."
        )
    if parts.query:
        raise UsageError(f"The address of the model server {host} ends with a question: {_EXAMPLE}.")
    place = f"[{host}]" if ":" in host else host
    path = parts.path.rstrip("/") or "/v1"
    return Address(f"{parts.scheme.lower()}://{place}{f':{port}' if port else ''}{path}", parts.fragment or None)
