"""Units of measurement: how they are spelt, and what they are in base units.

Text in, text with units as symbols out ("metres per second" becomes "m/s"); a symbol in, its
dimension and size out. Knows nothing about numbers.
"""

from __future__ import annotations

import re

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
    "mag": ("mag", 1, 1.0),
}  # fmt: skip
_PLAIN = {
    "%": ("%", 1, 1.0), "percent": ("%", 1, 1.0), "AU": ("m", 1, 1.496e11), "ly": ("m", 1, 9.461e15),
    "Angstrom": ("m", 1, 1e-10), "micron": ("m", 1, 1e-6), "microns": ("m", 1, 1e-6),
    "min": ("s", 1, 60.0), "hour": ("s", 1, 3600.0), "day": ("s", 1, 86400.0), "week": ("s", 1, 604800.0),
    "month": ("s", 1, 2.63e6), "year": ("s", 1, 3.156e7), "second": ("s", 1, 1.0), "minute": ("s", 1, 60.0),
    "Msun": ("g", 1, 1.98841e33), "Rsun": ("m", 1, 6.957e8), "Lsun": ("Lsun", 1, 1.0), "Rearth": ("m", 1, 6.3781e6),
    "Mearth": ("g", 1, 5.9722e27), "Mjup": ("g", 1, 1.8981e30), "Rjup": ("m", 1, 7.1492e7), "deg": ("deg", 1, 1.0),
    "arcmin": ("deg", 1, 1 / 60), "dex": ("dex", 1, 1.0), "sr": ("sr", 1, 1.0), "rad": ("deg", 1, 57.29578),
    "c": ("c", 1, 1.0), "tonne": ("g", 1, 1e6), "ton": ("g", 1, 1e6), "mile": ("m", 1, 1609.3),
    "foot": ("m", 1, 0.3048), "inch": ("m", 1, 0.0254), "decade": ("s", 1, 3.156e8), "century": ("s", 1, 3.156e9),
    "sigma": ("sigma", 1, 1.0), "σ": ("sigma", 1, 1.0), "ppm": ("%", 1, 1e-4), "Rstar": ("Rstar", 1, 1.0),
    "Rsch": ("Rsch", 1, 1.0), "pixel": ("pixel", 1, 1.0), "dB": ("dB", 1, 1.0),
    "A": ("m", 1, 1e-10), "h": ("s", 1, 3600.0),
    "d": ("s", 1, 86400.0),
}  # fmt: skip
_HUBBLE = ("h", 1, 1.0)  # the h of "h^-1 Mpc"; without a power it is an hour
_SPELT_PREFIX = {
    "pico": "p", "nano": "n", "micro": "u", "milli": "m", "centi": "c", "kilo": "k", "mega": "M", "giga": "G",
    "tera": "T", "peta": "P", "exa": "E", "": "",
}  # fmt: skip
_SPELT = {
    "metre": "m", "meter": "m", "parsec": "pc", "second": "s", "gram": "g", "gramme": "g", "hertz": "Hz",
    "electronvolt": "eV", "electron volt": "eV", "electron-volt": "eV", "kelvin": "K", "gauss": "G", "tesla": "T",
    "watt": "W", "joule": "J", "jansky": "Jy", "arcsecond": "arcsec", "arc second": "arcsec", "erg": "erg",
    "year": "yr", "magnitude": "mag", "pascal": "Pa",
}  # fmt: skip
# Words that a prefix and a symbol would make.
_WORDS = frozenset({"has", "ha", "hm"})
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
_SPELLINGS = tuple(
    (re.compile(pattern), unit)
    for pattern, unit in (
        (r"\b(?:solar|sun)[ -]mass(?:es)?\b|\bM_?\(?sun\)?|\bM_?o\b|\bMsol\b|M☉|M_?⊙", "Msun"),
        (r"\bsolar radi(?:us|i)\b|\bR_?sun|\bR_?s\b|R☉|R_?⊙", "Rsun"),
        (r"\bsolar luminosit(?:y|ies)\b|\bL_?sun|\bLsol\b|L☉|L_?⊙", "Lsun"),
        (r"\bEarth[ -]mass(?:es)?\b|\bM_earth", "Mearth"),
        (r"\bEarth[ -]radi(?:us|i)\b|\bR_earth", "Rearth"),
        (r"\bJupiter[ -]mass(?:es)?\b|\bM_?[Jj]up\b|\bM_J\b", "Mjup"),
        (r"\bJupiter[ -]radi(?:us|i)\b|\bR_?[Jj]up\b|\bR_J\b", "Rjup"),
        (r"\b[Ll]ight[ -]years?\b", "ly"),
        (r"\b[Aa]stronomical units?\b|\bau\b|\bA\.U\.", "AU"),
        (r"\b(?:times )?(?:of )?(?:the )?(?:speed of light|light[ -]speed)\b", "c"),
        (r"\bper ?cent\b", "%"),
        (r"\b[Dd]egrees?\b|°|\^0\b", " deg"),
        (r"Å|\bAA\b|\b[Aa]ngstroms?\b", "Angstrom"),
        (r"(?<=\d)\s?[″\"]|(?<=\d)''", " arcsec"),
        (r"(?<=\d)\s?[′']", " arcmin"),
        (r"\barc ?minutes?\b", "arcmin"),
        (r"\b(hour|day|week|month|year|second|minute|tonne|ton|mile|decade|pixel)s\b", r"\1"),
        (r"\bcenturies\b", "century"),
        (r"\bfeet\b", "foot"),
        (r"\binches\b", "inch"),
        (r"\bstandard deviations?\b|\bsigmas\b", "sigma"),
        (r"\bparts per million\b", "ppm"),
        (r"\bstellar radi(?:us|i)\b", "Rstar"),
        (r"\b(?:Schwarzschild|gravitational) radi(?:us|i)\b", "Rsch"),
        (r"\b[Ll]ight-(seconds?|minutes?|hours?|days?)\b", r"c \1"),
        (r"\bhrs?\b", "hour"),
        (r"\byrs\b", "yr"),
        (r"\bkms(?=\^?-1)", "km s"),
        (r"(?i:(?<=\d )kms\b|(?<=\d)kms\b)", "km/s"),
        (r"(?<=\d)mpc\b", "Mpc"),
        (r"(?<=\d)kpc\b", "kpc"),
    )
)
_ORDERS = ((r"\b(?:an?|one) order of magnitude\b", "10 times"), (r"\btwo orders of magnitude\b", "100 times"))
_ANY_SPELT = rf"({'|'.join(filter(None, _SPELT_PREFIX))}|)({'|'.join(_SPELT)})s?"
_POWERED = re.compile(rf"\b(square|cubic) {_ANY_SPELT}\b", re.IGNORECASE)
_SPELT_OUT = re.compile(rf"\b{_ANY_SPELT}\b", re.IGNORECASE)
_UNIT = re.compile(
    r"\)?[\s-]?(?P<over>/\s?|per )?(?P<name>%|[A-Za-zµμσ]+)(?P<power>\^?\(?[+-]?\d\)?(?!\d|\.\d))?(?![A-Za-z\d])"
)


