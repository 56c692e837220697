"""LaTeX and HTML of references as readable text. One pass over the text; whatever stands there, nothing is raised.

Formulas stay as they are, since the screen draws them; :func:`plain` tells them in Unicode. The signs that commands
stand for are those of pylatexenc's tables, and some that astronomers define for themselves.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from rag.text.formulas import LONGEST, in_unicode, is_prose

# What opens and closes markup in abstracts of ADS, publishers (JATS, MathML) and Crossref.
TAG = re.compile(
    r"</?(?:(?:jats|mml|m|inline):[a-z-]{1,30}|su[bp]|[abip]|em|br|strong|span|div|small|tt|title|italic|bold|sc|"
    r"inline-formula|math|m[ionrs]|msu[bp]|msubsup|mrow|mtext)\b(?:\s[^<>]{0,300})?/?>",
    re.I,
)
ENTITY = re.compile(r"&(?:[A-Za-z][A-Za-z0-9]{1,30}|#\d{1,7}|#[xX][0-9A-Fa-f]{1,6});")
MARKS = re.compile(r"[\\{}~$`^]|''|--")
TOKEN = re.compile(
    r"\\verb\*?(?P<bar>[^\sA-Za-z*])(?P<verbatim>[^\n]{0,200}?)(?P=bar)"
    r"|\\(?P<name>[A-Za-z]+)\*?[ \t]*\n?[ \t]*|(?P<formula>\$\$?|\\[\[(])|\\(?P<sign>[^A-Za-z])"
    r"|(?P<mark>[{}~]|``|''|---?)"
    r"|(?P<power>[\^_]\{[^{}\n]{1,40}\}|\^[-+−]?\d{1,4}(?![.\d])|\^\s?\\circ(?![A-Za-z]))|\\"
)
CLOSINGS = {"$": "$", "$$": "$$", "\\[": "\\]", "\\(": "\\)"}
WORDS = re.compile(r"\s*[A-Z]?[a-z]{3,}(?:[\s-]+[A-Z]?[a-z]+)*\s*")  # put between dollars for their slanted letters
PRICE = re.compile(r"\s?\d")
# A longer argument, or one without an end, is read where it stands.
LONGEST_ARGUMENT = 500
# After so many without an end, none is looked for any more.
MOST_UNCLOSED = 20
BRACE = re.compile(r"\\.|[{}]", re.S)
DIMENSION = re.compile(r"\s*=?\s*-?[\d.]+\s*(?:ex|em|pt|cm|mm|in)?")
COMBINING = {
    "'": "\u0301", "`": "\u0300", "^": "\u0302", '"': "\u0308", "~": "\u0303", "=": "\u0304", ".": "\u0307",
    "v": "\u030c", "c": "\u0327", "u": "\u0306", "H": "\u030b", "k": "\u0328", "r": "\u030a", "d": "\u0323",
    "b": "\u0331", "t": "\u0361",
}  # fmt: skip
BLANKS = frozenset(" \t\n,;:\\")
NOTHING = frozenset("!/-()[]@")
MARK = {"{": "", "}": "", "``": "“", "''": "”", "--": "–", "---": "—"}
# Commands that say how to set what follows, and nothing of their own.
STYLE = frozenset(
    "it bf rm em sc sl tt sf cal large Large small tiny normalsize footnotesize scriptsize huge Huge left right big "
    "Big bigg Bigg displaystyle textstyle scriptstyle scriptscriptstyle protect relax noindent centering par newline "
    "linebreak bfseries itshape rmfamily boldmath unboldmath nolinebreak null limits nolimits item hfill hskip vskip "
    "mathstrut strut ignorespaces leavevmode begingroup endgroup smallskip medskip bigskip newpage clearpage".split()
)
# Commands whose first argument is for the machine.
SKIPS_FIRST = frozenset(
    "href label ref eqref pageref cite citep citet citealt citealp citeyear citeauthor nocite bibitem noopsort vspace "
    "hspace color textcolor begin end phantom input include includegraphics hypertarget hyperlink index thanks "
    "raisebox fontsize selectfont".split()
)
WITH_DIMENSION = frozenset(("raise", "lower", "kern", "hskip", "vskip", "mkern"))
SIGNS = {
    "textasciitilde": "~", "textasciicircum": "^", "textless": "<", "textgreater": ">", "textbar": "|", "lt": "<",
    "gt": ">", "textbackslash": "\\", "textquotesingle": "'", "textdegree": "°", "degr": "°", "deg": "°", "fdg": ".°",
    "arcdeg": "°", "arcmin": "′", "arcsec": "″", "farcm": ".′", "farcs": ".″", "fs": ".s", "micron": "μm", "um": "μm",
    "simlt": "≲", "lsim": "≲", "la": "≲", "simgt": "≳", "gsim": "≳", "ga": "≳", "ltsim": "≲", "gtsim": "≳",
    "lesssim": "≲", "gtrsim": "≳", "sun": "☉", "odot": "☉", "earth": "⊕", "oplus": "⊕", "msun": "M☉", "Msun": "M☉",
    "lsun": "L☉", "Lsun": "L☉", "rsun": "R☉", "Rsun": "R☉", "zsun": "Z☉", "Zsun": "Z☉", "mearth": "M⊕", "rearth": "R⊕",
    "mjup": "M_Jup", "rjup": "R_Jup", "kms": "km/s", "kmsmpc": "km/s/Mpc", "ergs": "erg/s", "flam": "erg/s/cm^2/Å",
    "hi": "H I", "HI": "H I", "hii": "H II", "HII": "H II", "ha": "Hα", "Ha": "Hα", "halpha": "Hα", "Halpha": "Hα",
    "hb": "Hβ", "Hb": "Hβ", "hbeta": "Hβ", "lya": "Lyα", "Lya": "Lyα", "lyalpha": "Lyα", "lcdm": "ΛCDM",
    "LCDM": "ΛCDM", "etal": "et al.", "eg": "e.g.", "ie": "i.e.", "nodata": "...", "ldots": "...", "dots": "...",
    "AA": "Å", "ang": "Å", "angstrom": "Å", "sim": "~", "simeq": "≃", "and": "and", "slash": "/", "quad": " ",
    "qquad": " ", "space": " ", "thinspace": " ", "i": "i", "j": "j", "copyright": "©", "dag": "†",
    "S": "§", "P": "¶", "pounds": "£", "euro": "€", "langle": "⟨", "rangle": "⟩", "sqrt": "√", "l": "ł", "L": "Ł",
    "o": "ø", "O": "Ø", "ss": "ß", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "aa": "å", "dh": "ð", "DH": "Ð",
    "th": "þ", "TH": "Þ", "dj": "đ", "DJ": "Đ", "ng": "ŋ", "NG": "Ŋ",
}  # fmt: skip
ROMAN = ("", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII", "XIII", "XIV", "XV")


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a text: words, or a formula, of which ``text`` is what was written with its marks."""

    text: str
    tex: str | None = None
    display: bool = False


