"""Whether a request was meant for this page: by the name that it was sent to, and by the page that sent it.

A page elsewhere may point a name of its own at this machine, or make a visitor's browser send requests here. The first
shows in the ``Host`` header, the second in ``Origin`` and ``Sec-Fetch-Site``.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from urllib.parse import urlsplit

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class Names:
    """The names that a page is reached by: at home only those of this machine, and any address of it elsewhere."""

    def __init__(self, host: str, others: str = "") -> None:
        self._at_home = host in LOOPBACK
        named = {name.casefold() for name in re.split(r"[,\s]+", others) if name}
        own = set() if self._at_home else {machine := socket.gethostname().casefold(), f"{machine}.local"}
        self._named = frozenset(named)
        self._names = LOOPBACK | self._named | own | {host.casefold()}

    def meant(self, host: str) -> bool:
        """Whether a request with this ``Host`` header was meant for this machine."""
        name = _name(host)
        return name in self._names or (not self._at_home and _is_address(name))

    def ours(self, origin: str, host: str) -> bool:
        """Whether a page with this ``Origin`` is the one that the request is sent to, or of a name that was given."""
        scheme, _, place = origin.partition("://")
        return scheme in ("http", "https") and (place.casefold() == host.casefold() or _name(place) in self._named)


def _name(place: str) -> str:
    """The name in "name:port", in small letters; empty when there is none."""
    try:
        parts = urlsplit(f"//{place}")
        return (parts.hostname or "") if parts.netloc == place and "@" not in place else ""
    except ValueError:
        return ""


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
