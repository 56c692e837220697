"""Words of astronomy that say the same thing, and words of which one can't stand for another.

Tables only, as stems: spellings of one thing, and kinds that exclude each other. What is common
English and nothing special in astronomy is left out, so that no rule depends on what an index holds.
"""

from __future__ import annotations

from functools import lru_cache

from rag.text.terms import stems

# One thing a line; a sentence that uses one spelling is about the others. Phrases are matched whole.
_SAME = (
    "sun, solar, sunlight, helio",
    "moon, lunar",
    "earth, terrestrial, geo",
    "milky way, galactic, galaxy, our galaxy",
    "mars, martian",
    "jupiter, jovian",
    "saturn, saturnian",
    "venus, venusian",
    "mercury, hermean",
    "titan, titanian",
    "star, stellar",
    "planet, planetary",
    "cosmos, cosmic, cosmology, cosmological, universe",
    "supernova, supernovae, sn, sne",
    "nova, novae",
    "nebula, nebulae, nebular",
    "quasar, qso, quasi-stellar object",
    "hubble, hst, hubble space telescope",
    "james webb, jwst, webb, james",
    "einstein, relativity, relativistic",
    "newton, newtonian",
    "kepler, keplerian",
    "bayes, bayesian",
    "methane, ch4",
    "carbon dioxide, co2",
    "carbon monoxide, co",
    "water, h2o",
    "ammonia, nh3",
    "molecular hydrogen, h2, hydrogen",
    "hydrogen, hi, h i",
    "ozone, o3",
    "oxygen, o2",
    "iron, fe",
    "helium, he",
    "lithium, li",
    "deuterium, d i",
    "silicon, si",
    "magnesium, mg",
    "calcium, ca",
    "sodium, na",
    "hubble constant, h0, h_0, expansion rate, hubble",
    "matter density, mass density, density parameter, omega_m, omegam, ωm, ω_m",
    "optical depth, tau, τ",
    "spectral index, n_s",
    "baryon, baryonic",
    "redshift, z",
    "luminosity, luminous, brightness",
    "cosmological constant, lambda, λ, dark energy",
    "alpha, α",
    "electron, electronic",
    "x-ray, x-rays, xray",
    "gamma ray, gamma-ray, γ-ray, γ",
    "ultraviolet, uv",
    "infrared, ir",
    "metal, metallicity, metallic",
    "galactic centre, galactic center",
    "gravitational wave, gw",
    "extragalactic, galaxy",
    "disk, disc",
    "colour, color",
    "explosion, explode, supernova",
    "centre, center, central",
    "alien, extraterrestrial",
    "enough, suffice, sufficient",
    "science, scientific",
    "spin, rotation, rotate",
    "spectrum, spectra, spectral, spectroscopy, spectroscopic, spectrograph, spectrometer",
    "halo, haloes, halos",
    "chance, probability",
    "radio wave, radio",
    "axion, axionlike",
    "orbit, orbital",
    "pulsar, psr",
    "white dwarf, wd",
    "neutron star, ns",
    "black hole, bh",
    "main sequence, main-sequence",
    "flare, flaring",
    "magnetic, magnetised, magnetized, magneto",
    "polarize, polarisation, polarization",
    "turbulence, turbulent",
    "convection, convective",
    "radiation, radiative, radiate",
    "burst, frb, grb",
    "simulation, simulate, run",
    "gravity, gravitational",
    "wind, outflow",
    "accretion, accrete",
    "tide, tidal",
    "comet, cometary",
    "asteroid, minor planet",
    "meteorite, meteoritic, meteor",
    "chondrite, chondritic",
    "crater, cratering",
    "volcano, volcanic, volcanism",
    "corona, coronal",
    "chromosphere, chromospheric",
    "photosphere, photospheric",
    "ion, ionic, ionise, ionised, ionize, ionization",
    "barred, bar",
    "spiral, spirals",
    "elliptical, ellipticals",
    "nucleus, nuclei, nuclear",
    "dust, dusty",
)

# Naming one of a line where the evidence names none of its spellings says something else.
_TERMS = (
    "electron proton neutron neutrino photon positron muon axion boson fermion quark gluon graviton wimp meson pion "
    "antiproton neutralino higgs",
    "hydrogen helium carbon oxygen nitrogen deuterium tritium iron lithium beryllium neon argon xenon krypton silicon "
    "magnesium calcium sodium sulphur sulfur titanium nickel europium barium strontium uranium thorium technetium "
    "germanium aluminium potassium phosphorus chlorine fluorine mercury gold",
    "methane ammonia ozone ethane phosphine phosphin water formaldehyde methanol benzene pyrene naphthalene pentacene "
    "anthracene coronene fullerene cyanide acetylene glycine olivine pyroxene graphite silicate",
    "bremsstrahlung cyclotron synchrotron compton cherenkov maser raman",
    "pulsar magnetar quasar blazar supernova kilonova hypernova nova cepheid comet asteroid meteorite meteor exoplanet "
    "nebula supergiant subgiant subdwarf protostar lyrae mira microquasar seyfert exomoon neptune moon",
    "corona chromosphere photosphere heliosphere magnetosphere ionosphere stratosphere troposphere tachocline "
    "heliopause magnetopause",
    "axisymmetric isotropic anisotropic adiabatic isothermal isocurvature",
    "interferometer bolometer coronagraph polarimeter calorimeter gravimeter magnetometer scintillator",
    "reionization reionisation recombination nucleosynthesis baryogenesis leptogenesis",
    "occultation microlensing transit eclipse",
    "interstellar intergalactic circumstellar circumgalactic interplanetary protoplanetary",
    "quintessence phantom chameleon galileon",
)