def readable(text: str) -> str:
    r"""A text without the LaTeX and HTML around it, in one line; formulas between dollars stay.

    >>> readable(r"The {\it ROSAT} survey of M{\"u}ller {\textless} 5\% at \href{http://x.org}{our page}")
    'The ROSAT survey of Müller < 5% at our page'
    """
    text = _without_tags(text)
    if MARKS.search(text):
        text = "".join(part.text for part in _Reader(text).parts())
    return " ".join(unicodedata.normalize("NFC", text).split())


def parts(text: str) -> Iterator[Part]:
    r"""A text as it is shown: readable words, with exponents in them raised, and formulas.

    >>> [part.text for part in parts(r"M{\"u}ller finds $z\sim 2$ at 10^{-3}\% of")]
    ['Müller finds ', '$z\\sim 2$', ' at 10⁻³% of']
    """
    text = _without_tags(text)
    words = ""
    for part in _Reader(text, shown=True).parts() if MARKS.search(text) else [Part(text)]:
        if part.tex is None:
            words += part.text
            continue
        if words:
            yield Part(unicodedata.normalize("NFC", words))
        yield part
        words = ""
    if words:
        yield Part(unicodedata.normalize("NFC", words))


def plain(text: str) -> str:
    r"""A text where no formula can be drawn: all of it in Unicode, line for line.

    >>> plain(r"a mass of $10^{9}\,M_\odot$ (R{\o}mer {\it et al.})")
    'a mass of 10⁹ M☉ (Rømer et al.)'
    """
    return "\n".join(
        "".join(part.text if part.tex is None else in_unicode(part.tex) for part in parts(line))
        for line in text.split("\n")
    )


