"""Names of celestial objects, and the other names and spellings under which papers write about them."""

from __future__ import annotations

import re
from functools import cache

# One object a line, under all its names. Messier and NGC numbers: the revised NGC and IC (Steinicke 2019).
SAME = """
M1 = NGC 1952 = Crab Nebula = Taurus A
M2 = NGC 7089
M3 = NGC 5272
M4 = NGC 6121
M5 = NGC 5904
M6 = NGC 6405 = Butterfly Cluster
M7 = NGC 6475 = Ptolemy Cluster
M8 = NGC 6523 = Lagoon Nebula
M9 = NGC 6333
M10 = NGC 6254
M11 = NGC 6705 = Wild Duck Cluster
M12 = NGC 6218
M13 = NGC 6205 = Hercules Cluster
M14 = NGC 6402
M15 = NGC 7078
M16 = NGC 6611 = Eagle Nebula
M17 = NGC 6618 = Omega Nebula = Swan Nebula
M18 = NGC 6613
M19 = NGC 6273
M20 = NGC 6514 = Trifid Nebula
M21 = NGC 6531
M22 = NGC 6656
M23 = NGC 6494
M25 = IC 4725
M26 = NGC 6694
M27 = NGC 6853 = Dumbbell Nebula
M28 = NGC 6626
M29 = NGC 6913
M30 = NGC 7099
M31 = NGC 224 = Andromeda = Andromeda Galaxy
M32 = NGC 221
M33 = NGC 598 = Triangulum Galaxy
M34 = NGC 1039
M35 = NGC 2168
M36 = NGC 1960
M37 = NGC 2099
M38 = NGC 1912
M39 = NGC 7092
M41 = NGC 2287
M42 = NGC 1976 = Orion Nebula
M43 = NGC 1982
M44 = NGC 2632 = Praesepe = Beehive Cluster
M45 = Pleiades
M46 = NGC 2437
M47 = NGC 2422
M48 = NGC 2548
M49 = NGC 4472
M50 = NGC 2323
M51 = NGC 5194 = Whirlpool Galaxy
M52 = NGC 7654
M53 = NGC 5024
M54 = NGC 6715
M55 = NGC 6809
M56 = NGC 6779
M57 = NGC 6720 = Ring Nebula
M58 = NGC 4579
M59 = NGC 4621
M60 = NGC 4649
M61 = NGC 4303
M62 = NGC 6266
M63 = NGC 5055 = Sunflower Galaxy
M64 = NGC 4826 = Black Eye Galaxy
M65 = NGC 3623
M66 = NGC 3627
M67 = NGC 2682
M68 = NGC 4590
M69 = NGC 6637
M70 = NGC 6681
M71 = NGC 6838
M72 = NGC 6981
M74 = NGC 628
M75 = NGC 6864
M77 = NGC 1068
M78 = NGC 2068
M79 = NGC 1904
M80 = NGC 6093
M81 = NGC 3031 = Bode's Galaxy
M82 = NGC 3034 = Cigar Galaxy
M83 = NGC 5236 = Southern Pinwheel Galaxy
M84 = NGC 4374
M85 = NGC 4382
M86 = NGC 4406
M87 = NGC 4486 = Virgo A
M88 = NGC 4501
M89 = NGC 4552
M90 = NGC 4569
M91 = NGC 4548
M92 = NGC 6341
M93 = NGC 2447
M94 = NGC 4736
M95 = NGC 3351
M96 = NGC 3368
M97 = NGC 3587 = Owl Nebula
M98 = NGC 4192
M99 = NGC 4254
M100 = NGC 4321
M101 = NGC 5457 = Pinwheel Galaxy
M103 = NGC 581
M104 = NGC 4594 = Sombrero Galaxy
M105 = NGC 3379
M106 = NGC 4258
M107 = NGC 6171
M108 = NGC 3556
M109 = NGC 3992
M110 = NGC 205
NGC 104 = 47 Tuc = 47 Tucanae
NGC 253 = Sculptor Galaxy
NGC 292 = SMC = Small Magellanic Cloud
LMC = Large Magellanic Cloud
NGC 869 = h Persei
NGC 1275 = Perseus A = 3C 84
NGC 1316 = Fornax A
NGC 2070 = 30 Doradus = 30 Dor = Tarantula Nebula
NGC 2237 = Rosette Nebula
NGC 2392 = Eskimo Nebula
NGC 3372 = Carina Nebula
NGC 4038 = Antennae Galaxies = NGC 4039
NGC 5128 = Centaurus A = Cen A
NGC 5139 = Omega Centauri = omega Cen
NGC 6543 = Cat's Eye Nebula
NGC 6822 = Barnard's Galaxy
NGC 7000 = North America Nebula
NGC 7293 = Helix Nebula
Sgr A* = Sagittarius A*
Cygnus X-1 = Cyg X-1
Cygnus X-3 = Cyg X-3
Scorpius X-1 = Sco X-1
Hercules X-1 = Her X-1
Vela X-1 = Vela X1
Cassiopeia A = Cas A
Cygnus A = Cyg A = 3C 405
Hydra A = 3C 218
Eta Carinae = eta Car
Alpha Centauri = alpha Cen
Proxima Centauri = Proxima Cen = GJ 551
Barnard's Star = GJ 699
Epsilon Eridani = eps Eri
Tau Ceti = HD 10700
Beta Pictoris = beta Pic
AU Microscopii = AU Mic
Betelgeuse = alpha Ori
Vega = alpha Lyrae = alpha Lyr
Fomalhaut = alpha PsA
Mira = omicron Ceti
PSR B1913+16 = Hulse-Taylor pulsar = PSR J1915+1606
PSR B0531+21 = Crab pulsar = PSR J0534+2200
PSR B0833-45 = Vela pulsar = PSR J0835-4510
PSR J0737-3039 = double pulsar
51 Pegasi = 51 Peg
Upsilon Andromedae = ups And
55 Cancri = 55 Cnc
Tycho's supernova = SN 1572
Kepler's supernova = SN 1604
67P = Churyumov-Gerasimenko
1P = Comet Halley
'Oumuamua = 1I/2017 U1
101955 Bennu = 1999 RQ36
99942 Apophis = 2004 MN4
"""
SIGN = r"(?:\s?[+-]\s?|[−–])"
PSR = re.compile(
    rf"\b(?:PSR\s?)?(?P<equinox>[BJ])(?P<right>\d{{4}}){SIGN}(?P<down>\d{{2,4}}[A-Z]?)\b"
    r"|\bPSR\s?(?P<old>\d{4})(?P<sign>[+\-−–])(?P<decl>\d{2})\b"
)
# A catalogue's prefix with its number: written with a space, without one, or with a dash.
CATALOGUE = re.compile(
    r"\b(?P<prefix>NGC|IC|HD|HIP|HR|GJ|Gliese|Gl|UGC|Mrk|Markarian|Arp|Abell|PKS|KIC|KOI|TOI|EPIC|TIC|Kepler|"
    r"TRAPPIST|WASP|HAT-P|HATS|CoRoT|KELT|XO|LHS|Wolf|Ross|GW|GRB|FRB|SN|AT|SGR|3C|M|Messier)(?P<gap>[\s-]?)(?P<number>\d{1,10}(?:-\d+)?[A-Za-z]{0,4})\b",
    re.I,
)
# Prefixes that are words or units when they stand alone in lower case.
WORDS = frozenset("m at sn ross wolf arp hr ic gl".split())
PREFIXES: dict[str, tuple[str, ...]] = dict.fromkeys(("gliese", "gj", "gl"), ("GJ", "Gliese", "Gl"))
PREFIXES |= {"mrk": ("Mrk", "Markarian"), "markarian": ("Mrk", "Markarian"), "messier": ("M",)}
# What papers join to the number with a dash, and what they join with nothing.
DASHED = frozenset("kepler trappist wasp hat-p hats corot kelt xo".split())
JOINED = frozenset("gw grb frb".split())
MOST = 5