# Naming one of a line where the evidence has only another of it says something else.
_RIVALS = (
    "parallel perpendicular",
    "magnetic electric gravity acoustic",
    "x-ray gamma radio infrared optical ultraviolet microwave submillimeter submillimetre",
    "globular open",
    "spiral elliptical lenticular irregular spheroidal",
    "thermal nonthermal gaseous radiation mechanical compositional chemical dynamic dynamical",
    "northern southern",
    "north south east west",
    "inner outer",
    "bayesian frequentist",
    "prograde retrograde",
    "poloidal toroidal",
    "solenoidal compressive",
    "hot cold warm cool",
    "moderate extreme",
    "star planet comet asteroid galaxy cluster moon",
    "dwarf giant",
    "astronomy geology biology chemistry medicine",
    "millisecond second minute hour day week month year decade century",
    "hourly daily weekly monthly yearly annual",
    "luminosity temperature density velocity metallicity displacement",
    "binary single triple",
    "short long",
    "leptonic hadronic",
    "spatial temporal",
    "spherical ellipsoidal cylindrical planar",
    "shock reconnection",
    "metre centimetre millimetre micrometre nanometre kilometre parsec kiloparsec megaparsec gigaparsec",
    "meter centimeter millimeter micrometer nanometer kilometer",
    "arcminute arcsecond milliarcsecond degree",
    "thousand million billion trillion",
    "solid liquid gas plasma",
    "front back",
    "grid particle mesh",
    "left right",
    "electron proton ion neutrino photon positron",
    "convection conduction radiation advection",
    "ram pressure tide",
    "rotation translation",
    "analytic numerical",
    "linear quadratic exponential logarithmic",
    "gaussian lognormal poisson",
    "photometric spectroscopic astrometric interferometric",
    "spring summer autumn winter",
    "january february march april may june july august september october november december",
    "oldest youngest",
    "wave particle",
    "ice rock gas",
)

# Kinds of two words, of which one alone tells little; a sentence names one only if its evidence does.
_KINDS = (
    "neutron star", "white dwarf", "brown dwarf", "red dwarf", "black hole", "red giant", "dark matter", "dark energy",
    "main sequence", "free-free", "gamma-ray burst", "radio burst", "globular cluster", "open cluster",
    "planetary nebula", "molecular cloud", "magnetic reconnection", "strong lensing", "weak lensing", "nested sampling",
    "neural network", "machine learning", "gravitational wave", "cosmic ray", "solar wind", "supernova remnant",
    "tidal disruption", "hot jupiter", "super-earth", "cosmic string", "x-ray binary", "wolf-rayet", "radio galaxy",
    "magnetic field", "electric field", "stellar wind", "spiral arm", "water ice",
)  # fmt: skip


@lru_cache(maxsize=1)
def spellings() -> dict[str, tuple[str, ...]]:
    """For a stem, the words and phrases that say the same."""
    found: dict[str, tuple[str, ...]] = {}
    for line in _SAME:
        ways = tuple(way.strip() for way in line.split(","))
        for way in ways:
            if len(stem := stems(way)) == 1:
                found[stem[0]] = found.get(stem[0], ()) + tuple(other for other in ways if other != way)
    return found


@lru_cache(maxsize=1)
def phrases() -> tuple[tuple[frozenset[str], tuple[str, ...]], ...]:
    """Phrases as sets of stems, each with the words that say the same."""
    found = []
    for line in _SAME:
        ways = tuple(way.strip() for way in line.split(","))
        found += [(frozenset(stems(way)), tuple(other for other in ways if other != way)) for way in ways if " " in way]
    return tuple(found)


@lru_cache(maxsize=1)
def terms() -> frozenset[str]:
    """Stems of words that a sentence can't use unless its evidence does."""
    return frozenset(stems(" ".join(_TERMS)))


@lru_cache(maxsize=1)
def rivals() -> tuple[frozenset[str], ...]:
    """Sets of stems of which one can't stand for another."""
    return tuple(frozenset(stems(line)) for line in (*_RIVALS, *_TERMS))


@lru_cache(maxsize=1)
def kinds() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Kinds of two words, with their stems."""
    return tuple((kind, tuple(stems(kind))) for kind in _KINDS)
