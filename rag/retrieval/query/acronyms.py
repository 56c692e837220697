"""Instruments, surveys and terms of astronomy that papers write both in full and as an acronym."""

from __future__ import annotations

import re
from functools import cache

from rag.text.spelling import is_english

MEANINGS = """
2dFGRS = 2dF Galaxy Redshift Survey
2MASS = Two Micron All Sky Survey
ACS = Advanced Camera for Surveys
ACT = Atacama Cosmology Telescope
ADAF = advection-dominated accretion flow
ADS = Astrophysics Data System
AGB = asymptotic giant branch
AGN = active galactic nucleus | active galactic nuclei
AIA = Atmospheric Imaging Assembly
ALMA = Atacama Large Millimeter Array
AMR = adaptive mesh refinement
AMS-02 = Alpha Magnetic Spectrometer
APOGEE = Apache Point Observatory Galactic Evolution Experiment
ASKAP = Australian Square Kilometre Array Pathfinder
ATCA = Australia Telescope Compact Array
BAO = baryon acoustic oscillations
BAT = Burst Alert Telescope
BBN = big bang nucleosynthesis | primordial nucleosynthesis
BCG = brightest cluster galaxy
BHB = blue horizontal branch
BH = black hole
BLR = broad line region
BNS = binary neutron star
BOSS = Baryon Oscillation Spectroscopic Survey
CCD = charge-coupled device
CDM = cold dark matter
CFHT = Canada-France-Hawaii Telescope
CGM = circumgalactic medium
CHIME = Canadian Hydrogen Intensity Mapping Experiment
CIB = cosmic infrared background
CMB = cosmic microwave background
CMBR = cosmic microwave background radiation
CMD = color-magnitude diagram
CME = coronal mass ejection
CNM = cold neutral medium
COBE = Cosmic Background Explorer
COS = Cosmic Origins Spectrograph
CR = cosmic ray
CTA = Cherenkov Telescope Array
CV = cataclysmic variable
DES = Dark Energy Survey
DESI = Dark Energy Spectroscopic Instrument
DIB = diffuse interstellar bands
DLA = damped Lyman alpha
DM = dark matter
EBL = extragalactic background light
EHT = Event Horizon Telescope
ELT = Extremely Large Telescope
EMRI = extreme mass ratio inspiral
EOR = epoch of reionization
EOS = equation of state
ESA = European Space Agency
ESO = European Southern Observatory
EUV = extreme ultraviolet
EVN = European VLBI Network
FAST = Five-hundred-meter Aperture Spherical Telescope
FRB = fast radio burst
FUSE = Far Ultraviolet Spectroscopic Explorer
FUV = far ultraviolet
GBM = Gamma-ray Burst Monitor
GBT = Green Bank Telescope
GCR = galactic cosmic rays
GMC = giant molecular cloud
GMRT = Giant Metrewave Radio Telescope
GRB = gamma-ray burst
GRMHD = general relativistic magnetohydrodynamics
GR = general relativity
GUT = grand unified theory
GW = gravitational wave
GZK = Greisen-Zatsepin-Kuzmin
HARPS = High Accuracy Radial velocity Planet Searcher
HESS = High Energy Stereoscopic System
HERA = Hydrogen Epoch of Reionization Array
HMI = Helioseismic and Magnetic Imager
HMXB = high-mass X-ray binary
HST = Hubble Space Telescope
HUDF = Hubble Ultra Deep Field
HVS = hypervelocity stars
HZ = habitable zone
ICM = intracluster medium
ICME = interplanetary coronal mass ejection
IFU = integral field unit
IGM = intergalactic medium
IMBH = intermediate-mass black hole
IMF = initial mass function | interplanetary magnetic field
IRAC = Infrared Array Camera
IRAS = Infrared Astronomical Satellite
IRIS = Interface Region Imaging Spectrograph
ISM = interstellar medium
ISO = Infrared Space Observatory
ISS = International Space Station
ISW = integrated Sachs-Wolfe
JCMT = James Clerk Maxwell Telescope
JWST = James Webb Space Telescope
KBO = Kuiper belt objects
LAE = Lyman alpha emitters
LAT = Large Area Telescope
LBG = Lyman break galaxies
LHC = Large Hadron Collider
LIGO = Laser Interferometer Gravitational-wave Observatory
LISA = Laser Interferometer Space Antenna
LMC = Large Magellanic Cloud
LMXB = low-mass X-ray binary
LOFAR = Low Frequency Array
LQG = loop quantum gravity
LRG = luminous red galaxies
LSB = low surface brightness
LSS = large scale structure
LSST = Large Synoptic Survey Telescope | Legacy Survey of Space and Time
LTE = local thermodynamic equilibrium
MCMC = Markov chain Monte Carlo
MDI = Michelson Doppler Imager
MHD = magnetohydrodynamics | magnetohydrodynamic
MMR = mean motion resonance
MOND = modified Newtonian dynamics
MRI = magnetorotational instability
MSP = millisecond pulsar
MUSE = Multi Unit Spectroscopic Explorer
MWA = Murchison Widefield Array
NEO = near-Earth objects
NFW = Navarro-Frenk-White
NIR = near-infrared
NLR = narrow line region
NRAO = National Radio Astronomy Observatory
NSC = nuclear star cluster
NS = neutron star
OGLE = Optical Gravitational Lensing Experiment
PAH = polycyclic aromatic hydrocarbons
PBH = primordial black hole
PDF = probability distribution function
PDR = photodissociation region
PIC = particle-in-cell
PN = planetary nebula
PNe = planetary nebulae
PPN = parametrized post-Newtonian
PSF = point spread function
PTA = pulsar timing array
PWN = pulsar wind nebula
QCD = quantum chromodynamics
QED = quantum electrodynamics
QFT = quantum field theory
QPO = quasi-periodic oscillations
QSO = quasi-stellar object | quasar
RGB = red giant branch
RHESSI = Ramaty High Energy Solar Spectroscopic Imager
RM = rotation measure
RV = radial velocity
RXTE = Rossi X-ray Timing Explorer
SDO = Solar Dynamics Observatory
SDSS = Sloan Digital Sky Survey
SED = spectral energy distribution
SEP = solar energetic particles
SETI = search for extraterrestrial intelligence
SFR = star formation rate
SGRB = short gamma-ray burst
SIDM = self-interacting dark matter
SKA = Square Kilometre Array
SMBH = supermassive black hole
SMC = Small Magellanic Cloud
SNR = supernova remnant | signal-to-noise ratio
SNIa = type Ia supernova
SN Ia = type Ia supernova
SNe Ia = type Ia supernovae
SOFIA = Stratospheric Observatory for Infrared Astronomy
SOHO = Solar and Heliospheric Observatory
SPH = smoothed particle hydrodynamics
SPT = South Pole Telescope
STEREO = Solar Terrestrial Relations Observatory
STIS = Space Telescope Imaging Spectrograph
SUSY = supersymmetry
SZ = Sunyaev-Zel'dovich
TDE = tidal disruption event
TESS = Transiting Exoplanet Survey Satellite
THEMIS = Time History of Events and Macroscale Interactions during Substorms
TNO = trans-Neptunian objects
TSI = total solar irradiance
TTV = transit timing variations
UDG = ultra-diffuse galaxies
UHECR = ultra-high-energy cosmic rays
ULIRG = ultraluminous infrared galaxies
ULX = ultraluminous X-ray source
UVES = Ultraviolet and Visual Echelle Spectrograph
VHE = very high energy
VLA = Very Large Array
VLBA = Very Long Baseline Array
VLBI = very long baseline interferometry
VLT = Very Large Telescope
VLTI = Very Large Telescope Interferometer
WD = white dwarf
WDM = warm dark matter
WFC3 = Wide Field Camera 3
WHIM = warm-hot intergalactic medium
WIMP = weakly interacting massive particle
WISE = Wide-field Infrared Survey Explorer
WMAP = Wilkinson Microwave Anisotropy Probe
XRB = X-ray binary
ZAMS = zero-age main sequence
ZTF = Zwicky Transient Facility
"""

