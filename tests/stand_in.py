"""A scripted session for tests of the page: it knows a few papers and one answer, and takes its time."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from rag.answers.answer import (
    Answer,
    Block,
    Citation,
    Event,
    Evidence,
    Finished,
    Found,
    Said,
    Sentence,
    Status,
    Timings,
    Verdict,
)
from rag.description import Description
from rag.papers import Paper
from rag.question.conversation import Conversation
from rag.question.shape import Shape
from rag.retrieval.hits import Hit
from rag.settings import load_settings

HUBBLE = Paper(
    id="1804.10655",
    title=r"Milky Way Cepheid Standards for Measuring Cosmic Distances: $H_0$ at 2.3\% precision",
    authors=("Adam G. Riess", "Stefano Casertano", "Wenlong Yuan", "Lucas Macri"),
    abstract=(
        r"We present HST photometry of 50 long-period Milky Way Cepheids. "
        r"The best estimate of the Hubble constant is $H_0 = 73.52 \pm 1.62$ km s$^{-1}$ Mpc$^{-1}$. "
        r"This value is $3.8\sigma$ above the one inferred from Planck under $\Lambda$CDM. "
        r"Stars with $M < 8 M_\odot$ & a period $P>10$ d dominate the sample."
    ),
    year=2018,
    categories=("astro-ph.CO", "astro-ph.SR"),
    doi="10.3847/1538-4357/aac82e",
    journal_ref="ApJ 861, 126 (2018)",
)
PLANCK = Paper(
    id="1807.06209",
    title="Planck 2018 results. VI. Cosmological parameters",
    authors=("Planck Collaboration", "et al."),
    abstract="This is the last Planck analysis. Planck finds a Hubble constant of 67.4 km/s/Mpc. Six numbers fit all.",
    year=2018,
    categories=("astro-ph.CO",),
    kind="digest",
)
WITHDRAWN = Paper(
    id="astro-ph/0101001",
    title="A local void as the cause of the Hubble tension",
    authors=("A. Nonymous", "B. Other"),
    abstract="We once argued that a local void explains the difference. We no longer do.",
    year=2001,
    categories=("astro-ph",),
    withdrawn=True,
)
BAIT = (
    '<script>fetch("http://evil.invalid/s")</script><img src="http://evil.invalid/i" onerror="window.fired = 1">'
    "[link](javascript:window.fired=1) ![beacon](http://evil.invalid/b) <svg onload=window.fired=1> "
    r"$\href{javascript:window.fired=1}{x}$ $\includegraphics{http://evil.invalid/k}$ "
    r"\(</script><img src=x onerror=window.fired=1>\)"
)
HOSTILE = Paper(
    id='0000.0000"><img src=x onerror=window.fired=1>',
    title=f"Hostile {BAIT}",
    authors=(f"Mallory {BAIT}",),
    abstract=f"Before. {BAIT} After.",
    year=2020,
    categories=(f"astro-ph.HE {BAIT}",),
)
BEST = r"The best estimate of the Hubble constant is $H_0 = 73.52 \pm 1.62$ km s$^{-1}$ Mpc$^{-1}$."
FOUND = (
    Citation(1, HUBBLE, (BEST,), 0.92),
    Citation(2, PLANCK, ("Planck finds a Hubble constant of 67.4 km/s/Mpc.",), 0.81),
    Citation(3, WITHDRAWN, ("We once argued that a local void explains the difference.",), 0.12),
)
SENTENCES = (
    Sentence(
        r"Cepheids of the Milky Way give $H_0 = 73.52 \pm 1.62$ km s$^{-1}$ Mpc$^{-1}$.",
        (1,),
        (Evidence(HUBBLE.id, 1),),
        True,
        0.9,
    ),
    Sentence(
        "The cosmic microwave background gives 67.4 km/s/Mpc, if the standard model holds.",
        (2,),
        (Evidence(PLANCK.id, 1),),
        True,
        0.9,
    ),
    Sentence("The two differ by more than their errors allow.", (1, 2), (), True, 0.8),
)
# A sentence takes the pause of a word as often as it has words.
WORDS_A_SENTENCE = 12
UNDERSTOOD = "What is the Hubble constant? And its error?"


class StandIn:
    """Answers every question alike, except those about nothing ("abstain") and hostile ones ("bait").

    One that "leans" is understood as joined to others, unless it is to be read as it stands.
    """

    def __init__(self, home: Path | None = None, pause: float = 0.04, warming: float = 0.3) -> None:
        self._own = tempfile.TemporaryDirectory(prefix="sidereus-page-", ignore_cleanup_errors=True)
        self.settings = load_settings(home=home or Path(self._own.name))
        self._pause = pause
        self._warming = warming
        self._writing = threading.Lock()
        self.persons: set[str] = set()

    def describe(self) -> Description:
        """What a real session says of itself."""
        kinds = {"abstract": 12_611, "digest": 513}
        note = "SmolLM2 135M is a very small model, so answers quote the papers' own sentences."
        return Description("stand-in", 13_124, (1992, 2025), kinds, "all-minilm-l6-v2", "smollm2-135m-instruct", note)

    def examples(self) -> tuple[str, ...]:
        """Four questions for the first screen."""
        return (
            "How much energy did GW150914 radiate in gravitational waves?",
            "What is the evidence that the expansion of the Universe accelerates?",
            "How was the first planet around a Sun-like star found?",
            "What limits the mass of Population III stars?",
        )

    def papers(self, identifiers: Iterable[str]) -> list[Paper]:
        """Those that it knows of these."""
        known = {paper.id: paper for paper in (HUBBLE, PLANCK, WITHDRAWN)}
        return [known[identifier] for identifier in identifiers if identifier in known]

    def warm(self) -> Iterator[str]:
        """Pretend to load."""
        for words in ("opening the index", "loading the language model"):
            yield words
            time.sleep(self._warming)

    def ask(
        self,
        question: str,
        conversation: Conversation = Conversation(),
        stop: threading.Event | None = None,
        *,
        within: Collection[str] = (),
        without: Collection[str] = (),
        shape: Shape | None = None,
        alone: bool = False,
        person: str = "",
    ) -> Iterator[Event]:
        """The script."""
        stop = stop or threading.Event()
        self.persons.add(person)
        yield Status("searching 13,124 papers")
        time.sleep(self._pause)
        if "abstain" in question:
            declined = (Block("prose", (Sentence("The papers here don't say."),)),)
            yield Said(declined)
            yield Finished(_answer(question, declined, (), stop, verdict="declined"))
            return
        found = tuple(citation for citation in FOUND if citation.paper.id not in without)
        sentences = SENTENCES[: 1 if shape == "fact" else None]
        if "bait" in question:
            found, sentences = (Citation(1, HOSTILE, (BAIT,), 0.5),), (Sentence(f"{BAIT} said so.", (1,)),)
        if "at length" in question:
            sentences *= 20
        yield Found(found)
        if not self._writing.acquire(blocking=False):
            yield Status("waiting: 1 ahead of you", waiting=True)
            while not self._writing.acquire(timeout=0.05):
                if stop.is_set():
                    yield Finished(_answer(question, (), found, stop))
                    return
        said: tuple[Sentence, ...] = ()
        try:
            for sentence in sentences:
                if stop.is_set():
                    break
                said = (*said, sentence)
                yield Said((Block("prose", said),))
                stop.wait(WORDS_A_SENTENCE * self._pause)
        finally:
            self._writing.release()
        understood = UNDERSTOOD if "leans" in question and not alone else ""
        yield Finished(_answer(question, (Block("prose", said),), found, stop, understood=understood))


def _answer(
    question: str,
    blocks: tuple[Block, ...],
    found: tuple[Citation, ...],
    stop: threading.Event,
    verdict: Verdict = "answered",
    understood: str = "",
) -> Answer:
    cited = {n for block in blocks for sentence in block.sentences for n in sentence.citations}
    return Answer(
        question,
        "stand-in",
        "all-minilm-l6-v2",
        "smollm2-135m-instruct",
        blocks,
        tuple(citation for citation in found if citation.n in cited),
        verdict,
        tuple(Hit(rank, 0.3, paper) for rank, paper in enumerate((HUBBLE, PLANCK), 1)) if not found else (),
        Timings(0.1, 0.4, 0.5, 2.3),
        stop.is_set(),
        understood=understood,
    )
