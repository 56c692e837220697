"""Where a paper was published, as keys that a DOI, a journal reference and an ADS bibcode have in common.

A key is ``journal|volume|page`` with the abbreviation that bibcodes use (``apj|826|56``), ``doi:...`` or
``arxiv:...``. Bibcodes: https://ui.adsabs.harvard.edu/help/actions/bibcode
"""

from __future__ import annotations

import re
from typing import NamedTuple

# Journal names as references abbreviate them, squeezed to their letters, by bibcode abbreviation.
JOURNALS = {
    "a&a": "a&a aa astronastrophys astronomyandastrophysics astronomyastrophysics astronandastrophys",
    "a&as": "a&as aas astronastrophyssuppl astronastrophyssupplser",
    "adspr": "advspaceres adspr",
    "aj": "aj astronj astronomicalj astronomicaljournal",
    "an": "an astronnachr",
    "angeo": "anngeophys annalesgeophysicae",
    "ap&ss": "ap&ss apss astrophysspacesci astrophysicsandspacescience",
    "aph": "aph astropartphys astroparticlephys",
    "apj": "apj astrophysj astrophysicaljournal astrophysicalj",
    "apjl": "apjl astrophysjl astrophysjlett astrophysicaljournalletters",
    "apjs": "apjs astrophysjsuppl astrophysjs astrophysicaljournalsupplement",
    "ara&a": "ara&a araa annrevastronastrophys annualreviewofastronomyandastrophysics",
    "astl": "astronlett",
    "cqgra": "cqg classquantgrav classquantumgrav",
    "grgr": "genrelgrav genrelativgravit grg",
    "icar": "icarus",
    "jcap": "jcap",
    "jgra": "jgeophysres jgeophysresspacephysics",
    "jhep": "jhep",
    "mnras": "mnras monnotroyastronsoc monthlynoticesoftheroyalastronomicalsociety monnotrastronsoc",
    "natur": "nature",
    "natas": "natureastron natureastronomy natastron",
    "newa": "newastron newastronomy na",
    "newar": "newastronrev",
    "njph": "njp newjphys newjournalofphysics",
    "nuphb": "nuclphysb nuclphys",
    "p&ss": "planetspacesci",
    "pasa": "pasa publastronsocaust",
    "pasj": "pasj publastronsocjap publastronsocjpn",
    "pasp": "pasp publastronsocpac publastronsocpacific",
    "phlb": "physlettb physlett",
    "phr": "physrept physrep physicsreports",
    "phrva": "physreva pra",
    "phrvd": "physrevd prd physrev",
    "phrve": "physreve pre",
    "phrvl": "physrevlett prl",
    "raa": "raa resastronastrophys",
    "rpph": "reptprogphys repprogphys",
    "rvmp": "revmodphys rmp",
    "sci": "science",
    "soph": "solarphys solarphysics solphys",
    "ssrv": "spacescirev",
}
ABBREVIATIONS = {name: key for key, names in JOURNALS.items() for name in names.split()}
# Publishers' DOIs that spell volume and page out, by what stands before them.
IOP = {
    "0004-637x": "apj",
    "1538-4357": "apj",
    "2041-8205": "apjl",
    "2041-8213": "apjl",
    "0067-0049": "apjs",
    "0004-6256": "aj",
    "1538-3881": "aj",
    "1475-7516": "jcap",
    "1126-6708": "jhep",
    "0264-9381": "cqgra",
    "1367-2630": "njph",
    "1674-4527": "raa",
    "1538-3873": "pasp",
    "0034-4885": "rpph",
}
IOP_DOI = re.compile(r"10\.(?:1088|3847)/(?P<issn>\d{4}-\d{3}[\dx])/(?P<volume>\w+)/(?P<issue>\w+)/(?P<page>\w+)")
APS_DOI = re.compile(r"10\.1103/(?P<journal>physrev[a-e]|physrevlett|revmodphys)\.(?P<volume>\d+)\.(?P<page>\w+)")
OXFORD_DOI = re.compile(r"10\.1093/(?P<journal>mnras|pasj|mnrasl)/(?P<volume>\d+)\.(?P<issue>\w+)\.(?P<page>\w+)")
# Between two DOIs; within one a semicolon may stand.
DOIS = re.compile(r"\s+|[,;]\s*(?=10\.)")
# What the DOIs of a journal begin with.
PUBLISHERS = (
    *((f"10.1088/{issn}/", journal) for issn, journal in IOP.items()),
    *((f"10.3847/{issn}/", journal) for issn, journal in IOP.items()),
    ("10.1093/mnras", "mnras"),
    ("10.1111/j.1365-2966", "mnras"),
    ("10.1111/j.1745-3933", "mnras"),
    ("10.1046/j.1365-8711", "mnras"),
    ("10.1051/0004-6361", "a&a"),
    ("10.1051/aas", "a&as"),
    ("10.1103/physrevd", "phrvd"),
    ("10.1103/physrevlett", "phrvl"),
    ("10.1103/physreve", "phrve"),
    ("10.1103/physreva", "phrva"),
    ("10.1103/revmodphys", "rvmp"),
    ("10.1038/nature", "natur"),
    ("10.1126/science", "sci"),
    ("10.1016/j.icarus", "icar"),
    ("10.1016/j.physletb", "phlb"),
    ("10.1016/j.newast", "newa"),
    ("10.1016/j.astropartphys", "aph"),
    ("10.1007/s11207", "soph"),
    ("10.1007/s11214", "ssrv"),
    ("10.1007/s10509", "ap&ss"),
    ("10.1146/annurev-astro", "ara&a"),
    ("10.1146/annurev.astro", "ara&a"),
    ("10.1093/pasj", "pasj"),
)
YEAR = re.compile(r"\b(?:19|20)\d\d\b")


