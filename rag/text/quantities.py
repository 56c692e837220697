"""Numbers and units of a text, made comparable.

Text in, quantities out: "5.2\\times10^{-3}", "5.2e-3" and "0.0052" are one number; "km s$^{-1}$"
and "kilometres per second" are one unit. Knows nothing about sentences or evidence.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache

from rag.text.terms import plain
from rag.text.units import Dimension, read_unit, symbols, unit_of

_WORD_NUMBERS = {
    word: str(value)
    for value, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
        "fifteen sixteen seventeen eighteen nineteen twenty".split()
    )
} | {"thirty": "30", "forty": "40", "fifty": "50", "sixty": "60", "seventy": "70", "eighty": "80", "ninety": "90",
     "thrice": "3", "hundredfold": "100", "thousandfold": "1000", "tens": "10", "hundreds": "100",
     "twice": "2", "double": "2", "doubled": "2", "doubles": "2", "twofold": "2",
     "threefold": "3", "fourfold": "4", "fivefold": "5", "tenfold": "10", "triple": "3", "quadruple": "4",
     "half": "0.5"}  # fmt: skip
# Digits in such a run are a table or an attack, and no number.
_TOO_LONG = re.compile(r"\d{40,}")
_ONE = _WORD_NUMBERS.pop("one")
_FRACTIONS = {
    "half": 2, "third": 3, "quarter": 4, "fourth": 4, "fifth": 5, "sixth": 6, "eighth": 8, "tenth": 10,
    "hundredth": 100, "thousandth": 1000, "millionth": 1e6,
}  # fmt: skip
_SCALES = {"dozen": 12.0, "hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12}
_ENDLESS = re.compile(r"(\d{60})\d+")  # more digits than any number has
_WORDS = re.compile(rf"\b(?!half-)({'|'.join(_WORD_NUMBERS)})s?\b", re.IGNORECASE)
_TENS_AND_ONES = re.compile(r"\b([2-9]0)-([1-9])\b")
_FRACTION = re.compile(
    rf"\b(an?|one|two|three|four|five|six|seven|eight|nine|[1-9])[ -]({'|'.join(_FRACTIONS)})s?\b(?!-[a-z])",
    re.IGNORECASE,
)
_SMALL = "one|two|three|four|five|six|seven|eight|nine"
# "Nine out of ten", "one in a hundred"; of other totals the numbers themselves are told.
_OUT_OF = re.compile(
    rf"\b(?:({_SMALL}|\d+) out of|({_SMALL}) in) (?:an? |one |every )?"
    r"(two|three|four|five|ten|hundred|thousand|million|10|100|1000)\b(?![ -](?:thousand|million|billion))",
    re.IGNORECASE,
)
_PART = re.compile(r"\b(?:one|1|a) part in (?:an? |one )?(hundred|thousand|million|10\^(\d+))")
_DECIMAL = r"\d+(?:\.\d+)?|\.\d+"
_TEN_TO = r"10\s?\^\s?\(?(?P<{}>[+-]?\d+)\)?"
_NUMBER = re.compile(
    # A minus after a digit, letter or bracket is a range or a hyphen.
    r"(?<![\w.^])(?<![A-Za-z]-)(?:(?<![\d)%/A-Za-z^-])(?<![\d)%] )(?P<sign>[-+]))?(?<!\^[-+])(?:"
    rf"(?P<factor>{_DECIMAL})(?:\s?[x*·×]\s?|\s)(?:times )?{_TEN_TO.format('power')}"
    rf"|{_TEN_TO.format('bare')}"
    rf"|(?P<decimal>{_DECIMAL})(?:[eEdD](?P<exponent>[+-]?\d+)(?!\w))?)"
)
_HUNDRED_AND = re.compile(rf"\b({_DECIMAL})[ -]hundred(?: and)? ([1-9]\d?)\b")
_RANGE = re.compile(r"\s?\(?(?:-+|to|through|and|or|,|\+/-|\.\.\.)\s?(?:and |about |some |roughly )?[~<>]*\s?")
_SPREAD = rf"\(?\b({_DECIMAL})\s?(\+/-|-|to)\s?({_DECIMAL})\)?"
# Number words as round as these are said of values near them.
_ROUND = (0.2, 0.25, 1 / 3, 0.5, 2 / 3, 0.75)
_ROUND_SLACK = 0.03
# A value told in a unit of another kind, light-years for parsecs, is rounded.
_CONVERSION = 0.04
_ROUNDING = 0.12


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number, its unit in base units, and how many digits it was given with."""

    value: float
    digits: int
    unit: Dimension
    written: str


