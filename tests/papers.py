"""Forty invented papers in the layout of arXiv's bulk metadata, for tests that need papers.

No object, survey or person named here exists, and no identifier was ever given out: arXiv's numbers didn't go
so high in those months.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import zstandard

Record = dict[str, Any]


def record(
    identifier: str,
    title: str,
    authors: str,
    categories: str,
    abstract: str | None,
    created: str = "Mon, 4 Mar 2024 18:00:00 GMT",
    versions: int = 1,
    **more: Any,
) -> Record:
    """One line of the bulk file; ``authors`` is "Given Surname; Given Surname"."""
    names = [name.strip() for name in authors.split(";")]
    return {
        "id": identifier,
        "submitter": names[0],
        "authors": ", ".join(names),
        "title": title,
        "comments": None,
        "journal-ref": None,
        "doi": None,
        "report-no": None,
        "categories": categories,
        "license": None,
        "abstract": abstract,
        "versions": [{"version": f"v{n}", "created": created} for n in range(1, versions + 1)],
        "update_date": "2025-01-01",
        "authors_parsed": [[name.rsplit(" ", 1)[-1], name.rsplit(" ", 1)[0], ""] for name in names],
        **more,
    }


def on(day: str) -> str:
    """A date as the bulk file writes it: on("3 Feb 1996")."""
    return f"Mon, {day} 12:00:00 GMT"


RECORDS: list[Record] = [
    record(
        "2403.91001",
        "A water-rich super-Earth around the quiet M dwarf Velamen-4",
        r"Ilse Brandvold; Tom\'as Kov\'a\v{c}; Rui Quintanilha",
        "astro-ph.EP",
        "We report the transiting super-Earth Velamen-4b with a radius of 1.62 Earth radii and a mass of 4.1 Earth "
        "masses. Its density of 5.3 g/cm$^3$ leaves room for a water layer of 18 per cent by mass. The orbit takes "
        "11.4 days. No second planet was seen in 96 nights of radial velocities.",
    ),
    record(
        "2403.91002",
        "Clouds of zinc sulphide on the hot Jupiter Tarnhelm-1b",
        "Noor Haddadin; Pieter van der Meulenaer",
        "astro-ph.EP astro-ph.IM",
        "A phase curve of the hot Jupiter Tarnhelm-1b at 4.5 microns shows a night side at 1,040 K. Clouds of zinc "
        "sulphide explain why the night side is dark. The brightest point lies 21 degrees east of the substellar "
        "point.",
    ),
    record(
        "2312.91003",
        "Disc gaps without planets: the case of HX Ostrava",
        "Lumi Saarelainen; Ilse Brandvold",
        "astro-ph.EP astro-ph.SR",
        "The protoplanetary disc of HX Ostrava shows three gaps at 24, 51 and 88 au. Snow lines of carbon monoxide "
        "and nitrogen fall on two of them. A planet is therefore not needed to open these gaps.",
        created=on("29 Dec 2023"),
    ),
    record(
        "2401.91004",
        "Rotation of 212 cool stars in the open cluster Ferrule 9",
        r"Bj\"orn \r{A}strand; Maya Okonjo-Reyes",
        "astro-ph.SR",
        "Rotation periods of 212 members of the open cluster Ferrule 9 were measured from four seasons of light "
        "curves. The slow sequence stalls between 0.8 and 0.6 solar masses. Gyrochronology gives the cluster an age "
        "of 1.1 Gyr.",
        created=on("29 Dec 2023"),
    ),
    record(
        "2206.91005",
        "An overdensity of dwarf galaxies near the Quillfeather group",
        "Oluwaseun Adebayo-Lind; Hana Mizuhara; Ilse Brandvold",
        "astro-ph.GA astro-ph.CO",
        "Deep imaging of the Quillfeather group reveals 31 dwarf galaxies within 400 kpc of its brightest member. "
        "Twelve of them line up in a thin plane. Simulations with $\\Lambda$CDM produce such a plane in 2.3 per cent "
        "of groups.",
        created=on("9 Jun 2022"),
        versions=3,
        doi="10.9999/made-up.2206",
        **{"journal-ref": "Journal of Invented Astronomy 12 (2022) 345"},
    ),
    record(
        "2206.91006",
        "Metal-poor stars of the Larkspur stream",
        "Zsófia Bárány; Chidi Eze",
        "astro-ph.GA",
        "Spectra of 44 stars of the Larkspur stellar stream give a mean metallicity of [Fe/H] = -2.31. The scatter "
        "of 0.22 dex says that its progenitor was a dwarf galaxy and not a globular cluster.",
        created=on("10 Jun 2022"),
    ),
    record(
        "2105.91007",
        "A dip in the expansion history? Standard candles of the Marrow survey",
        "Fabienne Delacroix-Ng; Tom Aldous",
        "astro-ph.CO",
        "The Marrow survey found 871 type Ia supernovae between redshifts 0.1 and 0.9. Their Hubble diagram yields "
        "$H_0 = 71.8 \\pm 1.3$ km/s/Mpc when calibrated with Mira variables. A dip near redshift 0.4 disappears once "
        "the photometric zero points are corrected.",
        created=on("11 May 2021"),
    ),
    record(
        "2105.91008",
        "Cold spots from primordial strings would be rounder than observed",
        "Edmund Thistlewaite",
        "astro-ph.CO hep-ph",
        "Cosmic strings leave straight edges in the microwave background. Simulated maps show that the cold spots "
        "they make are rounder than those observed. String tensions above $10^{-7}$ are excluded.",
        created=on("12 May 2021"),
    ),
    record(
        "1911.91009",
        "Repeating radio bursts from the direction of the dwarf galaxy Pellucid",
        "Anjali Rao-Whitcombe; Gustav Lindqvist",
        "astro-ph.HE",
        "Nineteen radio bursts with a dispersion measure of 348 pc/cm$^3$ came from the dwarf galaxy Pellucid in 61 "
        "hours. Their arrival times show a period of 14.3 days. A magnetar in a binary could be eclipsed once an "
        "orbit.",
        created=on("5 Nov 2019"),
    ),
    record(
        "1911.91010",
        "Neutrinos from the blazar Corrigan 0231",
        "Marisol Etxeberria; Anjali Rao-Whitcombe; Yuto Hasebe",
        "astro-ph.HE hep-ex",
        "Two muon neutrinos above 200 TeV arrived within a degree of the blazar Corrigan 0231 during a gamma-ray "
        "flare. The chance of a coincidence is 0.4 per cent.",
        created=on("6 Nov 2019"),
    ),
    record(
        "1808.91011",
        "Tidal disruption by a binary of massive black holes",
        "Pascual Iturbide; Wren Castellane",
        "astro-ph.HE astro-ph.GA",
        "The light of a star torn apart by one of two black holes is interrupted when the second one passes. We "
        "model such gaps and find that they recur every 38 days for a binary of a million solar masses.",
        created=on("20 Aug 2018"),
    ),
    record(
        "1808.91012",
        "A neural network that removes satellite trails",
        "Wren Castellane; Lumi Saarelainen",
        "cs.CV astro-ph.IM",
        "Satellite trails cross one exposure in five of a wide survey. A convolutional network trained on 5,200 "
        "simulated trails masks 97.1 per cent of trail pixels and loses 0.2 per cent of the sky.",
        created=on("21 Aug 2018"),
    ),
    record(
        "1703.91013",
        "Lattice sums with an odd number of vertices",
        "Alban Feuillade",
        "math.CO math.NT",
        "We count closed walks on lattices with an odd number of vertices. Nothing here concerns the sky.",
        created=on("1 Mar 2017"),
    ),
    record(
        "1703.91014",
        "Adaptive optics with a pyramid of fluoride glass",
        "Jorunn Hegstad",
        "astro-ph.IM physics.optics",
        "A pyramid wavefront sensor made of fluoride glass works out to 4.8 microns. On a bench it reached a Strehl "
        "ratio of 0.91 with a star of magnitude 8.",
        created=on("2 Mar 2017"),
    ),
    record(
        "1511.91015",
        "The oldest light of the Harrowgate field",
        r"Miguel \'Alvarez-Ortu\~no; Hana Mizuhara",
        "astro-ph.GA astro-ph.CO",
        "Fourteen galaxies of the Harrowgate field lie at redshifts above 8. The density of ultraviolet light falls "
        "by a factor 2.6 from redshift 8 to 10.",
        created=on("3 Nov 2015"),
        versions=2,
    ),
    record(
        "1511.91016",
        "Granulation noise in giants of 1.4 solar masses",
        r"Bj\"orn \r{A}strand",
        "astro-ph.SR",
        "Granulation in red giants produces brightness noise that grows with luminosity. For 1.4 solar masses the "
        "noise reaches 380 parts per million at the red clump.",
        created=on("4 Nov 2015"),
    ),
    record(
        "1404.91017",
        "Withdrawn: a planet in the Ferrule 9 cluster",
        "Maya Okonjo-Reyes",
        "astro-ph.EP",
        "This paper has been withdrawn by the author because the transit belongs to a background binary.",
        created=on("2 Apr 2014"),
        versions=2,
        comments="Withdrawn",
    ),
    record(
        "1404.91018",
        "Comet C/2013 X9 was never seen by its discoverers again",
        "Yuto Hasebe; Jorunn Hegstad",
        "astro-ph.EP",
        "Comet C/2013 X9 faded by six magnitudes within nine days. We argue that its nucleus of 300 m fell apart "
        "after an outburst.",
        created=on("3 Apr 2014"),
    ),
    record(
        "1310.9019",
        "Sunspots and the length of the Ashdown cycle",
        "Clementine Oyelaran",
        "astro-ph.SR physics.space-ph",
        "Drawings of sunspots from the Ashdown observatory, 1871 to 1903, give a cycle of 11.3 years. Weak cycles "
        "are longer than strong ones.",
        created=on("1 Oct 2013"),
    ),
    record(
        "1310.9020",
        "Magnetic braking of the white dwarf Umber 3",
        "Pascual Iturbide",
        "astro-ph.SR astro-ph.HE",
        "The white dwarf Umber 3 turns in 71 seconds and slows by 0.3 microseconds a year. A field of 2 megagauss "
        "brakes it.",
        created=on("2 Oct 2013"),
    ),
    record(
        "1209.9021",
        "Lensing by the cluster Ardent 77 and its dark core",
        "Fabienne Delacroix-Ng; Oluwaseun Adebayo-Lind",
        "astro-ph.CO astro-ph.GA",
        "Strong lensing by the galaxy cluster Ardent 77 places a dark core 140 kpc from the brightest galaxy. A "
        "cross section of 0.8 cm$^2$/g of self-interacting dark matter would move the core only 40 kpc.",
        created=on("1 Sep 2012"),
    ),
    record(
        "1209.9022",
        "Axion limits from the cooling of Umber 3",
        "Edmund Thistlewaite; Pascual Iturbide",
        "hep-ph astro-ph.SR",
        "The white dwarf Umber 3 cools no faster than photons and neutrinos carry heat away. Axions that couple to "
        "electrons more strongly than $3\\times10^{-13}$ are excluded.",
        created=on("2 Sep 2012"),
    ),
    record(
        "1101.9023",
        "A census of brown dwarfs within eight parsecs",
        r"Tom\'as Kov\'a\v{c}; Chidi Eze",
        "astro-ph.SR astro-ph.GA",
        "Thirty-three brown dwarfs lie within eight parsecs of the Sun, one for every six stars. Five of them are new.",
        created=on("3 Jan 2011"),
    ),
    record(
        "1101.9024",
        "Timing of the millisecond pulsar J0000+0000",
        "Gustav Lindqvist",
        "astro-ph.HE gr-qc",
        "Eleven years of timing of a millisecond pulsar give residuals of 180 ns. The Shapiro delay yields a pulsar "
        "mass of $1.71 \\pm 0.04\\,M_\\odot$.",
        created=on("4 Jan 2011"),
    ),
    record(
        "0905.9025",
        "Dust in the halo of the spiral galaxy Meridian 5",
        "Hana Mizuhara",
        "astro-ph.GA",
        "Dust reaches 90 kpc from the disc of the spiral galaxy Meridian 5, as the reddening of quasars behind it "
        "shows. Its mass equals that of the dust in the disc.",
        created=on("5 May 2009"),
    ),
    record(
        "0905.9026",
        "Cosmic rays from the remnant Saltire 12",
        "Marisol Etxeberria",
        "astro-ph.HE",
        "Gamma rays from the supernova remnant Saltire 12 break at 1.9 GeV. Decaying pions explain the break, so "
        "that protons are accelerated there.",
        created=on("6 May 2009"),
    ),
    record(
        "0704.9027",
        "The far side of the bar",
        "Rui Quintanilha",
        "astro-ph",
        "Red clump stars trace the Galactic bar to its far end at 4.4 kpc. It is inclined by 27 degrees to the line "
        "to the Sun.",
        created=on("2 Apr 2007"),
    ),
    record("0704.9028", "Notes on an undated plate", "Clementine Oyelaran", "astro-ph", None, created=on("3 Apr 2007")),
    record(
        "astro-ph/0302901",
        "Reionization by miniature quasars",
        "Edmund Thistlewaite; Tom Aldous",
        "astro-ph",
        "Black holes of a thousand solar masses shine in X rays and ionize hydrogen before the first galaxies do. "
        "Their heat delays 21 cm absorption until redshift 17.",
        created=on("3 Feb 2003"),
    ),
    record(
        "astro-ph/0302902v2",
        "A lithium plateau in two steps",
        "Zsófia Bárány",
        "astro-ph",
        "Lithium in halo stars lies on two plateaus, 0.15 dex apart. The lower one holds all stars with "
        "[Fe/H] below -3.",
        created=on("4 Feb 2003"),
    ),
    record(
        "astro-ph/9912901",
        "Photometric redshifts with seven colours",
        "Fabienne Delacroix-Ng",
        "astro-ph",
        "Seven colours suffice for photometric redshifts with an error of 0.03(1+z). An eighth colour does not help.",
        created=on("1 Dec 1999"),
    ),
    record(
        "astro-ph/9602901",
        "A ring of ice beyond Neptune's twin",
        "Jorunn Hegstad; Clementine Oyelaran",
        "astro-ph",
        "Infrared excess around a star like the Sun comes from a ring of ice at 43 au. Its mass is a tenth of the "
        "Earth's.",
        created=on("3 Feb 1996"),
    ),
    record(
        "gr-qc/9602902",
        "Ringing of a charged black hole",
        "Wren Castellane",
        "gr-qc astro-ph",
        "A charged black hole rings at a frequency that rises with its charge, by 15 per cent at most.",
        created=on("4 Feb 1996"),
    ),
    record(
        "hep-ph/9301901",
        "Sneutrinos as dark matter",
        "Alban Feuillade",
        "hep-ph",
        "Sneutrinos of 60 GeV would have been seen in germanium detectors.",
        created=on("5 Jan 1993"),
    ),
    record(
        "2503.91029",
        "Ｆｕｌｌ－ｗｉｄｔｈ ﬁelds: the “Ωmega” Catalogue\u200b of H\u0307\u03b1 emitters",
        "Søren Ødegård-Þórsson; 王 小明",
        "astro-ph.IM astro-ph.GA",
        "The Ωmega catalogue lists 4,096 Hα emitters — brighter than 10⁻¹⁶ erg s⁻¹ cm⁻² — with Å-scale widths.\x07",
        created=on("3 Mar 2025"),
    ),
    record(
        "2503.91030",
        "Survey strategy of the Nightjar telescope",
        "the Nightjar Collaboration; Maya Okonjo-Reyes",
        "astro-ph.IM",
        "The Nightjar telescope will visit 9,000 square degrees every third night. Its camera reads 1.2 gigapixels "
        "in 1.8 seconds.",
        created=on("4 Mar 2025"),
    ),
    record(
        "2503.91031",
        "Weather on a brown dwarf of 700 K",
        r"Tom\'as Kov\'a\v{c}; Noor Haddadin",
        "astro-ph.SR astro-ph.EP",
        "A brown dwarf of 700 K varies by 4 per cent within 2.9 hours. Holes in clouds of salts let deeper and "
        "hotter layers shine through.",
        created=on("5 Mar 2025"),
    ),
    record(
        "2503.91032",
        "Echoes of a nova in its own dust",
        "Gustav Lindqvist; Anjali Rao-Whitcombe",
        "astro-ph.SR astro-ph.HE",
        "Light echoes around a nova of 1934 were found 91 years later. They put its distance at 2.2 kpc.",
        created=on("6 Mar 2025"),
    ),
    record(
        "2503.91033",
        "Stellar wakes in the disc of Meridian 5",
        "Hana Mizuhara; Rui Quintanilha",
        "astro-ph.GA",
        "A passing satellite left a spiral wake in the disc of Meridian 5. The wake turns at 12 km/s/kpc.",
        created=on("7 Mar 2025"),
    ),
    record(
        "2503.91034",
        "Ultralight particles and the core of the Larkspur dwarf",
        "Edmund Thistlewaite; Zsófia Bárány",
        "astro-ph.CO astro-ph.GA hep-ph",
        "Stars of the Larkspur dwarf move as if its dark matter had a core of 520 pc. A particle of "
        "$1.5\\times10^{-22}$ eV would make such a core.",
        created=on("8 Mar 2025"),
    ),
]

ASTRONOMY = [r for r in RECORDS if any(c.startswith("astro-ph") for c in r["categories"].split())]
"""Those with a category of astro-ph, which is what a file is read for unless told otherwise."""


def without_version(identifier: str) -> str:
    """An identifier as Sidereus shows it."""
    return identifier.split("v")[0] if identifier[-2:-1] == "v" else identifier


def write(path: Path, records: list[Record | str]) -> Path:
    """Write records, one a line, compressed as the name says; a string is written as it is."""
    lines = [entry if isinstance(entry, str) else json.dumps(entry, ensure_ascii=False) for entry in records]
    content = "".join(line + "\n" for line in lines).encode()
    if path.suffix == ".gz":
        content = gzip.compress(content)
    if path.suffix == ".zst":
        content = zstandard.compress(content)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def many(count: int, sentences: int = 1) -> list[Record]:
    """So many papers, all different, of so many sentences each, for builds that must last a while."""
    return [
        record(
            f"2501.{n:05}",
            f"Catalogue entry {n} of the Nightjar survey",
            "Ada Example",
            "astro-ph.IM",
            " ".join(f"At epoch {e} source {n} had magnitude {10 + n * e % 9}." for e in range(sentences)),
        )
        for n in range(1, count + 1)
    ]
