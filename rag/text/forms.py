"""One form for what authors write in many: formulas, Greek letters, ions, units, designations, British spelling.

Index and query are brought into this form alike, so that CO$_2$, CO₂ and CO2 are one word. :data:`FORM` counts its
changes: an index remembers the one that its words are in.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

FORM = 3

GREEK = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma tau upsilon phi chi "
    "psi omega"
).split()
_LETTERS = {chr(0x3B1 + place + (place > 16)): f" {name} " for place, name in enumerate(GREEK)}
_SIGNS = str.maketrans(
    {
        **_LETTERS,
        **{letter.upper(): name for letter, name in _LETTERS.items()},
        **{"ς": " sigma ", "ϵ": " epsilon ", "ϕ": " phi ", "ϑ": " theta ", "µ": " mu "},
        **{"☉": "sun", "⊙": "sun", "⊕": "earth"},
        **dict.fromkeys("‐‑‒–—−", "-"),
        **dict.fromkeys("‘’ʼ′", "'"),
    }
)  # fmt: skip
_STYLE = re.compile(
    r"\\(?:text|math|em|bf|it|rm|sc|sl|tt|cal|left|right|displaystyle|ensuremath|hbox|mbox|textrm|textit|textbf|texttt|emph|"
    r"mathrm|mathcal|mathbf|mathsf|mathit|boldsymbol|operatorname|textsubscript|textsuperscript|rm)(?![A-Za-z])\s*"
)
_ACCENT = re.compile(r"\\[\"'`^~=.](?=\{?\\?[A-Za-z])|\\[cvuHdb](?=\{)")
_ION_MACRO = re.compile(r"\\ion\s*\{(\w{1,2})\}\s*\{\s*(?:\\\w+\s*)?(\w{1,5})\s*\}")
_LATEX = re.compile(r"[\\$_^{]")
_COMMAND = re.compile(r"\\([A-Za-z]+)\s*")
_SPACING = re.compile(r"\\[,;:! ]|~|\\\\")
# A sub- or superscript, with what may stand between it and what it belongs to.
_SCRIPT = re.compile(r"(?<=[A-Za-z0-9)\]}])[{}$\s]{0,2}([_^])[{$ ]{0,3}([A-Za-z0-9+]{1,3})(?![A-Za-z])(?: ?[}$]{1,2})?")
_BEFORE = re.compile(r"(?<![A-Za-z0-9)\]}])[$]?\{?\}?\^[{$]{0,2}(\d{1,3})[}$]{1,3}(?=[A-Z])")
_COMMANDS = {
    "odot": "sun",
    "sun": "sun",
    "oplus": "earth",
    "earth": "earth",
    "lya": "Lyalpha",
    "lcdm": "lambda CDM",
} | dict.fromkeys(
    "sim simeq approx times pm mp lesssim gtrsim la ga le ge leq geq lt gt ll gg propto cdot ldots dots to".split(),
    " ",
)

_ELEMENT = "He|Li|Be|Ne|Na|Mg|Al|Si|Cl|Ar|Ca|Sc|Ti|Cr|Mn|Fe|Ni|Cu|Zn|Kr|Sr|Zr|Ba|Eu|H|C|N|O|S|K|P"
_ROMAN = "XXVI|XXV|XXIV|XVIII|XVII|XIV|XIII|XII|XI|IX|VIII|VII|VI|IV|V|XV|XVI|X|III|II|I"
_ION = re.compile(rf"(?<![\w-])({_ELEMENT})[\s_-]?({_ROMAN})(?![A-Za-z0-9-])")
_SMALL_CAPITALS = re.compile(rf"(?<![\w-])({_ELEMENT})\s([ivx]{{1,5}})(?![\w-])")
_SMALL_ION = re.compile(
    r"(?<![\w-])(h|he|c|n|o|ne|na|mg|al|si|s|ar|ca|fe)[ -](xxvi|xxv|xiv|xiii|xii|xi|ix|viii|vii|vi|iv|iii|ii)(?![\w-])"
)
_CHARGED = re.compile(rf"(?<![\w-])({_ELEMENT})\^?([1-9]\d?)\+(?!\w)")
_CATION = re.compile(r"(?<![\w-])((?=[A-Z])(?:[A-Z][a-z]?\d?){1,6})\+(?![\w+])")
_NUMERALS = (
    "0 I II III IV V VI VII VIII IX X XI XII XIII XIV XV XVI XVII XVIII XIX XX XXI XXII XXIII XXIV XXV XXVI".split()
)
_SERIES = re.compile(r"(?<![A-Za-z])(H|Ly|Lyman|Pa|Br)[\s-]{0,2}(alpha|beta|gamma|delta)(?![A-Za-z])")
_SMALL_SERIES = re.compile(
    r"(?<![A-Za-z])(ly|lyman|balmer)[\s-]{1,2}(alpha|beta)(?![a-z])|(?<![A-Za-z])(h)[\s-](alpha|beta)(?![a-z])"
)
_LYA = re.compile(r"\bLya\b")
_LCDM = re.compile(r"\b(?:lambda\s*-?\s*CDM|LCDM|lambdacdm|lcdm)\b", re.I)
_MICRON = re.compile(r"(?<=[\d\s-])mu\s*m\b|\b(?:micro-?met(?:er|re)|um)s?\b")
_UNIT = re.compile(
    r"(?<![\w.])(\d+(?:\.\d+)?)-?(cm|mm|microns?|km|m|pc|kpc|Mpc|Gpc|[kMGT]?eV|[kMGT]?Hz|yrs?|Myr|Gyr|kyr|AU|au|dex|mag|mas|"
    r"arcmin|arcsec|deg|days?|hours?|K|G|gauss|kev|mev|gev|ghz|mhz)(?![\w-])"
)
_PLANET = re.compile(r"(?<![A-Za-z])([A-Za-z][A-Za-z]+[- ]?\d{1,9})([b-h])(?![\w-])")
_DESIGNATION = re.compile(r"(?<![A-Za-z0-9])([A-Za-z]{2,})(\d{2,})(?=\D|$)")
_SOURCE = re.compile(
    r"\b(Virgo|Vir|Cygnus|Cyg|Perseus|Per|Taurus|Tau|Fornax|For|Centaurus|Cen|Hydra|Hya|Hercules|Her|Cassiopeia|Cas|"
    r"Pictor|Pic|Sagittarius|Sgr|Puppis|Pup)\s+([A-C])(?![\w'])\*?"
)
_HELIUM_ION = re.compile(r"\b([Hh]e[IViv]{1,3})\b")
_HELIUM = re.compile(r"\bHe\b(?![- ](?:[a-z]+ed|was|is|has|had|then|also)\b)")
_BE = re.compile(r"\bBe(?=[ /-](?:stars?|X|binar|white|type|phenomen|disks?|discs?))")
# Written closed, open or with a hyphen: closed here where the whole says something else than its parts, else open.
_CLOSED_PAIRS = (
    "wave length,red shift,blue shift,space craft,space time,star burst,star spot,sun spot,life time,out flow,"
    "super cluster,super massive,super nova,broad band,wide band,narrow band,over density,work flow,data base"
)
_OPEN_PAIRS = (
    "light curve,time scale,length scale,line width,line shape,wave front,wave form,black body,band width,data set,"
    "foot point,mid plane,band pass"
)
_CLOSE = re.compile(rf"\b(?:{_CLOSED_PAIRS.replace(' ', '[ -]').replace(',', '|')})(?=s?\b)", re.I)
_OPEN = re.compile(rf"\b(?:{_OPEN_PAIRS.replace(' ', '()').replace(',', '|')})(?=s?\b)", re.I)
_CLOSED = re.compile(r"\b(x|gamma)ray", re.I)

_OUR = re.compile(r"^(col|fav|behavi|vap|neighb|harb|hon|lab|flav|arm|rig|vig|tum)our")
_RE = re.compile(r"^((?:\w*(?:met|cent|lit|fib|calib|theat|spect|sab)))re(s|d)?$")
_ISE = re.compile(r"(?<=[a-z]{3}[lrnmtsgdhcpyv])is(e|es|ed|er|ers|ing|able|ation|ations)$")
_ANALYSE = re.compile(r"(?<=aly)s(e|ed|ing|er)$")
_DOUBLED = re.compile(
    r"^(model|label|travel|cancel|tunnel|channel|fuel|signal|level|spiral|dial|initial)l(?=ing|ed|er)"
)
_REPLACED = (
    ("sulph", "sulf"), ("aluminium", "aluminum"), ("grey", "gray"), ("parametriz", "parameteriz"),
    ("ageing", "aging"), ("artefact", "artifact"), ("programme", "program"), ("haem", "hem"), ("paleo", "palaeo"),
)  # fmt: skip
_WHOLE = {
    "disc": "disk", "discs": "disk", "catalogue": "catalog", "catalogues": "catalog", "catalogued": "cataloged",
    "analogue": "analog", "analogues": "analog", "defence": "defense", "licence": "license", "judgement": "judgment",
    "spectra": "spectrum", "nuclei": "nucleus", "radii": "radius", "maxima": "maximum", "minima": "minimum",
    "phenomena": "phenomenon", "haloes": "halo", "halos": "halo", "indices": "index", "vertices": "vertex",
    "matrices": "matrix", "axes": "axis", "analyses": "analysis", "hypotheses": "hypothesis", "quanta": "quantum",
    "continua": "continuum", "momenta": "momentum", "loci": "locus", "foci": "focus", "criteria": "criterion",
    "equilibria": "equilibrium", "novae": "nova", "novas": "nova", "supernovae": "supernova", "supernovas": "supernova",
    "sne": "supernova", "nebulae": "nebula", "nebulas": "nebula", "coronae": "corona", "antennae": "antenna",
    "formulae": "formula", "plasmas": "plasma", "maria": "mare", "optima": "optimum", "spectre": "specter",
    "apses": "apsis", "ephemerides": "ephemeris", "parallaxes": "parallax", "fluxes": "flux", "vortices": "vortex",
}  # fmt: skip


def comparable(text: str) -> str:
    r"""A text in which what is written in several ways is written in one; its words are yet to be taken apart.

    >>> comparable(r"CO$_2$ and H$_3^+$ at $\Lambda$CDM"), comparable("O VII of HD 189733b at 21cm")
    ('CO2 and H3 H3plus at lambda CDM', 'OVII of HD 189733 b at 21 cm')
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).translate(_SIGNS)
        text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    if _LATEX.search(text):
        text = _without_latex(text)
    text = _LCDM.sub("lambda CDM", text)
    text = _SERIES.sub(lambda m: f"{'Ly' if m[1] == 'Lyman' else m[1]}{m[2]}", text)
    text = _SMALL_SERIES.sub(lambda m: f"{'h' if m[3] or m[1] == 'balmer' else 'ly'}{m[2] or m[4]}", text)
    text = _LYA.sub("Lyalpha", text)
    text = _MICRON.sub(" micron", text)
    if "+" in text:
        text = _CHARGED.sub(_ion_of_charge, text)
        text = _CATION.sub(r"\1 \1plus", text)
    text = _SMALL_CAPITALS.sub(lambda m: m[1] + m[2].upper(), text)
    text = _ION.sub(r"\1\2", text)
    text = _SMALL_ION.sub(r"\1\2", text)
    text = _HELIUM_ION.sub(r"\1 helium", text)
    text = _HELIUM.sub("helium", text)
    text = _BE.sub("be0", text)
    text = _SOURCE.sub(r"\1\2", text)
    text = _CLOSE.sub(lambda m: re.sub(r"[ -]", "", m[0]), text)
    text = _OPEN.sub(_opened, text)
    text = _CLOSED.sub(r"\1 ray", text)
    text = _UNIT.sub(r"\1 \2", text)
    text = _PLANET.sub(r"\1 \2", text)
    text = _DESIGNATION.sub(r"\1 \2", text)
    return " ".join(text.split())


