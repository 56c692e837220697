"""Where a paper was published, in the parts that a bibliography asks for, and the bibcode that ADS makes of these.

https://ui.adsabs.harvard.edu/help/actions/bibcode
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from rag.citing.names import surname
from rag.papers import NEW_ID, Paper, year_of_id
from rag.text import references
from rag.text.personal_names import folded

# The code of rag/text/references.py, the name that a journal goes by, and its five letters in a bibcode. Those whose
# bibcodes don't follow the common rule have none.
_TABLE = """
a&a     A&A                     A&A
a&as    A&AS                    A&AS
adspr   Adv. Space Res.         AdSpR
aj      AJ                      AJ
an      Astron. Nachr.          AN
angeo   Ann. Geophys.           AnGeo
ap&ss   Ap&SS                   Ap&SS
aph     Astropart. Phys.        APh
apj     ApJ                     ApJ
apjl    ApJL                    ApJ
apjs    ApJS                    ApJS
ara&a   ARA&A                   ARA&A
astl    Astron. Lett.           AstL
cqgra   Class. Quantum Grav.    CQGra
grgr    Gen. Relativ. Gravit.   GReGr
icar    Icarus                  Icar
jcap    JCAP                    -
jgra    J. Geophys. Res.        -
jhep    JHEP                    -
mnras   MNRAS                   MNRAS
natur   Nature                  Natur
natas   Nat. Astron.            NatAs
newa    New A                   NewA
newar   New A Rev.              NewAR
njph    New J. Phys.            NJPh
nuphb   Nucl. Phys. B           NuPhB
p&ss    Planet. Space Sci.      P&SS
pasa    PASA                    PASA
pasj    PASJ                    PASJ
pasp    PASP                    PASP
phlb    Phys. Lett. B           PhLB
phr     Phys. Rep.              PhR
phrva   Phys. Rev. A            PhRvA
phrvd   Phys. Rev. D            PhRvD
phrve   Phys. Rev. E            PhRvE
phrvl   Phys. Rev. Lett.        PhRvL
raa     Res. Astron. Astrophys. RAA
rpph    Rep. Prog. Phys.        RPPh
rvmp    Rev. Mod. Phys.         RvMP
sci     Science                 Sci
soph    Sol. Phys.              SoPh
ssrv    Space Sci. Rev.         SSRv
"""
_ROWS = [line.split(maxsplit=1) for line in _TABLE.strip().splitlines()]
_NAMES = {code: rest.rsplit(maxsplit=1)[0].strip() for code, rest in _ROWS}
_STEMS = {code: rest.rsplit(maxsplit=1)[1].strip("-") for code, rest in _ROWS}
_PAGE = re.compile(r"(?P<letter>[A-Z]?)(?P<number>\d{1,4})(?!\d)|(?P<long>\d{5,6})(?!\d)")


@dataclass(frozen=True, slots=True)
class Published:
    """A place in a journal. ``code`` is the journal's in :mod:`rag.text.references`, where it is one of those."""

    journal: str
    volume: str
    pages: str
    year: int
    code: str | None


def published(paper: Paper) -> Published | None:
    """The place as the paper's library gives it, else as its journal reference says; None when that can't be read."""
    if paper.journal:
        code = references.journal_of(paper.journal)
        return Published(paper.journal, paper.volume or "", paper.pages or "", paper.year, code)
    place = references.place_of(paper.journal_ref or "")
    if place is None:
        return None
    return Published(_NAMES[place.journal], place.volume, place.page, int(place.year or paper.year), place.journal)


def year(paper: Paper) -> int:
    """The year of publication, as far as it is known, else that of the first version."""
    place = published(paper)
    return place.year if place else paper.year


def bibcode(paper: Paper) -> str | None:
    """The paper's bibcode: the one that is known, else made of its journal, else of its arXiv id.

    None when it has neither. ADS knows a published paper by the one of its arXiv id too.
    """
    return paper.bibcode or _of_journal(paper) or _of_arxiv(paper)


def _of_journal(paper: Paper) -> str | None:
    place = published(paper)
    stem = _STEMS.get(place.code or "") if place else ""
    page = _PAGE.match(place.pages.upper()) if place else None
    dated = paper.journal or references.YEAR.search(paper.journal_ref or "")
    if not place or not stem or not page or not dated or not re.fullmatch(r"\d{1,4}", place.volume):
        return None
    if page["long"]:
        # Of six digits the first two become a letter, a for 01; of five the first stands where a letter would.
        first, rest = page["long"][:-4], page["long"][-4:]
        qualifier = first if len(first) == 1 else chr(ord("a") - 1 + int(first))
    else:
        qualifier = page["letter"] or ("L" if place.code == "apjl" else ".")
        rest = page["number"]
    return f"{place.year}{stem:.<5}{place.volume:.>4}{qualifier}{rest:.>4}{_initial(paper)}"


def _of_arxiv(paper: Paper) -> str | None:
    """As 2018arXiv180410655R and, before 2007, 1998astro.ph..5201P."""
    try:
        given = year_of_id(paper.id)
    except ValueError:
        return None
    if NEW_ID.fullmatch(paper.id):
        number = paper.id if len(paper.id) == 9 else paper.id.replace(".", "")
        return f"{given}arXiv{number}{_initial(paper)}"
    archive, _, number = paper.id.partition("/")
    stem = archive.partition(".")[0].replace("-", ".")
    return f"{given}{stem:.<9}{number[2:].lstrip('0'):.>5}{_initial(paper)}"


def _initial(paper: Paper) -> str:
    first = folded(surname(paper.authors[0]))[:1].upper() if paper.authors else ""
    return first if first.isascii() and first.isalpha() else "."
