"""Whether a search finds the same papers however people write it: names, spellings, formulas, quoted sentences.

Names come from a file of queries with the papers that match; everything else is made from the papers of the index,
by a seed.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from machine import Row, describe, percentiles, table

from rag.papers import Paper
from rag.retrieval.query.understand import understand
from rag.session import Session
from rag.settings import load_settings
from rag.text.sentences import split

FIRST = 5
AMONG = 10
BRITISH = dict(
    pair.split()
    for pair in (
        "color colour,behavior behaviour,center centre,fiber fibre,polarization polarisation,ionization ionisation,"
        "magnetization magnetisation,reionization reionisation,modeling modelling,catalog catalogue,disk disc,"
        "disks discs,gray grey,sulfur sulphur,analyzing analysing,parameterization parametrisation,"
        "randomization randomisation,optimization optimisation,characterization characterisation,meter metre,"
        "labeled labelled,neighbors neighbours,aging ageing"
    ).split(",")
)
COMPOUNDS = (
    "light curve,time scale,line width,red shift,sub structure,super nova,micro lensing,black hole,neutron star,"
    "dark matter,large scale,high redshift,low mass,star formation,gamma ray,x ray,cross section,white dwarf"
).split(",")
FORMULAS = ("CO2", "H2O", "CH4", "NH3", "N2", "O2", "H2", "HCO+", "H3+", "C2H2", "SO2", "CH3OH", "N2H+", "C60", "TiO2")
SUBSCRIPTS = str.maketrans("0123456789+", "₀₁₂₃₄₅₆₇₈₉⁺")

Pair = tuple[str, str]


def main() -> None:
    """Print a markdown table."""
    options = _options()
    session = Session(load_settings(index=options.index))
    papers = [paper for _, paper in session.index.content.all_papers()]
    random.Random(options.seed).shuffle(papers)
    rows = _names(session, options.names, options.details) if options.names else []
    for kind, pairs in _respellings(papers, options.seed):
        rows.append(_stable(session, kind, pairs[: options.pairs], options.details))
    rows += _formulas(session, papers)
    rows.append(_quoted(session, papers[: options.quotes], options.seed))
    rows.append(_understood(session, [paper.title for paper in papers[:300]]))
    print(describe(f"index {options.index}, {len(papers):,} papers, seed {options.seed}"))
    print(table(rows))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--index", default="starter", help="index to search")
    parser.add_argument("--names", type=Path, help='JSON lines with "query", "names", "first", "years" and "gold_ids"')
    parser.add_argument("--pairs", type=int, default=40, help="how many pairs of each kind of respelling")
    parser.add_argument("--quotes", type=int, default=300, help="how many sentences to quote")
    parser.add_argument("--seed", type=int, default=7, help="which papers are drawn, and which slips are made")
    parser.add_argument("--details", action="store_true", help="print each query that found less than half")
    return parser.parse_args()


def _found(session: Session, query: str, limit: int = AMONG) -> list[str]:
    return [one for hit in session.search(query, limit=limit).hits for one in (hit.paper.id, *hit.duplicates)]


def _names(session: Session, file: Path, details: bool) -> list[Row]:
    """The share of the right papers in the first ten, of ten or all of them, as pasted and as typed."""
    ways: dict[str, list[float]] = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        asked = json.loads(line)
        right = set(asked["gold_ids"])
        for way, query in _typed(asked):
            found = len(right & set(_found(session, query)[:AMONG])) / min(AMONG, len(right))
            ways.setdefault(way, []).append(found)
            if details and found < 0.5:
                print(f"{way}: {query!r} found {found:.0%} of {len(right)}")
    typed = [found for way, shares in ways.items() if way != "as pasted" for found in shares]
    rows = [
        Row(f"names {way}: right papers in the first ten", _percent(shares), "90 %" if way == "as pasted" else "")
        for way, shares in ways.items()
    ]
    return [*rows, Row("names typed, all ways", _percent(typed), "85 %")]


def _typed(asked: dict[str, object]) -> Iterator[tuple[str, str]]:
    """A query as pasted and in the six ways in which people type it."""
    yield "as pasted", str(asked["query"])
    names = [str(name).strip(" .,") for name in asked["names"]]  # type: ignore[attr-defined]
    years, first = asked["years"], bool(asked["first"][0])  # type: ignore[index]
    surnames = [re.split(r"\s*,\s*", name)[0].title() for name in names]
    given = [name.partition(",")[2].strip(" .").title() for name in names]
    turned = [f"{_initials(one)} {name}".strip() for one, name in zip(given, surnames, strict=True)]
    when = "" if not years else f" {years[0]}" if years[0] == years[1] else f" {years[0]}-{years[1]}"  # type: ignore[index]
    yield "surname", " and ".join(surnames) + when
    yield "small letters", " ".join([*map(str.lower, surnames), when.strip()]).strip()
    inverted = [f"{name}, {_initials(one)}" if one else name for one, name in zip(given, surnames, strict=True)]
    yield "inverted", "; ".join(inverted) + when
    yield "initials first", " & ".join(turned) + when
    yield "papers by", f"papers by {' and '.join(turned)}{f' in{when}' if when and '-' not in when else when}"
    yield (
        "first author" if first else "et al.",
        (f"first author {surnames[0]}{when}" if first else f"{' & '.join(surnames)} et al.{when}"),
    )


def _initials(given: str) -> str:
    return " ".join(f"{word[0]}." if len(word) <= 2 else word for word in re.split(r"[\s.]+", given) if word)


def _respellings(papers: Sequence[Paper], seed: int) -> Iterator[tuple[str, list[Pair]]]:
    """Titles of papers, each with another way to write it, kind by kind."""
    titles = [paper.title for paper in papers if 3 <= len(paper.title.split()) <= 14]
    dice = random.Random(seed)
    yield "British and American", _pairs(titles, _british)
    yield "slips of the pen", _pairs(titles, lambda title: _slip(title, dice))
    yield "hyphens and blanks", _pairs(titles, _rejoined)
    yield "numbers and designations", _pairs(titles, _renumbered)
    yield "chemistry", _pairs([title for paper in papers for title in (paper.title,)], _reformed)


def _pairs(titles: Sequence[str], change: Callable[[str], str]) -> list[Pair]:
    return [(title, other) for title in titles if (other := change(title)) != title]


def _british(title: str) -> str:
    american = {british: word for word, british in BRITISH.items()}
    words = re.split(r"(\W+)", title)
    other = [BRITISH.get(word.lower()) or american.get(word.lower()) or word for word in words]
    return "".join(other)


def _slip(title: str, dice: random.Random) -> str:
    """One long word with two letters swapped, one left out or one doubled."""
    words = title.split()
    long = [place for place, word in enumerate(words) if len(word) > 6 and word.isalpha() and word[1:].islower()]
    if not long:
        return title
    place = dice.choice(long)
    word, at = words[place], dice.randrange(2, len(words[place]) - 2)
    changed = dice.choice(
        (
            word[:at] + word[at + 1] + word[at] + word[at + 2 :],
            word[:at] + word[at + 1 :],
            word[:at] + word[at:][0] + word[at:],
        )
    )
    words[place] = changed
    return " ".join(words)


def _rejoined(title: str) -> str:
    """Compounds with a hyphen for their blank, a blank for their hyphen, or closed."""
    for compound in COMPOUNDS:
        one, other = compound.split()
        if match := re.search(rf"\b{one}([ -]?){other}", title, re.I):
            gap = {" ": "-", "-": " ", "": " "}[match[1]]
            return title[: match.start(1)] + gap + title[match.end(1) :]
    return title


def _renumbered(title: str) -> str:
    """ "21 cm" as "21cm", "HD 209458" as "HD209458", and the reverse."""
    joined = re.sub(r"\b(\d+) (cm|mm|GHz|MHz|keV|TeV|GeV|micron|kpc|Mpc|pc)\b", r"\1\2", title)
    joined = re.sub(r"\b(NGC|HD|GRB|IC|PSR|SN|GJ|KIC) (\d{2,})", r"\1\2", joined)
    if joined != title:
        return joined
    apart = re.sub(r"\b(\d+)(cm|mm|GHz|MHz|keV|TeV|GeV|micron|kpc|Mpc|pc)\b", r"\1 \2", title)
    return re.sub(r"\b(NGC|HD|GRB|IC|PSR|SN|GJ|KIC)(\d{2,})", r"\1 \2", apart)


def _reformed(title: str) -> str:
    """Formulas and ions in plain letters for those in LaTeX, and the reverse."""
    plain = re.sub(r"\$?[_^]\{?([\d+]+)\}?\$?", r"\1", title) if re.search(r"[A-Z]\$[_^]", title) else title
    if plain != title:
        return plain
    scripts = (
        re.sub(r"\b((?:[A-Z][a-z]?)+)(\d)(?=[\s,:)]|$)", r"\1$_\2$", title)
        if re.search(r"\bC?[HONC]+\d\b", title)
        else title
    )
    if scripts != title:
        return scripts
    return re.sub(r"\b(He|C|N|O|Fe|Si|Mg|Ca|Na|H) (I{1,3}|IV|VI{0,3}|XV|XIV)\b", r"\1\2", title)


def _stable(session: Session, kind: str, pairs: Sequence[Pair], details: bool) -> Row:
    shares = []
    for base, variant in pairs:
        first, others = _found(session, base)[:FIRST], set(_found(session, variant))
        shares.append(len(others.intersection(first)) / max(len(first), 1))
        if details and shares[-1] < 0.8:
            print(f"{kind}: {base!r} as {variant!r} kept {shares[-1]:.0%}")
    return Row(f"{kind}, {len(pairs)} pairs: first five among the other's first ten", _percent(shares), "80 %")


def _formulas(session: Session, papers: Sequence[Paper]) -> list[Row]:
    """How many of the papers that write a formula in LaTeX or in plain letters its plain letters find."""
    found: dict[str, list[float]] = {"LaTeX": [], "plain": []}
    for formula in FORMULAS:
        written = {"LaTeX": _saying(papers, _in_latex(formula)), "plain": _saying(papers, re.escape(formula))}
        every = len(written["LaTeX"] | written["plain"])
        hits = set(_found(session, formula, every)) if every else set()
        for way, ids in written.items():
            found[way] += [float(one in hits) for one in sorted(ids)]
    latex, plain = np.mean(found["LaTeX"] or [0.0]), np.mean(found["plain"] or [1.0])
    return [
        Row(f"papers with a formula in plain letters found by it, {len(found['plain'])}", _percent(found["plain"]), ""),
        Row(
            f"papers with one in LaTeX found by its plain letters, {len(found['LaTeX'])}", _percent(found["LaTeX"]), ""
        ),
        Row("the second of the first", f"{latex / max(plain, 1e-9):.0%}", "90 %"),
    ]


def _in_latex(formula: str) -> str:
    return "".join(
        rf"\s?\$?[_^]?\{{?\$?[_^]?{re.escape(sign)}\}}?\$?" if not sign.isalpha() else sign for sign in formula
    )


def _saying(papers: Sequence[Paper], pattern: str) -> set[str]:
    said = re.compile(rf"(?<![\w$_^}}]){pattern}(?![\w$_^+{{])")
    plain = not pattern.startswith("\\s") and "\\$" not in pattern
    return {
        paper.id
        for paper in papers
        if (match := said.search(paper.text)) and (plain or "$" in match[0] or "_" in match[0] or "^" in match[0])
    }


def _quoted(session: Session, papers: Sequence[Paper], seed: int) -> Row:
    dice = random.Random(seed)
    first = []
    for paper in papers:
        sentences = [one for one in split(paper.abstract) if len(one.split()) >= 8] or [paper.title]
        quote = dice.choice(sentences)
        hits = session.search(quote, limit=1).hits
        first.append(float(bool(hits) and paper.id in (hits[0].paper.id, *hits[0].duplicates)))
    return Row(f"{len(papers)} quoted sentences: paper first", _percent(first), "99 %")


def _understood(session: Session, queries: Sequence[str]) -> Row:
    """How long a query takes to be understood, its spelling looked at too."""
    index = session.index
    understand("warm up", index)
    seconds = []
    for query in queries:
        started = time.thread_time()
        understand(query, index)
        seconds.append(time.thread_time() - started)
    return Row("a query understood, processor time", percentiles(seconds), "3 ms")


def _percent(shares: Sequence[float]) -> str:
    return f"{np.mean(shares):.1%}" if len(shares) else "none"


if __name__ == "__main__":
    main()