@cache
def _same() -> dict[str, tuple[str, ...]]:
    groups = [tuple(name.strip() for name in line.split(" = ")) for line in SAME.strip().splitlines()]
    return {_bare(name): group for group in groups for name in group}


@cache
def _proper() -> re.Pattern[str]:
    """Finds the names that are no catalogue's number, in whatever case."""
    names = [name for group in set(_same().values()) for name in group if not CATALOGUE.fullmatch(name)]
    longest_first = sorted((re.escape(name) for name in names), key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(longest_first)})(?!\w)", re.I)


def find(query: str) -> list[tuple[tuple[int, int], tuple[str, ...]]]:
    """Where a query names an object, and the other ways to write it, best known first."""
    found = [(match.span(), _pulsar(match)) for match in PSR.finditer(query)]
    for pattern in (_proper(), CATALOGUE):
        for match in pattern.finditer(query):
            free = not any(start < match.end() and match.start() < end for (start, end), _ in found)
            if free and not _mere_word(match):
                found.append((match.span(), _variants(match[0])))
    return [(span, names) for span, names in sorted(found) if names]


def _mere_word(match: re.Match[str]) -> bool:
    """Whether what looks like a catalogue's prefix is none: "at 2018", "m 31", a mass such as M500."""
    groups = match.groupdict()
    prefix = groups.get("prefix", "")
    apart = prefix in WORDS and groups["gap"] != ""
    return apart or (prefix.lower() in {"m", "messier"} and _bare(match[0]) not in _same())


def _variants(name: str) -> tuple[str, ...]:
    written: dict[str, None] = {}
    for other in (name, *_same().get(_bare(name), ())):
        written.update(dict.fromkeys(_spellings(other)))
    return tuple(other for other in written if other.lower() != name.lower())[:MOST]


def _spellings(name: str) -> list[str]:
    match = CATALOGUE.fullmatch(name)
    if not match:
        return [name]
    written = []
    for prefix in PREFIXES.get(match["prefix"].lower(), (match["prefix"],)):
        if prefix.lower() in DASHED:
            written += [f"{prefix}-{match['number']}", f"{prefix}{match['number']}"]
        elif prefix.lower() in JOINED:
            written += [f"{prefix}{match['number']}", f"{prefix} {match['number']}"]
        elif prefix == "M":
            # The letter by itself is in too many papers for "M 31" to be told from "31 m".
            written += [f"M{match['number']}", f"Messier {match['number']}"]
        else:
            written += [f"{prefix} {match['number']}", f"{prefix}{match['number']}"]
    return written


def _pulsar(match: re.Match[str]) -> tuple[str, ...]:
    if match["old"]:
        name = f"PSR B{match['old']}{_sign(match['sign'])}{match['decl']}"
    else:
        between = match[0][match.end("right") - match.start() : match.start("down") - match.start()]
        name = f"PSR {match['equinox']}{match['right']}{_sign(between)}{match['down']}"
    bare = name.removeprefix("PSR ")
    others = [*_same().get(_bare(name), ()), name, f"PSR {bare[1:]}" if bare[0] == "B" else bare, bare]
    return tuple(other for other in dict.fromkeys(others) if other.lower() != match[0].lower())[:MOST]


def _sign(text: str) -> str:
    return "+" if "+" in text else "-"


def _bare(name: str) -> str:
    plain = re.sub(r"^messier", "m", re.sub(r"[\s-]", "", name.lower()))
    return re.sub(r"^(?:gliese|gl)(?=\d)", "gj", plain)