class Place(NamedTuple):
    """A place in a journal, which is one of those above; the year is empty where it isn't said."""

    journal: str
    volume: str
    page: str
    year: str


def keys_of_paper(
    identifier: str, doi: str | None, journal_ref: str | None, bibcode: str | None = None, key: str | None = None
) -> set[str]:
    """The keys under which an index files a paper: its identifiers, the key in its library, the journal it is in."""
    keys = {f"arxiv:{identifier}"} if ":" not in identifier else {identifier.lower()}
    if key:
        keys.add(f"key:{key.lower()}")
    if bibcode:
        keys.update(filter(None, (f"bibcode:{bibcode.lower()}", key_of_bibcode(bibcode))))
    if doi:
        keys.update(f"doi:{one.lower()}" for one in DOIS.split(doi) if one)
        keys.update(filter(None, (_key_of_doi(one.lower()) for one in DOIS.split(doi))))
    if journal_ref and (reference := key_of_reference(journal_ref)):
        keys.add(reference)
    journals = {one.partition("|")[0] for one in keys if "|" in one} | _journals_of(doi or "", journal_ref or "")
    return keys | {f"in:{journal}" for journal in journals}


def journal_of(name: str) -> str | None:
    """The abbreviation that bibcodes use for a journal, from that or a name of it: "MNRAS", "Astrophys. J."."""
    plain = name.strip(" .").lower()
    return plain if plain in JOURNALS else ABBREVIATIONS.get(re.sub(r"[^a-z&]", "", plain))


def _journals_of(doi: str, reference: str) -> set[str]:
    """The journals that a DOI is of, and that a reference begins with."""
    found = {journal for one in DOIS.split(doi.lower()) for start, journal in PUBLISHERS if one.startswith(start)}
    if (match := re.match(r"\s*([^\d(:]{1,100})", reference)) and (journal := journal_of(match[1])):
        found.add(journal)
    return found


def key_of_bibcode(bibcode: str) -> str | None:
    """The key of a 19-character bibcode such as 2016ApJ...826...56R; None when it can be none."""
    year, journal = bibcode[:4], bibcode[4:9].strip(".").lower()
    volume, qualifier, page = bibcode[9:13].strip("."), bibcode[13], bibcode[14:18].strip(".")
    if not any(c.isdigit() for c in bibcode[9:18]):
        return None
    if bibcode[4:9].lower() == "arxiv":
        digits = re.sub(r"\D", "", bibcode[9:18])
        return f"arxiv:{digits[:4]}.{digits[4:]}" if len(digits) in {8, 9} else None
    if bibcode[4:12].lower() == "astro.ph":
        number = re.sub(r"\D", "", bibcode[12:18]).zfill(5)
        return f"arxiv:astro-ph/{year[2:]}{number}"
    if journal.startswith("phrv") and qualifier.islower():
        # Six-digit article numbers: the first two digits became a letter, a for 01.
        page = f"{ord(qualifier) - ord('a') + 1}{page.zfill(4)}"
    elif qualifier == "L" and journal == "apj":
        journal = "apjl"
    elif qualifier not in ".LPQ":
        page = f"{qualifier}{page}"
    return _key(journal, volume, page, year)


def key_of_reference(reference: str) -> str | None:
    """The key of a journal reference such as "Astrophys.J. 826 (2016) 56"; None when it has no such parts."""
    place = place_of(reference)
    return _key(place.journal, place.volume, place.page, place.year) if place else None


def place_of(reference: str) -> Place | None:
    """The parts of a journal reference, written as there; None when it has none."""
    name = re.split(r"[\d(]", reference, maxsplit=1)[0]
    numbers = reference[len(name) :]
    journal = ABBREVIATIONS.get(re.sub(r"[^a-z&]", "", name.lower().removesuffix("vol. ")))
    year = YEAR.search(re.sub(r"^\D*\d+", "", numbers))
    rest = re.sub(r"\(\s*(?:19|20)\d\d[^()]*\)|\(\d+\)", " ", numbers)
    volume, *pages = re.findall(r"[A-Za-z]?\d+", rest) or [""]
    pages = [page for page in pages if not year or page != year[0]]
    if not journal or not volume or not pages:
        return None
    if journal == "apj" and pages[0].upper().startswith("L"):
        journal = "apjl"
    return Place(journal, re.sub(r"^[A-Za-z]", "", volume), pages[0], year[0] if year else "")


def _key_of_doi(doi: str) -> str | None:
    match = IOP_DOI.fullmatch(doi)
    if match:
        journal = IOP.get(match["issn"])
        if journal == "apj" and match["page"].startswith("l"):
            journal = "apjl"
        return _key(journal, match["volume"], match["page"], match["volume"], match["issue"]) if journal else None
    match = APS_DOI.fullmatch(doi)
    if match:
        journal = {"physrevlett": "phrvl", "revmodphys": "rvmp"}.get(match["journal"], f"phrv{match['journal'][-1]}")
        return _key(journal, match["volume"], match["page"], "")
    match = OXFORD_DOI.fullmatch(doi)
    if match:
        return _key(match["journal"].removesuffix("l"), match["volume"], match["page"], "")
    return None


def _key(journal: str, volume: str, page: str, year: str, issue: str = "") -> str | None:
    """One spelling: no leading zeros; the year before the issue for the two that number volumes by it."""
    page = page.lower().lstrip("0")
    if journal in ("apjl", "mnras"):
        page = page.lstrip("lp")
    if journal in ("jcap", "jhep"):
        volume = f"{year[:4]}.{(issue or volume[-2:]).lstrip('0')}"
    return f"{journal}|{volume.lstrip('0')}|{page}" if volume and page else None