def symbols(text: str) -> str:
    """Plain text with units as symbols.

    >>> symbols("25 milliarcseconds at 3 metres per second")
    '25 marcsec at 3 m per second'
    """
    text = re.sub("[⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺]+", lambda m: "^" + m[0].translate(_SUPERSCRIPTS), text)
    for pattern, meant in _ORDERS:
        text = re.sub(pattern, meant, text)
    text = re.sub(r"\b[Oo]rders? of magnitudes?\b", "orders", text)
    text = _POWERED.sub(lambda m: f"{_symbol(m[2], m[3])}^{2 if m[1].lower() == 'square' else 3}", text)
    text = re.sub(r"\b(?:[Ss]quare|sq\.?) deg(?:rees?)?\b", "deg^2", text)
    text = _SPELT_OUT.sub(lambda m: _symbol(m[1], m[2]), text)
    for spelling, unit in _SPELLINGS:
        text = spelling.sub(unit, text)
    return text


def _symbol(prefix: str, name: str) -> str:
    symbol = _SPELT_PREFIX[prefix.lower()] + _SPELT[name.lower()]
    # Alone, "second" and "year" may as well be words; they are units where a number stands before them.
    return name.lower() if symbol in ("s", "yr") and not prefix else symbol


def unit_of(name: str) -> tuple[str, int, float] | None:
    """Base dimension, power and size of one unit symbol, or nothing if it is a plain word."""
    if name in _WORDS:
        return None
    if name in _PLAIN:
        return _PLAIN[name]
    for cut in range(len(name)):
        prefix, symbol = name[:cut], name[cut:]
        if prefix in _PREFIXES and symbol in _PREFIXED:
            base, power, size = _PREFIXED[symbol]
            return base, power, size * 10.0 ** _PREFIXES[prefix]
    return None


def is_unit(word: str) -> bool:
    """Whether a word with capitals in it is a unit: "GeV", "Mpc", "AU"."""
    return word == "AU" or (len(word) >= 3 and unit_of(word) is not None)


def read_unit(text: str, start: int) -> tuple[Dimension, float, int]:
    """The unit at `start`: its dimension, its size in base units and where it ends."""
    powers: dict[str, int] = {}
    size, end = 1.0, start
    while match := _UNIT.match(text, end):
        name = match["name"]
        times = int(re.sub(r"[^\d-]", "", match["power"])) if match["power"] else 1
        unit = _HUBBLE if name == "h" and match["power"] else unit_of(name)
        if unit is None or (end > start and name in ("a", "A", "as", "d", "min")):
            break
        times = -times if match["over"] else times
        powers[unit[0]] = powers.get(unit[0], 0) + unit[1] * times
        size *= unit[2] ** times
        end = match.end()
    return tuple(sorted((base, power) for base, power in powers.items() if power)), size, end
