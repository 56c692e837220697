"""Untrusted text made safe for the page: readable, escaped, with its mathematics marked for the renderer.

Whatever a paper, a language model or a visitor wrote passes through here before it becomes HTML. Mathematics leaves
between marks of Unicode's private area, the only delimiters the page renders, and no text keeps such marks of its own.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable

from markdown_it import MarkdownIt

from rag.text.formulas import in_unicode
from rag.text.latex import Part, parts
from ui.web.katex import drawn

INLINE, DISPLAY = ("\ue000", "\ue001"), ("\ue002", "\ue003")
MATH_DELIMITERS: list[dict[str, str | bool]] = [
    {"left": INLINE[0], "right": INLINE[1], "display": False},
    {"left": DISPLAY[0], "right": DISPLAY[1], "display": True},
]
MOST_DRAWN = 300  # formulas of one text

_IMAGE_OR_LINK = re.compile(r"!?\[(?P<label>[^\[\]]*)\]\([^)]{0,300}\)")
_TAG = re.compile(
    r"</?(?:script|style|img|svg|iframe|object|embed|form|input|button|video|audio|link|meta|base|html|head|body"
    r"|div|span|table|tr|td|th|ul|ol|li|br|hr|em|strong|sub|sup|code|pre|h[1-6]|a(?=\s+href))\b[^<>]*>",
    re.IGNORECASE,
)
_BOLD = re.compile(r"\*\*(?=\S)(.{1,500}?)(?<=\S)\*\*")
_MARKS = dict.fromkeys(map(ord, (*INLINE, *DISPLAY)))


def escaped(text: str) -> str:
    """Text as HTML shows it literally, in an element or in a quoted attribute."""
    return html.escape(text.translate(_MARKS)).replace("\\", "&#92;").replace("\n", "&#10;")


def rich(text: str, between: Callable[[str], str] | None = None) -> str:
    """Text as HTML with its mathematics marked; ``between`` makes what lies outside the mathematics safe.

    A formula that can't be drawn is told in Unicode.
    """
    between, pieces, left = between or escaped, [], MOST_DRAWN
    for part in parts(text):
        tex = drawn(part.tex) if part.tex is not None and left else None
        left -= tex is not None
        pieces.append(_math(tex, part.display) if tex is not None else between(_words(part)))
    return "".join(pieces)


def without_markup(text: str) -> str:
    """A model's text without images, links and HTML tags; the words of a link stay, and so do citations."""
    return _TAG.sub("", _IMAGE_OR_LINK.sub(_label, text))


def emphasised(escaped_text: str) -> str:
    """Escaped text with Markdown's **bold**, the one mark-up that models use in prose."""
    return _BOLD.sub(r"<strong>\1</strong>", escaped_text)


def marked_down(text: str) -> str:
    """Markdown that a person wrote as HTML on one line: no HTML of its own, no images, which would be fetched."""
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    drawn: str = markdown.render(text.translate(_MARKS))
    return drawn.replace("\\", "&#92;").replace("\n", "&#10;").replace("$", "&#36;")


def _words(part: Part) -> str:
    return part.text if part.tex is None else in_unicode(part.tex)


def _math(tex: str, display: bool) -> str:
    """A formula on one line, unable to end early or to be read as a tag."""
    left, right = DISPLAY if display else INLINE
    return left + html.escape(" ".join(tex.translate(_MARKS).split()), quote=False) + right


def _label(match: re.Match[str]) -> str:
    label = match["label"]
    return f"[{label}]" if label.isdigit() else label
