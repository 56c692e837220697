"""Training claims: sentences about a paper, some supported by sentences of its abstract and some with one error.

The files hold arXiv ids, places of sentences and the claims, and no text of the papers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rag.errors import UsageError
from rag.evaluation.datasets import read_records
from rag.training import records

PATTERN = "claims-*.jsonl"


@dataclass(frozen=True, slots=True)
class WrittenClaim:
    """A claim about a paper and its evidence.

    Attributes:
        id: of the claim.
        paper: the arXiv id.
        sentences: the places of the evidence in the abstract, counted from 0.
        claim: what is claimed.
        supported: whether the evidence supports it.
        kind: "paraphrase", or which kind of error was made: "number", "unit", "object", "sign", "negation",
            "opposite", "cause", "overclaim" or "extra".
    """

    id: str
    paper: str
    sentences: tuple[int, ...]
    claim: str
    supported: bool
    kind: str


def read(paths: Sequence[Path]) -> tuple[WrittenClaim, ...]:
    """The claims of some files, or of all files ``claims-*.jsonl`` of some folders, sorted by id.

    Raises UsageError when there are none, naming the line that is wrong, and when one comes twice.
    """
    return records.read(paths, PATTERN, _of_file, "claims")


def _of_file(path: Path) -> list[WrittenClaim]:
    return [_claim(record, f"{path} line {number}") for number, record in read_records(path)]


def _claim(record: dict[str, object], place: str) -> WrittenClaim:
    texts = [record.get(key) for key in ("cid", "id", "claim", "kind")]
    sentences, supported = record.get("sentences"), record.get("supported")
    if not all(isinstance(text, str) and text.strip() for text in texts):
        raise UsageError(f'{place} needs a "cid", an "id", a "claim" and a "kind": mend it and run again.')
    if not isinstance(sentences, list) or not sentences or not all(isinstance(n, int) and n >= 0 for n in sentences):
        raise UsageError(f'{place} needs numbers of "sentences": mend it and run again.')
    if not isinstance(supported, bool):
        raise UsageError(f'{place} has to say whether the claim is "supported": mend it and run again.')
    identifier, paper, claim, kind = map(str, texts)
    return WrittenClaim(identifier, paper, tuple(sentences), " ".join(claim.split()), supported, kind)
