"""Numbers and units of a text, made comparable.

Text in, quantities out: "5.2\\times10^{-3}", "5.2e-3" and "0.0052" are one number; "km s$^{-1}$"
and "km/s" are one unit. Knows nothing about sentences or evidence.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from rag.answers.terms import plain

Dimension = tuple[tuple[str, int], ...]

_PREFIXES = {
    "": 0, "f": -15, "p": -12, "n": -9, "u": -6, "mu": -6, "µ": -6, "μ": -6, "micro": -6, "m": -3,
    "c": -2, "h": 2, "k": 3, "K": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18, "Z": 21,
}  # fmt: skip
# Unit: base dimension, its power, size in that base. Prefixed ones take a prefix of the table above.
_PREFIXED = {
    "m": ("m", 1, 1.0), "pc": ("m", 1, 3.0857e16), "s": ("s", 1, 1.0), "sec": ("s", 1, 1.0),
    "yr": ("s", 1, 3.156e7), "g": ("g", 1, 1.0), "eV": ("eV", 1, 1.0), "eVee": ("eV", 1, 1.0),
    "erg": ("eV", 1, 6.2415e11), "J": ("eV", 1, 6.2415e18), "K": ("K", 1, 1.0), "Hz": ("s", -1, 1.0),
    "G": ("gauss", 1, 1.0), "T": ("gauss", 1, 1e4), "W": ("W", 1, 1.0), "V": ("V", 1, 1.0),
    "b": ("barn", 1, 1.0), "Jy": ("Jy", 1, 1.0), "Bq": ("Bq", 1, 1.0), "Pa": ("Pa", 1, 1.0),
    "bar": ("Pa", 1, 1e5), "arcsec": ("deg", 1, 1 / 3600), "as": ("deg", 1, 1 / 3600), "a": ("s", 1, 3.156e7),
    "S": ("S", 1, 1.0), "mag": ("mag", 1, 1.0),
}  # fmt: skip
_PLAIN_UNITS = {
    "%": ("%", 1, 1.0), "percent": ("%", 1, 1.0), "AU": ("m", 1, 1.496e11), "ly": ("m", 1, 9.461e15),
    "Angstrom": ("m", 1, 1e-10), "micron": ("m", 1, 1e-6), "microns": ("m", 1, 1e-6),
    "min": ("s", 1, 60.0), "hour": ("s", 1, 3600.0), "day": ("s", 1, 86400.0), "week": ("s", 1, 604800.0),
    "month": ("s", 1, 2.63e6), "year": ("s", 1, 3.156e7), "second": ("s", 1, 1.0), "minute": ("s", 1, 60.0),
    "Msun": ("Msun", 1, 1.0), "Rsun": ("Rsun", 1, 1.0), "Lsun": ("Lsun", 1, 1.0), "Rearth": ("Rearth", 1, 1.0),
    "Mearth": ("Mearth", 1, 1.0), "deg": ("deg", 1, 1.0), "arcmin": ("deg", 1, 1 / 60), "dex": ("dex", 1, 1.0),
    "sr": ("sr", 1, 1.0), "rad": ("deg", 1, 57.29578), "c": ("c", 1, 1.0), "tonne": ("g", 1, 1e6),
    "A": ("m", 1, 1e-10), "h": ("h", 1, 1.0),
}  # fmt: skip
_SPELLINGS = (
    (r"\b(?:solar|sun)[ -]mass(?:es)?\b|\bM_?\(?sun\)?|\bM_?o\b|\bMsol\b", "Msun"),
    (r"\bsolar radi(?:us|i)\b|\bR_?sun|\bR_?s\b", "Rsun"),
    (r"\bsolar luminosit(?:y|ies)\b|\bL_?sun|\bLsol\b", "Lsun"),
    (r"\bEarth mass(?:es)?\b|\bM_earth", "Mearth"), (r"\bEarth radi(?:us|i)\b|\bR_earth", "Rearth"),
    (r"\bper ?cent\b", "%"), (r"\bdegrees?\b|°|\^0\b", " deg"), (r"\bau\b|\bA\.U\.", "AU"), (r"Å|\bAA\b", "Angstrom"),
    (r"\bkilomet(?:er|re)s?\b", "km"), (r"\bcentimet(?:er|re)s?\b", "cm"), (r"\bmet(?:er|re)s?\b", "m"),
    (r"\bmicromet(?:er|re)s?\b", "um"), (r"\bparsecs?\b", "pc"), (r"\bkelvins?\b", "K"), (r"\bgauss\b", "G"),
    (r"\b(hour|day|week|month|year|second|minute)s\b", r"\1"), (r"\bhrs?\b", "hour"), (r"\byrs\b", "yr"),
    (r"\bkms(?=\^?-1)", "km s"), (r"(?i)(?<=\d )kms\b|(?<=\d)kms\b", "km/s"),
    (r"(?<=\d)mpc\b", "Mpc"), (r"(?<=\d)kpc\b", "kpc"),
)  # fmt: skip
_WORD_NUMBERS = {
    word: str(value)
    for value, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen twenty".split()
    )
} | {"thirty": "30", "forty": "40", "fifty": "50", "hundred": "100", "half": "0.5", "twice": "2", "double": "2",
     "twofold": "2", "threefold": "3", "fourfold": "4", "fivefold": "5", "tenfold": "10", "triple": "3"}  # fmt: skip
_SCALES = {"thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12}
_DECIMAL = r"\d+(?:\.\d+)?|\.\d+"
_TEN_TO = r"10\s?\^\s?\(?(?P<{}>[+-]?\d+)\)?"
_NUMBER = re.compile(
    # A minus after a digit, letter or bracket is a range or a hyphen.
    r"(?<![\w.^])(?:(?<![\d)%/A-Za-z^-])(?<![\d)%] )(?P<sign>[-+]))?(?<!\^[-+])(?:"
    rf"(?P<factor>{_DECIMAL})(?:\s?[x*·]\s?|\s){_TEN_TO.format('power')}"
    rf"|{_TEN_TO.format('bare')}"
    rf"|(?P<decimal>{_DECIMAL})(?:[eEdD](?P<exponent>[+-]?\d+)(?!\w))?)"
)
_UNIT = re.compile(r"\s?(?P<over>/\s?)?(?P<name>%|[A-Za-zµμ]+)(?P<power>\^?\(?[+-]?\d\)?(?![\d.]))?(?![A-Za-z\d])")
_RANGE = re.compile(r"\s?(?:-+|to|and|or|,|\+/-|\.\.\.)\s?(?:and )?[~<>]*\s?")


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number, its unit in base units, and how many digits it was given with."""

    value: float
    digits: int
    unit: Dimension
    written: str


