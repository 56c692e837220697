"""Cut an abstract into sentences without being fooled by the way astronomers write.

Text in, spans out. Knows about LaTeX, abbreviations and initials; knows nothing about meaning.
The spans cover the text in order, so joining the sentences gives the text back, whitespace aside.
"""

from __future__ import annotations

import re

# Never end a sentence, whatever follows.
_OPEN_ABBREVIATIONS = frozenset(
    "e.g i.e eg ie cf vs viz approx resp ca dr prof mr mrs mt eds incl excl wrt w.r.t s.t "
    "fig figs eq eqs eqn eqns sect sects ref refs tab chap app astrophys astron phys lett mon "
    "univ dept inst obs".split()
)
# End a sentence unless a number follows: "No. 4", "Sec. 3", "vol. 12", "Obs. 2".
_NUMBERED_ABBREVIATIONS = frozenset(
    "no nos sec secs vol pp p ch ser var art nr jan feb mar apr jun jul aug sep sept oct nov dec".split()
)
# End a sentence only if a word that commonly opens one follows: "et al. We", "in the U.S. The".
# Journal names are among them, for references quoted in running text.
_DOUBTFUL_ABBREVIATIONS = frozenset(
    "al etal u.s u.k u.s.a a.k.a jr sr st ph.d a.m p.m rev soc res sci sol terr atmos nucl instrum "
    "theor geophys ann proc natl acad math letts bull trans".split()
)
_OPENERS = frozenset(
    "a above according accordingly additionally after all also although among an and another any "
    "applying are as assuming at based because besides both but by combined combining compared "
    "comparing comparison consequently contrary depending despite due during each either even "
    "finally first following for from furthermore given hence here how however if in including "
    "indeed instead it its lastly many moreover more most nearly nevertheless next no nor not note "
    "on once one only other others our recent recently second several similarly since so some such "
    "than that the their then there therefore these they this those though three through thus to "
    "together two under unless unlike until using we what when where whereas whether which while "
    "with within without".split()
)
# Headings of structured abstracts and list numbers say nothing alone; each stays with what follows.
_HEADING = re.compile(
    r"(?:context|aims?|methods?|results?|conclusions?|background|purpose|objectives?|summary)"
    r"(?: and \w+)?[.:]|\(?\d{1,2}[.)]",
    re.IGNORECASE,
)
_STOP = re.compile(r"[.!?]+[\"'”’)\]}]*(?=\s|$)")
# A missing blank ("galaxies.We find") is only believed before a word that opens sentences.
_GLUED_STOP = re.compile(r"(?<=[a-z)]{3})\.(?=(?:The|We|This|These|Our|In|It|However|For|Here|As)\b)")
_OPENING = re.compile(r"[\"'“‘(\[{`$\\]*\s*(?:[A-Z0-9\u00c0-\u00de\u0391-\u03a9]|[a-z]+[A-Z]|[$\\({\[])")
_MATH = re.compile(r"(?<!\\)\$\$?[^$]{1,400}?(?<!\\)\$\$?|\\\(.{1,400}?\\\)|\\\[.{1,400}?\\\]", re.DOTALL)
_PARENTHESIS = re.compile(r"\([^()]{1,300}\)|\[[^\[\]]{1,300}\]")
# What decides about a stop stands within this many characters of it.
_NEAR = 80
_INITIAL = re.compile(r"(?:[A-Z]\.?-?)*(?<![A-Z])[A-Z]")
_NUMBER_BEFORE = re.compile(r"[\d}$%]\s*~?\s*$")
_LAST_WORD = re.compile(r"[^\s(\[{,;/$]+$")


def _protected(text: str) -> list[tuple[int, int]]:
    """Stretches in which no sentence ends: formulas and balanced brackets."""
    formulas = [match.span() for match in _MATH.finditer(text)]
    # Brackets inside formulas may be half-open intervals, so they are blanked before pairing.
    outside = list(text)
    for start, end in formulas:
        outside[start:end] = "x" * (end - start)
    return formulas + [match.span() for match in _PARENTHESIS.finditer("".join(outside))]


def _is_abbreviation(before: str, after: str) -> bool:
    """Whether the stop after `before` belongs to a shortened word rather than to the sentence."""
    match = _LAST_WORD.search(before)
    if match is None:
        return False
    word = match.group().strip("\"'“‘").removesuffix(".")
    next_word = re.match(r"[A-Za-z]+(?![\w&.])", after)  # not the "A" of "A&A"
    opens = next_word is not None and next_word.group().lower() in _OPENERS
    low = word.lower()
    if low in _OPEN_ABBREVIATIONS:
        return True
    if low in _NUMBERED_ABBREVIATIONS and not word.isupper():
        return after[:1].isdigit()
    if low in _DOUBTFUL_ABBREVIATIONS:
        return not opens
    # "J. Smith" and "J.-P. Smith", but "at 4 K. Smith", "Sgr A. We" and "model C. The".
    if opens or _NUMBER_BEFORE.search(before[: match.start()]):
        return False
    return _INITIAL.fullmatch(word) is not None


def _ends(text: str) -> list[int]:
    """Offsets just past each sentence end, in order, the end of the text left out."""
    shielded = _protected(text)
    ends = []
    for match in sorted([*_STOP.finditer(text), *_GLUED_STOP.finditer(text)], key=lambda m: m.start()):
        stop, end = match.start(), match.end()
        after = text[end : end + _NEAR].lstrip()
        if not after or not _OPENING.match(after):
            continue
        # A formula or bracket that closes on the stop itself ("(see text.)") does not hide it.
        if any(start < stop and end < close for start, close in shielded):
            continue
        if text[stop:end].startswith("...") and not re.match(r"[A-Z]", after):
            continue
        if text[stop] == "." and _is_abbreviation(text[max(stop - _NEAR, 0) : stop], after):
            continue
        ends.append(end)
    return ends


def spans(text: str) -> list[tuple[int, int]]:
    """Character ranges of the sentences of `text`, without the blanks around them.

    >>> spans("Seen at z~6. We agree with Li et al. (2004).")
    [(0, 12), (13, 44)]
    """
    found: list[tuple[int, int]] = []
    start = 0
    for end in [*_ends(text), len(text)]:
        piece = text[start:end]
        if not piece.strip():
            continue
        if _HEADING.fullmatch(piece.strip()) and end < len(text):
            continue
        left = start + len(piece) - len(piece.lstrip())
        found.append((left, left + len(piece.strip())))
        start = end
    return found


def split(text: str) -> list[str]:
    """The sentences of `text`, each with its blanks collapsed.

    >>> split("Aims. We test $E=1.$ Then, e.g. in Fig. 3, we stop.")
    ['Aims. We test $E=1.$ Then, e.g. in Fig. 3, we stop.']
    """
    return [" ".join(text[start:end].split()) for start, end in spans(text)]