# Acronyms that are words, or parts of words, which no dictionary of English has.
WORDS = frozenset(("des", "neo", "cos", "sed"))


@cache
def _by_acronym() -> dict[str, tuple[str, ...]]:
    pairs = (line.split(" = ") for line in MEANINGS.strip().splitlines())
    return {acronym: tuple(meanings.split(" | ")) for acronym, meanings in pairs}


@cache
def _by_meaning() -> dict[str, str]:
    return {_plain(meaning): acronym for acronym, meanings in _by_acronym().items() for meaning in meanings}


@cache
def _pattern() -> re.Pattern[str]:
    acronyms = "|".join(sorted(map(re.escape, _by_acronym()), key=len, reverse=True))
    meanings = "|".join(re.escape(name).replace(r"\ ", "[ -]") for name in sorted(_by_meaning(), key=len, reverse=True))
    return re.compile(rf"(?<![\w-])(?:(?P<acronym>{acronyms})s?|(?P<meaning>(?i:{meanings}))s?)(?![\w-])")


def find(query: str) -> list[tuple[tuple[int, int], tuple[str, ...]]]:
    """Where a query has an acronym or what one stands for, and the other ways to write it.

    Acronyms are known by their capitals, for many are words too; those that are stand for nothing in an index, which
    knows no capitals.
    """
    found = []
    for match in _pattern().finditer(query):
        if match["acronym"]:
            found.append((match.span(), _by_acronym()[match["acronym"]]))
        else:
            acronym = _by_meaning()[_plain(match["meaning"])]
            if acronym.lower() not in WORDS and not is_english(acronym.lower()):
                found.append((match.span(), (acronym,)))
    return found


def _plain(meaning: str) -> str:
    return meaning.lower().replace("-", " ")
