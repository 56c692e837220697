"""Journals by the macros that AASTeX and ADS have for them.

https://ui.adsabs.harvard.edu/help/actions/journal-macros
"""

from __future__ import annotations

import re

from rag.text.latex import readable

_MACROS = """
aj = AJ
actaa = Acta Astron.
araa = ARA&A
apj = ApJ
apjl = ApJL
apjs = ApJS
ao = Appl. Opt.
apss = Ap&SS
aap = A&A
aapr = A&ARv
aaps = A&AS
azh = AZh
baas = BAAS
caa = Chinese Astron. Astrophys.
cjaa = Chinese J. Astron. Astrophys.
icarus = Icarus
jcap = JCAP
jrasc = JRASC
memras = MmRAS
mnras = MNRAS
na = New A
nar = New A Rev.
pra = Phys. Rev. A
prb = Phys. Rev. B
prc = Phys. Rev. C
prd = Phys. Rev. D
pre = Phys. Rev. E
prl = Phys. Rev. Lett.
pasa = PASA
pasp = PASP
pasj = PASJ
psj = PSJ
rmxaa = Rev. Mexicana Astron. Astrofis.
qjras = QJRAS
skytel = S&T
solphys = Sol. Phys.
sovast = Soviet Ast.
ssr = Space Sci. Rev.
zap = ZAp
nat = Nature
iaucirc = IAU Circ.
aplett = Astrophys. Lett.
apspr = Astrophys. Space Phys. Res.
bain = Bull. Astron. Inst. Netherlands
fcp = Fund. Cosmic Phys.
gca = Geochim. Cosmochim. Acta
grl = Geophys. Res. Lett.
jcp = J. Chem. Phys.
jgr = J. Geophys. Res.
jqsrt = J. Quant. Spectr. Rad. Transf.
memsai = Mem. Soc. Astron. Italiana
nphysa = Nucl. Phys. A
physrep = Phys. Rep.
physscr = Phys. Scr.
planss = Planet. Space Sci.
procspie = Proc. SPIE
"""
_NAMES = dict(line.split(" = ") for line in _MACROS.strip().splitlines())
_MACRO_OF = {name: macro for macro, name in _NAMES.items()} | {"Astrophysical Journal": "apj"}
# Names that a macro replaces: those that ADS shows, and those that publishers write out.
_FULL = {
    "theastrophysicaljournal": "apj",
    "astrophysicaljournal": "apj",
    "theastrophysicaljournalletters": "apjl",
    "theastrophysicaljournalsupplementseries": "apjs",
    "theastronomicaljournal": "aj",
    "monthlynoticesoftheroyalastronomicalsociety": "mnras",
    "astronomyandastrophysics": "aap",
    "astronomy&astrophysics": "aap",
    "nature": "nat",
    "physicalreviewd": "prd",
    "physicalreviewletters": "prl",
}


def journal(field: str) -> str:
    r"""The name of a journal in a field that may hold a macro: ``\apj`` and ``\mnras`` become ApJ and MNRAS."""
    macro = re.fullmatch(r"\s*\{?\s*\\([A-Za-z]+)\s*\}?\s*", field)
    if macro and macro[1] in _NAMES:
        return _NAMES[macro[1]]
    return readable(re.sub(r"\\([A-Za-z]+)(?![A-Za-z])", lambda one: _NAMES.get(one[1], one[0]), field))


def macro(name: str) -> str | None:
    r"""The macro of a journal, ``\apj``; None when it has none."""
    found = _MACRO_OF.get(name) or _FULL.get(re.sub(r"[^a-z&]", "", name.lower()))
    return f"\\{found}" if found else None
