"""How the models are trained: the numbers of a recipe, in one place."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Recipe:
    """The settings of an embedding model's training; the defaults are those of the adapters that ship with Sidereus.

    Attributes:
        base: the catalogue name, folder or hub id of the model to adapt.
        teacher: the same of a model whose vectors are to be matched; None for contrastive training.
        passes: how often every written example is shown.
        limit: at most so many written examples; None for all.
        batch: examples a step.
        own_share: share of a batch that are examples made of papers' own words.
        fresh: documents that are encoded in a step, papers' own words first.
        rate: the largest step size of AdamW, reached after the share ``warmup`` of all steps, then falling to a tenth.
        temperature: cosines are divided by it before the softmax.
        memory: documents of earlier steps that are contrasted with as well.
        alike: cosine of two papers' guide vectors above which one is no negative for the other.
        document_tokens, query_tokens: what is read of a text while training.
        rank, alpha: of the low-rank adapters; their product counts ``alpha / rank`` times.
        strength: share of what was learnt that is kept, between the original model and the trained one (WiSE-FT,
            Wortsman et al. 2022, arXiv:2109.01903); it is measured and saved so.
        every: steps between two evaluations.
    """

    base: str
    teacher: str | None = None
    passes: float = 4.0
    limit: int | None = None
    batch: int = 40
    own_share: float = 0.4
    fresh: int = 24
    rate: float = 1e-3
    warmup: float = 0.08
    temperature: float = 0.05
    memory: int = 1024
    alike: float = 0.85
    document_tokens: int = 256
    query_tokens: int = 48
    rank: int = 16
    alpha: int = 32
    strength: float = 0.7
    every: int = 162
    seed: int = 0

    def as_record(self) -> dict[str, Any]:
        """The recipe as JSON-ready values."""
        return asdict(self)

    def rate_at(self, step: int, steps: int) -> float:
        """The step size at a step, counted from 0."""
        return rising_and_falling(self.rate, self.warmup, 0.1, step, steps)


@dataclass(frozen=True, slots=True)
class LanguageRecipe:
    """The settings of a language model's training.

    Attributes:
        base: the catalogue name of the model to adapt, or its GGUF file.
        passes: how often every question is shown, each time with other evidence.
        limit: at most so many questions; None for all.
        batch: questions a step.
        rate: the largest step size of AdamW, reached after the share ``warmup`` of all steps, then falling to zero.
        rank, alpha, strength: of the low-rank adapters, as for an embedding model.
        every: steps between two measurements.
    """

    base: str
    passes: float = 1.0
    limit: int | None = None
    batch: int = 8
    rate: float = 5e-4
    warmup: float = 0.06
    rank: int = 16
    alpha: int = 32
    strength: float = 1.0
    every: int = 40
    seed: int = 0

    def as_record(self) -> dict[str, Any]:
        """The recipe as JSON-ready values."""
        return asdict(self)

    def rate_at(self, step: int, steps: int) -> float:
        """The step size at a step, counted from 0."""
        return rising_and_falling(self.rate, self.warmup, 0.0, step, steps)


@dataclass(frozen=True, slots=True)
class ReaderRecipe:
    """The settings of a reader's training.

    Attributes:
        base: the catalogue name of the embedding model that learns to read.
        start: a reader in the catalogue, or a folder of its adapters, of the same base and rank, that is to go on
            learning; None for one that has learnt nothing.
        passes: how often every judged question is shown, each time with other sentences.
        limit: at most so many judged questions; None for all.
        batch: questions a step.
        detailed_share: share of a batch that are detailed questions, of which only the answering sentence is known.
        group: sentences of a question that are read in a step.
        claims: claims a step.
        rate: the largest step size of AdamW, reached after the share ``warmup`` of all steps, then falling to zero.
        rank, alpha, strength: of the low-rank adapters, as for an embedding model.
        every: steps between two measurements.
    """

    base: str
    start: str | None = None
    passes: float = 4.0
    limit: int | None = None
    batch: int = 12
    detailed_share: float = 0.25
    group: int = 8
    claims: int = 12
    rate: float = 8e-4
    warmup: float = 0.08
    rank: int = 64
    alpha: int = 64
    strength: float = 1.0
    every: int = 100
    seed: int = 0

    def as_record(self) -> dict[str, Any]:
        """The recipe as JSON-ready values."""
        return asdict(self)

    def rate_at(self, step: int, steps: int) -> float:
        """The step size at a step, counted from 0."""
        return rising_and_falling(self.rate, self.warmup, 0.0, step, steps)


def rising_and_falling(highest: float, warmup: float, left: float, step: int, steps: int) -> float:
    """A step size that rises over the share ``warmup`` of the steps and falls evenly to ``left`` of itself."""
    rising = max(1, round(warmup * steps))
    if step < rising:
        return highest * (step + 1) / rising
    return highest * (1 - (1 - left) * (step - rising) / max(1, steps - rising))