def _respell(text: str) -> str:
    """Plain text with numbers in digits and units in symbols."""
    text = plain(text)
    for pattern, unit in _SPELLINGS:
        text = re.sub(pattern, unit, text)
    text = re.sub(r"(?<=\d)[,'’](?=\d{3}(?!\d))", "", text)
    text = re.sub(r"\bx(?=\d)", "", text)
    text = re.sub(r"\^(?=\d+/\d)", " ", text)  # the exponent 1/2 is a number worth checking
    text = re.sub(
        rf"\(({_DECIMAL})\s?\+/-\s?({_DECIMAL})\)\s?x\s?{_TEN_TO.format('power')}",
        r"\1 x 10^\3 +/- \2 x 10^\3",
        text,
    )
    text = re.sub(r"\b[Oo]rders? of magnitude\b", "orders", text)
    words = "|".join(_WORD_NUMBERS)
    text = re.sub(r"(?:^|(?<=\s))\(\d\)(?=\s)", "", text)  # list numbers: "(1) ... (2) ..."
    text = re.sub(rf"\b(?!half-)({words})\b", lambda m: _WORD_NUMBERS[m[1].lower()], text, flags=re.IGNORECASE)
    text = re.sub(r"\b([1-9])[ -](?:third|3rd)s?\b", lambda m: f"{int(m[1]) / 3:.2g}", text)
    text = re.sub(r"\b([1-9]) (?:quarter|fourth)s?\b", lambda m: f"{int(m[1]) / 4:.2g}", text)
    text = re.sub(r"(?<![\d/.])([1-9])/([1-9])(?![\d/.])", lambda m: f"{int(m[1]) / int(m[2]):.2g}", text)
    return re.sub(
        rf"({_DECIMAL}) ({'|'.join(_SCALES)})s?\b",
        lambda m: f"{float(m[1]) * _SCALES[m[2]]:.12g}",
        text,
    )


