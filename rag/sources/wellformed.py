"""XML from outside, read strictly: whole, without entities of its own, and nothing fetched for it."""

from __future__ import annotations

import re
from typing import Any

from lxml import etree

# Characters that XML 1.0 forbids and archives send all the same, as bytes and as references.
FORBIDDEN = bytes({*range(32)} - {9, 10, 13})
REFERENCE = re.compile(rb"&#(?:x0*([0-9a-f]{1,2})|0*([0-9]{1,2}));", re.I)


def without_forbidden(body: bytes) -> bytes:
    """The document without control characters, which would make it unreadable."""
    return REFERENCE.sub(_allowed, body.translate(None, FORBIDDEN))


def parse(body: bytes) -> Any:
    """The root element of a document.

    Raises ValueError when it is not well-formed, or brings a document type, in which a bomb could be hidden.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=False)
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        raise ValueError(f"it is no XML, {error.msg}") from None
    if root.getroottree().docinfo.doctype:
        raise ValueError("it declares a document type")
    return root


def _allowed(match: re.Match[bytes]) -> bytes:
    number = int(match[1], 16) if match[1] else int(match[2])
    return b"" if number in FORBIDDEN else match[0]