def _respell(text: str) -> str:
    """Plain text with numbers in digits and units in symbols."""
    text = _ENDLESS.sub(r"\1", _TOO_LONG.sub(" ", plain(text)).replace("±", "+/-").replace("×", "x"))
    text = re.sub(r"\s?\((?:stat|sys|random)\w*\.?\)", "", text)
    text = re.sub(rf"\^\+({_DECIMAL})_-({_DECIMAL})", r" +/-\1, \2, -\2", text)
    text = re.sub(r"(?<=\d)x(?=\d)", " x ", text)  # errors above and below
    text = _PART.sub(lambda m: f"1 in {m[1]}" if m[1].isalpha() else f"{10 ** -float(m[2]):.12g}", text)
    text = _OUT_OF.sub(_share, text)
    text = re.sub(r"\bhalf an? (million|billion|thousand)", r"0.5 \1", text)
    text = re.sub(r"\b(\w+) and a half\b", lambda m: f"{_WORD_NUMBERS.get(m[1].lower(), 1)}.5", text)
    text = re.sub(r"\b((?:1[89]|20)\d0)s\b", r"\1", text)
    text = re.sub(r"(?<!\d)(?<!\d[ .])(\d{1,3}) (\d{3})(?![\d.])", r"\1\2", text)
    text = symbols(_FRACTION.sub(_fraction, text))
    text = re.sub(r"\b(\d+)-?fold\b", r"\1 times", text)
    text = re.sub(r"(?<=\d)[,'’](?=\d{3}(?!\d))", "", text)
    text = re.sub(r"(?<=\d to )one\b", _ONE, text)
    text = re.sub(r"\b([Oo])ne(?=[ -](?:to|in|or|million|billion|thousand|hundred|[A-Za-z]+)\b)", _one, text)
    text = _WORDS.sub(lambda m: _WORD_NUMBERS[m[1].lower()], text)
    text = _TENS_AND_ONES.sub(lambda m: str(int(m[1]) + int(m[2])), text)
    text = re.sub(rf"{_SPREAD}\s?(?:x|times)\s?{_TEN_TO.format('power')}", r"\1 x 10^\4 \2 \3 x 10^\4", text)
    text = re.sub(r"(?<!\d )\bx(?=\d)", "", text)
    text = re.sub(r"\^(?=\d+/\d)", " ", text)  # the exponent 1/2 is a number worth checking
    text = re.sub(r"(?:^|(?<=\s))\(\d\)(?=\s)", "", text)  # list numbers: "(1) ... (2) ..."
    text = re.sub(r"(?<![\d/.])([1-9])/([1-9])(?!\d|/|\.\d)", lambda m: f"{int(m[1]) / int(m[2]):.3g}", text)
    scales = "|".join(_SCALES)
    text = re.sub(
        rf"\b({_DECIMAL})[ -]hundred(?: and)? ([1-9]\d?)\b", lambda m: f"{float(m[1]) * 100 + int(m[2]):.12g}", text
    )
    text = re.sub(rf"{_SPREAD}[ -]({scales})s?\b", lambda m: f"{m[1]} {m[4]} {m[2]} {m[3]} {m[4]}", text)
    text = re.sub(rf"\ban? (hundred) ({scales})\b", r"100 \2", text)
    for _ in range(2):  # "four hundred thousand"
        text = re.sub(rf"(?<!\d)({_DECIMAL})[ -]({scales})s?\b", lambda m: f"{float(m[1]) * _SCALES[m[2]]:.12g}", text)
    return re.sub(rf"\b(?:an? )?({scales})s?\b", lambda m: f"{_SCALES[m[1]]:.12g}", text)


