"""Words with opposite senses: the one says what the other denies.

Tables only, as stems; what a negation does to them is the matter of `polarity`.
"""

from __future__ import annotations

from functools import lru_cache

from rag.text.terms import every_stem

# Of two words with opposite senses, one stands where the other would be a denial.
_OPPOSITES = (
    "increase rise rose risen grow grew grown gain climb | decrease fall fell fallen decline drop diminish shrink "
    "fade lessen",
    "higher larger greater more bigger stronger | lower smaller less fewer weaker",
    "fast faster rapid rapidly quick quickly quicker swiftly | slow slower slowly",
    "longer | shorter within",
    "brighter | fainter dimmer",
    "hotter warmer | cooler colder",
    "above exceed over | below under",
    "denser | thinner",
    "strong | weak",
    "strongly | weakly",
    "positive | negative",
    "maximum | minimum",
    "accelerate | decelerate",
    "same | different",
    "younger | older",
    "nearer closer | farther further",
    "steepen steeper | flatten flatter shallower",
    "destroy disrupt erase vanish | survive intact persist",
    "rich | poor",
    "widen wider broaden broader | narrow narrower",
    "heavier | lighter",
    "high large | low small",
    "substantial considerable significant sizeable | negligible insignificant",
    "finite | infinite diverge",
    "unusual unexpected surprising | usual expected typical",
    "circular | eccentric elliptical",
    "many | few",
    "all every | none",
    "always | never",
    "simple | complicated",
    "deep | shallow",
    "thick | thin",
    "smooth | clumpy patchy",
    "complete | incomplete partial",
    "add | remove",
    "approach | recede",
    "inward | outward",
    "heat | cool",
    "expand | contract collapse",
    "easy easily | hard difficult",
    "tight tighten | loose loosen",
    "best | worst",
    "better | worse",
    "early | late",
    "light | heavy",
    "dominate dominant | minor",
    "known | unknown",
    "visible | invisible",
    "constant fixed invariant unchanged steady | vary varies variable change depend evolve",
    "enhance boost amplify strengthen promote trigger | suppress weaken damp quench inhibit hinder",
    "allow permit enable | preclude",
    "succeed success successful successfully | unsuccessful unsuccessfully",
    "bound | unbound",
    "attract | repel",
    "absorb absorption | emit emission",
    "open | closed",
    "aligned | misaligned",
    "converge | diverge",
    "similar identical alike | dissimilar distinct",
    "correlate correlation | anticorrelate anticorrelation uncorrelated",
    "begin start | end stop cease",
    "major | minor",
    "majority | minority",
    "nearby | distant",
    "young | old",
    "dense | sparse tenuous diffuse",
    "bright | faint dim",
    "redder | bluer",
    "redshifted | blueshifted",
    "hard harder | soft softer",
    "long | short",
    "big | small",
    "wide broad | narrow",
    "necessary needed required | superfluous",
    "true | false",
    "active | quiescent inactive dormant",
    "retain keep preserve | lose lost",
    "ease relieve alleviate | aggravate exacerbate heighten",
    "improve | worsen degrade deteriorate",
    "steep | flat",
    "natural | artificial",
    "ordered regular | disordered chaotic random",
    "predict prediction | retrodict",
    "gain | loss",
    "add addition | subtract",
    "merge | split fragment",
    "overcome | succumb",
    "together jointly | separately",
    "direct directly | indirect indirectly",
    "upper | lower",
    "least | most",
    "favour favor | oppose",
    "excess surplus | deficit shortage",
    "future | past",
    "within inside | beyond outside",
    "earlier | later",
    "local | global",
    "never | often",
    "seldom rarely | often usually",
    "entirely completely fully | partly partially",
    "single | several",
    "clear clearly | ambiguous ambiguously",
    "plausible | implausible",
    "underestimate | overestimate",
    "tightly closely | loosely",
    "cheap | expensive costly",
    "available | unavailable",
    "homogeneous uniform | inhomogeneous clumpy",
    "minimal minimum | maximal maximum",
    "advantage | disadvantage",
    "strength | weakness",
    "create form | destroy",
    "bright brightens brighten | fades fade",
    "growing rising increasing | shrinking falling decreasing",
    "odd | even",
    "permanent | temporary transient",
    "enough sufficient suffice | insufficient",
    "confirm support | refute contradict challenge",
    "efficient | inefficient",
    "stable | unstable",
    "common frequent | rare",
)


# Beginnings of words that turn the sense of the rest.
_PREFIXES = (
    ("over", "under"), ("super", "sub"), ("inter", "intra"), ("pre", "post"), ("homo", "hetero"), ("in", "out"),
    ("up", "down"), ("fore", "back"), ("pro", "retro"), ("iso", "aniso"), ("hyper", "hypo"), ("macro", "micro"),
    ("endo", "exo"), ("apo", "peri"),
)  # fmt: skip


@lru_cache(maxsize=1)
def opposites() -> tuple[tuple[frozenset[str], frozenset[str]], ...]:
    """Pairs of sets of words with opposite senses."""
    pairs = (line.split("|") for line in _OPPOSITES)
    return tuple((frozenset(every_stem(one)), frozenset(every_stem(other))) for one, other in pairs)


def turned_by_prefix(stem: str) -> list[str]:
    """What `stem` would be with the opposite beginning: "underlumin" for "overlumin"."""
    pairs = (*_PREFIXES, *(pair[::-1] for pair in _PREFIXES))
    return [other + stem[len(one) :] for one, other in pairs if stem.startswith(one) and len(stem) > len(one) + 2]
