"""Words, stems and names of a text that may hold LaTeX.

Raw text in, comparable terms out. Shared by the evidence, abstention and grounding steps.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Iterable
from functools import lru_cache

import Stemmer

Idf = Callable[[str], float]

_KEPT = 1024  # texts whose reading is remembered; a sentence is asked about from many sides

STOPWORDS = frozenset(
    "a about above after all also am among an and any are as at away be been before being below "
    "besides between both but by can cannot could did do does doing done down due during each either "
    "else ever every few for from further give given had has have having he her here him his how "
    "however i if in into is it its itself just kind known let like many may me might more most much must my "
    "near no nor not now of off on one only onto or other our out over own per please same say she "
    "should since so some such tell than that the their them then there these they this those "
    "through to too toward towards under until up upon us use used using very via was we were what "
    "when where whether which while who whom whose why will with within without would you your".split()
)

_SYMBOLS = {
    "odot": "sun", "oplus": "earth", "sim": "~", "simeq": "~", "approx": "~", "propto": "~",
    "times": "x", "cdot": "x", "pm": "+/-", "leq": "<=", "le": "<=", "lesssim": "<", "la": "<",
    "geq": ">=", "ge": ">=", "gtrsim": ">", "ga": ">", "deg": " deg", "circ": " deg", "mu": "mu",
    "rightarrow": "->", "to": "->", "AA": " Angstrom", "ang": " Angstrom", "ldots": "...", "dots": "...",
}  # fmt: skip
_STYLE = re.compile(
    r"\\(?:text|math|em|bf|it|rm|sc|sl|tt|cal|left|right|displaystyle|textstyle|ensuremath|hbox|mbox"
    r"|textrm|textit|textbf|texttt|emph|mathrm|mathcal|mathbf|mathsf|boldsymbol|operatorname)(?![A-Za-z])\s*"
)
_ACCENT = re.compile(r"\\[\"'`^~=.](?=\{?\\?[A-Za-z])|\\[cvuHdb](?=\{)")
# Acronyms of one word, which its initials do not give away, and how that word begins.
_ONE_WORD = {"UV": "ultraviolet", "IR": "infrared", "NIR": "nearinfrared", "MHD": "magnetohydro"}
_WORD = re.compile(r"[A-Za-z0-9\u00c0-\u024f\u0370-\u03ff]+(?:[.'’][A-Za-z0-9\u00c0-\u024f]+)*\+?")
_RAW_WORD = re.compile(r"[A-Za-z0-9\u00c0-\u024f][A-Za-z0-9\u00c0-\u024f'’.+*/-]*(?:_\d+)?")
_SENTENCE_START = re.compile(r"(?:^|[.!?:]\s+|[\"'“‘(]\s*)$")


@lru_cache(maxsize=_KEPT)
def plain(text: str) -> str:
    """`text` as one would read it: LaTeX commands, braces and dollars taken out.

    >>> plain(r"$\\sim 10^{-7}$ M$_{\\odot}$ of H\\"older dust")
    '~ 10^-7 M_sun of Holder dust'
    """
    text = _ACCENT.sub("", text)
    text = _STYLE.sub("", text)
    text = re.sub(r"\\([A-Za-z]+)", lambda m: _SYMBOLS.get(m[1], m[1]), text)
    # A tie between words is a blank; before a number it may as well mean "about".
    text = re.sub(r"\\[,;: !]", " ", text)
    text = re.sub(r"(?<=[\w.}$])~(?=[$A-Za-z\\])", " ", text)
    text = re.sub(r"(?<=\w)~(?=\d)", " ~", text)
    text = re.sub(r"[{}$\\]", "", text).replace("−", "-").replace("–", "-").replace("—", "-")
    return " ".join(text.split())


def fold(text: str) -> str:
    """`text` without accents, so that Górski, G\\'orski and Gorski are one name."""
    if text.isascii():
        return text
    return "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))


def words(text: str) -> list[str]:
    """Lower-case words and numbers of `text`, hyphenated compounds taken apart."""
    return list(_words(text))


@lru_cache(maxsize=_KEPT)
def _words(text: str) -> tuple[str, ...]:
    found = _WORD.findall(fold(plain(text)))
    return tuple(word.lower().replace("’", "'").removesuffix("'s") for word in found)


@lru_cache(maxsize=1)
def _stemmer() -> Stemmer.Stemmer:
    return Stemmer.Stemmer("english")


def stems(text: str) -> list[str]:
    """Stems of the content words of `text`, in order.

    >>> stems("How fast do the rotating stars rotate?")
    ['fast', 'rotat', 'star', 'rotat']
    """
    return list(_stems(text))


@lru_cache(maxsize=_KEPT)
def _stems(text: str) -> tuple[str, ...]:
    return tuple(_stemmer().stemWords([word for word in _words(text) if word not in STOPWORDS]))


def every_stem(text: str) -> list[str]:
    """Stems of all words of `text`, those without content too."""
    stemmed: list[str] = _stemmer().stemWords(words(text))
    return stemmed


def make_idf(frequency: Callable[[str], int], papers: int) -> Idf:
    """How telling a stem is, from 0 (in every paper) to 1 (in one paper, or in none)."""
    ceiling = math.log(1 + papers)

    def idf(stem: str) -> float:
        return math.log((1 + papers) / max(1, frequency(stem))) / ceiling

    return idf


def mass(found: Iterable[str], idf: Idf) -> float:
    """Summed weight of a set of stems."""
    return sum(idf(stem) for stem in found)


def compact(text: str) -> str:
    """`text` without anything but letters and digits, Greek ones spelt out, to look names up in."""
    spelt = "".join(_greek(char) if "\u0370" <= char <= "\u03ff" else char for char in fold(plain(text)).lower())
    return re.sub(r"[^a-z0-9]", "", spelt)


def _greek(letter: str) -> str:
    return unicodedata.name(letter, "").split(" ")[-1].lower().replace("lamda", "lambda")


def lacks(text: str, wanted: Iterable[str]) -> list[str]:
    """The `wanted` names that `text` does not mention, whatever the spelling.

    "CMB" is mentioned by "cosmic microwave background", "GPU-equipped" by "GPUs".

    >>> lacks("The atmosphere of WASP-39 b", ["WASP-39b", "JWST"])
    ['JWST']
    """
    run, stemmed = compact(text), set(stems(text))

    def mentioned(part: str) -> bool:
        acronym = re.sub(r"(?<=[A-Z])s$", "", part)
        spelt_out = len(acronym) >= 3 and acronym.isupper() and abbreviates(acronym.lower(), text)
        spelt_out = spelt_out or _ONE_WORD.get(part, part) in run
        return compact(acronym) in run or spelt_out or set(stems(part)) <= stemmed

    def parts(name: str) -> list[str]:
        return [part for part in re.split(r"[-/]", name) if len(part) > 1 and is_name(part, False)] or [name]

    return [name for name in wanted if not all(mentioned(part) for part in parts(name))]


def abbreviates(acronym: str, text: str) -> bool:
    """Whether words in a row of `text` spell an acronym out: "macho" for "massive compact halo objects".

    Every word gives its first letter, or none if it is a stopword, and may give more letters in order.
    """
    said = words(text)

    def spells(letters: str, at: int, taken: int) -> bool:
        if not letters:
            return taken >= 2 and len(acronym) <= 2.5 * taken
        if at == len(said):
            return False
        word = said[at]
        if taken and (word in STOPWORDS or word == "ray") and spells(letters, at + 1, taken):
            return True
        matched = 0
        for char in word:
            if matched < len(letters) and char == letters[matched]:
                matched += 1
                if spells(letters[matched:], at + 1, taken + 1):
                    return True
            elif not matched:
                return False
        return False

    return any(spells(acronym, start, 0) for start, word in enumerate(said) if word[0] == acronym[0])


def is_name(word: str, opens: bool) -> bool:
    """Whether a word is written like a proper name, an acronym or a designation.

    A word that opens a sentence is capitalised anyway, so it has to show more than that.
    """
    if re.fullmatch(r"[\d.]+(?:[eEx][+-]?\d+|-[a-z]+)", word):  # "1.4e6", "20-day"
        return False
    if any(char.isdigit() for char in word):
        return any(char.isalpha() for char in word) or (word.isdigit() and len(word) == 4)
    if sum(char.isupper() for char in word) >= 2:
        return True
    return word[:1].isupper() and len(word) > 1 and not opens


def names(text: str) -> list[str]:
    """Words of `text` written like names: "Ryugu", "LHAASO", "K2-18", "GW190814", "2020".

    >>> names("What did CHIME measure for FRB 20191221A in Titan's air?")
    ['CHIME', 'FRB', '20191221A', 'Titan']
    """
    text = plain(text)
    found = []
    for match in _RAW_WORD.finditer(text):
        word = re.sub(r"['’]s?$", "", match.group().rstrip(".-/'’*"))
        if is_name(word, bool(_SENTENCE_START.search(text[max(match.start() - 10, 0) : match.start()]))):
            found.append(word)
    return found