def _without_tags(text: str) -> str:
    text = TAG.sub("", text) if "<" in text else text
    text = ENTITY.sub(lambda entity: html.unescape(entity[0]), text) if "&" in text else text
    return TAG.sub("", text) if "<" in text else text


class _Reader:
    """Reads one text from left to right."""

    def __init__(self, text: str, shown: bool = False) -> None:
        self.text, self.shown, self.at, self.unclosed = text, shown, 0, 0

    def parts(self) -> Iterator[Part]:
        """The readable pieces and the formulas, in their order."""
        while match := TOKEN.search(self.text, self.at):
            yield Part(self.text[self.at : match.start()])
            before = self.text[match.start() - 1] if match.start() else " "
            self.at = match.end()
            if match["formula"]:
                yield self._formula(match.start(), match["formula"])
            else:
                yield Part(self._words(match, before))
        yield Part(self.text[self.at :])

    def _words(self, match: re.Match[str], before: str) -> str:
        if match["bar"]:
            return match["verbatim"]
        if match["name"]:
            return self._command(match["name"], before, match[0])
        if match["sign"]:
            return self._sign(match["sign"])
        if match["power"]:
            return self._power(match[0], before)
        if match["mark"] == "~":
            follows = self.text[self.at : self.at + 1]
            return "~" if before.isspace() and (follows.isdigit() or follows == "$") else " "
        return MARK.get(match["mark"] or "", "")

    def _power(self, written: str, before: str) -> str:
        """An exponent or an index of a unit that was written outside a formula."""
        if self.shown and (before.isalnum() or before in ")]}"):
            return in_unicode(written if written.endswith("}") else f"{written[0]}{{{written[1:]}}}")
        return written.translate({ord("{"): "", ord("}"): ""})

    def _sign(self, sign: str) -> str:
        if sign in COMBINING:
            return self._accented(sign)
        return " " if sign in BLANKS else "" if sign in NOTHING else sign

    def _command(self, name: str, before: str, written: str) -> str:
        if name in STYLE:
            if name in WITH_DIMENSION:
                self._skip(DIMENSION)
            return ""
        if name in WITH_DIMENSION:
            self._skip(DIMENSION)
            return ""
        if name in COMBINING and (len(name) > 1 or written[-1].isspace() or self._follows("{\\")):
            return self._accented(name)
        if name in SKIPS_FIRST:
            self._skip(re.compile(r"\s*(?:\[[^\[\]]{0,200}\])?\s*"))
            self._argument()
            return ""
        if name == "ion":
            element, stage = self._argument(), self._argument().strip()
            numeral = ROMAN[int(stage)] if stage.isdecimal() and len(stage) < 3 and int(stage) < len(ROMAN) else stage
            return f"{element} {numeral.upper()}"
        if name in ("frac", "dfrac", "tfrac") and self._follows("{"):
            return f"{readable(self._argument())}/{readable(self._argument())}"
        if name == "footnote" and (note := self._argument()):
            return f" ({readable(note)})"
        if name == "textasciitilde":
            return self._tilde(before)
        sign = SIGNS.get(name) or _table().get(name)
        if sign is not None:
            apart = written[-1].isspace() and not (len(sign) == 1 and sign.isalpha() and self._letter_follows())
            return sign + (" " if apart else "")
        return "" if self._follows("{[") else name + (" " if written[-1].isspace() else "")

    def _tilde(self, before: str) -> str:
        """The sign, but between letters the accent, as ADS writes Mu{\\textasciitilde}noz."""
        match = re.compile(r"(?:\{\})?\}?([nNaAoO])").match(self.text, self.at)
        place = self.text.rfind("\\textasciitilde", 0, self.at)
        letter = self.text[place - 2 : place - 1] if before == "{" else before
        if match and letter.isalpha():
            self.at = match.end()
            return match[1] + COMBINING["~"]
        return "~"

    def _accented(self, accent: str) -> str:
        """The letter that follows with its accent; the accent by itself where there is none."""
        match = re.compile(r"\s*(\{\s*)?(?:\\([ij]|aa|AA|ae|AE|o|O)(?![A-Za-z])\s*(?:\{\})?|([^\W\d_]))").match(
            self.text, self.at
        )
        if not match:
            empty = re.compile(r"\s*\{\s*\}").match(self.text, self.at)
            self.at = empty.end() if empty else self.at
            return accent if len(accent) == 1 and not accent.isalpha() else ""
        self.at = match.end()
        letter = SIGNS[match[2]] if match[2] else match[3]
        if accent == "t":  # a tie goes between two letters
            return letter
        return letter + COMBINING[accent]

    def _formula(self, start: int, opens: str) -> Part:
        """A formula as it is; a dollar that opens none is a price."""
        closes = CLOSINGS[opens]
        end = self.text.find(closes, self.at, self.at + LONGEST)
        while end > 0 and closes[0] == "$" and self.text[end - 1] == "\\":
            end = self.text.find(closes, end + 1, self.at + LONGEST)
        inside = self.text[self.at : end]
        if end < 0 or not inside.strip() or is_prose(inside):
            return Part("$" if PRICE.match(self.text, self.at) else "")
        self.at = end + len(closes)
        if inside.lstrip().startswith("\\scriptstyle"):
            return Part(readable(inside))
        if self.shown and WORDS.fullmatch(inside):
            return Part(inside)
        return Part(self.text[start : self.at], inside, opens in ("$$", "\\["))

    def _argument(self) -> str:
        """The group that follows, which is skipped; empty where there is none, and the rest where it has no end."""
        if not self._follows("{") or self.unclosed > MOST_UNCLOSED:
            return ""
        start = self.text.index("{", self.at)
        depth = 0
        for brace in BRACE.finditer(self.text, start, start + LONGEST_ARGUMENT):
            depth += {"{": 1, "}": -1}.get(brace[0], 0)
            if depth == 0:
                self.at = brace.end()
                return self.text[start + 1 : brace.start()]
        self.at = start + 1
        self.unclosed += 1
        return ""

    def _follows(self, signs: str) -> bool:
        match = re.compile(r"[ \t]*(.)").match(self.text, self.at)
        return bool(match) and match[1] in signs  # type: ignore[index]

    def _letter_follows(self) -> bool:
        return self.text[self.at : self.at + 1].isalpha()

    def _skip(self, pattern: re.Pattern[str]) -> None:
        if match := pattern.match(self.text, self.at):
            self.at = match.end()


@cache
def _table() -> dict[str, str]:
    """The signs of pylatexenc's commands."""
    from pylatexenc.latex2text import get_default_latex_context_db

    found: dict[str, str] = {}
    for category in get_default_latex_context_db().d.values():
        for name, macro in category["macros"].items():
            sign = macro.simplify_repl
            if isinstance(sign, str) and sign and "%" not in sign and not sign.isspace():
                found[name] = sign
    return found