@lru_cache(maxsize=65536)
def settled(word: str) -> str:
    """A lower-case word in American spelling and the singular of Latin and Greek plurals.

    >>> [settled(word) for word in ("polarisation", "colours", "centre", "disc", "modelling", "spectra")]
    ['polarization', 'colors', 'center', 'disk', 'modeling', 'spectrum']
    """
    if whole := _WHOLE.get(word):
        return whole
    if len(word) < 5:
        return word
    for written, other in _REPLACED:
        if written in word:
            word = word.replace(written, other)
    word = _OUR.sub(r"\1or", word)
    word = _RE.sub(r"\1er\2", word)
    word = _ISE.sub(r"iz\1", word)
    word = _ANALYSE.sub(r"z\1", word)
    return _DOUBLED.sub(r"\1", word)


def _without_latex(text: str) -> str:
    text = _ACCENT.sub("", text)
    text = _ION_MACRO.sub(_ion_of_macro, text)
    text = _STYLE.sub("", text)
    text = _COMMAND.sub(_command, text)
    text = _SPACING.sub(" ", text)
    text = _BEFORE.sub(r" \1", text)
    # Twice, for H$_3^+$ has both.
    text = _SCRIPT.sub(_script, _SCRIPT.sub(_script, text))
    return re.sub(r"[{}$\\]", "", re.sub(r"[_^]", " ", text))


def _opened(match: re.Match[str]) -> str:
    """A compound in its two words."""
    middle = match.end(match.lastindex or 0) - match.start()
    return f"{match[0][:middle]} {match[0][middle:]}"


def _command(match: re.Match[str]) -> str:
    name = match[1]
    if name.lower() in _COMMANDS:
        return _COMMANDS[name.lower()]
    plain = name.removeprefix("var").lower()
    return f" {plain} " if plain in GREEK else f" {name} "


def _script(match: re.Match[str]) -> str:
    """A short script joined to its letter; exponents of numbers stay apart."""
    before = match.string[match.start() - 1]
    return f" {match[2]}" if before.isdigit() and match[2] != "+" else match[2]


def _ion_of_macro(match: re.Match[str]) -> str:
    stage = match[2]
    numeral = _NUMERALS[int(stage)] if stage.isdecimal() and int(stage) < len(_NUMERALS) else stage.upper()
    return f"{match[1]} {numeral} "


def _ion_of_charge(match: re.Match[str]) -> str:
    charge = int(match[2])
    if match[1] == "H" or charge + 1 >= len(_NUMERALS):
        return match[0]
    return f"{match[1]}{_NUMERALS[charge + 1]}"