def _share(match: re.Match[str]) -> str:
    few, all_ = (_digits(word) for word in (match[1] or match[2], match[3]))
    return f"{100 * few / all_:.3g} %" if few < all_ else match[0]


def _digits(word: str) -> float:
    word = word.lower()
    return float(_ONE if word == "one" else _SCALES.get(word, 0) or _WORD_NUMBERS.get(word, word))


def _fraction(match: re.Match[str]) -> str:
    times = match[1].lower().replace("an", "1").replace("a", "1")
    times = _ONE if times == "one" else _WORD_NUMBERS.get(times, times)
    return f"{int(times) / _FRACTIONS[match[2].lower()]:.3g}"


def _one(match: re.Match[str]) -> str:
    """ "One" in digits before a unit or in a range; elsewhere it is a pronoun or an article."""
    follows = match.string[match.end() + 1 : match.end() + 60].split(" ")[0].split("-")[0].rstrip(".,;:")
    counts = follows in _SCALES or re.match(
        r"one (?:to|or) (?:two|three|four|five|ten|\d)", match.string[match.start() : match.start() + 60]
    )
    return _ONE if counts or (len(follows) > 1 and unit_of(follows) and follows != "as") else match[0]


def _power(written: str) -> int:
    """An exponent, as far as numbers go."""
    return max(-300, min(300, int(written[:6])))


def _value(match: re.Match[str]) -> tuple[float, int]:
    """Value and significant digits of a matched number."""
    if match["bare"]:
        value, digits = 10.0 ** _power(match["bare"]), 1
    else:
        mantissa = match["factor"] or match["decimal"]
        power = _power(match["power"] or match["exponent"] or "0")
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
    return list(_quantities(text))


@lru_cache(maxsize=256)
def _quantities(text: str) -> tuple[Quantity, ...]:
    text = _respell(text)
    found: list[Quantity] = []
    waiting: list[tuple[float, int, str]] = []
    position = 0
    while match := _NUMBER.search(text, position):
        unit, size, position = read_unit(text, match.end())
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
    return tuple(found)


def agrees(claim: Quantity, source: Quantity) -> bool:
    """Whether `claim` states `source`, perhaps rounded, perhaps in another unit of its kind."""
    said, given = _leading(claim), _leading(source)
    if bool(claim.unit) != bool(source.unit):
        # One side gave the unit away with a word or symbol that is not in the table.
        return _rounds(said, claim.digits, given, source.digits) or _is_share(claim, source)
    if claim.unit != source.unit:
        return False
    ratio = claim.value * given / (source.value * said) if source.value and said else 1.0
    if not _decimal(ratio):
        return math.isclose(claim.value, source.value, rel_tol=_CONVERSION)
    # The source in the unit of the claim.
    return _rounds(
        said, claim.digits, source.value * said / claim.value if claim.value else source.value, source.digits
    )


def _rounds(said: float, digits: int, given: float, shown: int) -> bool:
    """Whether `said`, of so many digits, is `given` or what it is rounded to."""
    if math.isclose(said, given, rel_tol=1e-6):
        return True
    # Rounding takes digits away and moves a value by a few percent at most.
    close = math.isclose(said, given, rel_tol=_ROUNDING)
    return digits < shown and close and math.isclose(float(f"{given:.{digits - 1}e}"), said, rel_tol=2e-3)


def _decimal(ratio: float) -> bool:
    """Whether two units differ by a power of ten."""
    return ratio > 0 and math.isclose(math.log10(ratio), round(math.log10(ratio)), abs_tol=1e-9)


def _is_share(claim: Quantity, source: Quantity) -> bool:
    """Whether one is the other in percent; round shares are said of values near them."""
    percent, bare = (claim, source) if claim.unit else (source, claim)
    if percent.unit != (("%", 1),):
        return False
    slack = _ROUND_SLACK if bare is claim and any(math.isclose(bare.value, r, rel_tol=0.01) for r in _ROUND) else 0.0
    return math.isclose(percent.value / 100, bare.value, rel_tol=0.02, abs_tol=slack)


def _leading(quantity: Quantity) -> float:
    """The number as written, before its unit scaled it."""
    match = _NUMBER.match(quantity.written)
    return _value(match)[0] if match else quantity.value