def _unit_of(name: str) -> tuple[str, int, float] | None:
    """Base dimension, power and size of one unit symbol, or nothing if it is a plain word."""
    if name in _PLAIN_UNITS:
        return _PLAIN_UNITS[name]
    for cut in range(len(name)):
        prefix, symbol = name[:cut], name[cut:]
        if prefix in _PREFIXES and symbol in _PREFIXED:
            base, power, size = _PREFIXED[symbol]
            return base, power, size * 10.0 ** _PREFIXES[prefix]
    return None


def _read_unit(text: str, start: int) -> tuple[Dimension, float, int]:
    """The unit at `start`: its dimension, its size in base units and where it ends."""
    powers: dict[str, int] = {}
    size, end = 1.0, start
    while match := _UNIT.match(text, end):
        unit = _unit_of(match["name"])
        if unit is None or (end > start and match["name"] in ("a", "A", "as", "h")):
            break
        times = int(re.sub(r"[^\d-]", "", match["power"])) if match["power"] else 1
        times = -times if match["over"] else times
        powers[unit[0]] = powers.get(unit[0], 0) + unit[1] * times
        size *= unit[2] ** times
        end = match.end()
    return tuple(sorted((base, power) for base, power in powers.items() if power)), size, end


def _value(match: re.Match[str]) -> tuple[float, int]:
    """Value and significant digits of a matched number."""
    if match["bare"]:
        value, digits = 10.0 ** int(match["bare"]), 1
    else:
        mantissa = match["factor"] or match["decimal"]
        power = int(match["power"] or match["exponent"] or 0)
        shown = mantissa.replace(".", "").lstrip("0")
        if "." not in mantissa:
            shown = shown.rstrip("0")
        value, digits = float(mantissa) * 10.0**power, max(1, len(shown))
    return (-value if match["sign"] == "-" else value), digits


def quantities(text: str) -> list[Quantity]:
    """All numbers of `text` with their units; "2-5 keV" gives both ends the unit.

    >>> [(round(q.value, 3), q.unit) for q in quantities(r"$5.2\\times10^{-3}$ km s$^{-1}$")]
    [(5.2, (('m', 1), ('s', -1)))]
    """
    text = _respell(text)
    found: list[Quantity] = []
    waiting: list[tuple[float, int, str]] = []
    position = 0
    while match := _NUMBER.search(text, position):
        unit, size, position = _read_unit(text, match.end())
        # "4He", "2D" and "22nd" are names, not numbers.
        if position == match.end() and re.match(r"[A-Za-z]", text[position:]):
            continue
        waiting.append((*_value(match), text[match.start() : position]))
        # The first numbers of a range or list wait for the unit of the last; years never do.
        joint = _RANGE.match(text, position)
        year = re.fullmatch(r"(?:1[89]|20)\d\d", match.group())
        if not unit and not year and joint and _NUMBER.match(text, joint.end()):
            continue
        found += [Quantity(value * size, digits, unit, written) for value, digits, written in waiting]
        waiting = []
    return found


def agrees(claim: Quantity, source: Quantity) -> bool:
    """Whether `claim` states `source`, perhaps rounded, perhaps in another unit of its kind."""
    if claim.unit and source.unit and claim.unit != source.unit:
        return False
    if bool(claim.unit) != bool(source.unit):
        # One side gave the unit away with a word or symbol that is not in the table.
        return math.isclose(_leading(claim), _leading(source), rel_tol=1e-6)
    if math.isclose(claim.value, source.value, rel_tol=2e-3):
        return True
    # Rounding takes digits away and moves a value by a few percent at most.
    said = _leading(claim)
    given = source.value * said / claim.value if claim.value else source.value  # in the unit of the claim
    rounded = float(f"{given:.{claim.digits - 1}e}")
    close = math.isclose(claim.value, source.value, rel_tol=0.06)
    return claim.digits < source.digits and close and math.isclose(rounded, said, rel_tol=2e-3)


def _leading(quantity: Quantity) -> float:
    """The number as written, before its unit scaled it."""
    match = _NUMBER.match(quantity.written)
    return _value(match)[0] if match else quantity.value
