"""Untrusted text made safe for the page: escaped, with its mathematics marked for the renderer.

Whatever a paper or a language model wrote passes through here before it becomes HTML. Mathematics leaves as
``\\(...\\)`` or ``\\[...\\]``, the only delimiters the page renders; every other backslash leaves as an entity,
so nothing else in the page can be taken for a delimiter.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable

MATH_DELIMITERS: list[dict[str, str | bool]] = [
    {"left": r"\(", "right": r"\)", "display": False},
    {"left": r"\[", "right": r"\]", "display": True},
]

_MATH = re.compile(
    r"\$\$(?P<block>.+?)\$\$"
    r"|\\\[(?P<bracket>.+?)\\\]"
    r"|\\\((?P<paren>.+?)\\\)"
    r"|(?<!\\)\$(?P<dollar>(?:[^$\\]|\\.)+?)\$(?!\d)",
    re.DOTALL,
)
_IMAGE_OR_LINK = re.compile(r"!?\[(?P<label>[^\]]*)\]\([^)]*\)")
_TAG = re.compile(
    r"</?(?:script|style|img|svg|iframe|object|embed|form|input|button|video|audio|link|meta|base|html|head|body"
    r"|div|span|table|tr|td|th|ul|ol|li|br|hr|em|strong|sub|sup|code|pre|h[1-6]|a(?=\s+href))\b[^>]*>",
    re.IGNORECASE,
)
_BOLD = re.compile(r"\*\*(?=\S)(.+?)(?<=\S)\*\*")


_TEX_ESCAPE = re.compile(r"\\([%&_$#])")


def escaped(text: str) -> str:
    """Text as HTML shows it literally, in an element or in a quoted attribute."""
    return html.escape(text).replace("\\", "&#92;").replace("\n", "&#10;")


def rich(text: str, between: Callable[[str], str] | None = None) -> str:
    """Text as HTML with its mathematics marked; ``between`` makes what lies outside the mathematics safe."""
    between = between or prose
    pieces, end = [], 0
    for match in _MATH.finditer(text):
        pieces += [between(text[end : match.start()]), _math(match)]
        end = match.end()
    return "".join([*pieces, between(text[end:])])


def without_markup(text: str) -> str:
    """A model's text without images, links and HTML tags; the words of a link stay, and so do citations."""
    return _TAG.sub("", _IMAGE_OR_LINK.sub(_label, text))


def emphasised(escaped_text: str) -> str:
    """Escaped text with Markdown's **bold**, the one mark-up that models use in prose."""
    return _BOLD.sub(r"<strong>\1</strong>", escaped_text)


def prose(text: str) -> str:
    """Text outside mathematics as HTML shows it, without TeX's escapes."""
    return escaped(_TEX_ESCAPE.sub(r"\1", text))


def _math(match: re.Match[str]) -> str:
    inline = match["paren"] or match["dollar"]
    if inline is not None:
        return rf"\({_formula(inline)}\)"
    return rf"\[{_formula(match['block'] or match['bracket'])}\]"


def _formula(tex: str) -> str:
    """A formula on one line, unable to end early or to be read as a tag."""
    return html.escape(" ".join(tex.split()), quote=False).replace(r"\)", ")").replace(r"\]", "]")


def _label(match: re.Match[str]) -> str:
    label = match["label"]
    return f"[{label}]" if label.isdigit() else label
