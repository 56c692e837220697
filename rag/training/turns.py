"""Teaching what a turn of a conversation is: a logistic model on its words (:mod:`rag.question.turns`)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rag.errors import UsageError
from rag.evaluation.datasets import read_records
from rag.question.turns import KINDS, TurnKind, signs
from rag.storage import write_text

FILE = "conversations.jsonl"
FOLDS = 5
# A sign that one turn alone shows says nothing of others.
SEEN = 2
STRENGTH = 1.0
# Courtesies are few, and to search for one is worse than to be polite to a question.
BALANCE = {"stands": 1.0, "leans": 1.3, "courtesy": 2.0}
DIGITS = 3


@dataclass(frozen=True, slots=True)
class LabelledTurn:
    """A turn as typed, what it is, and the conversation it is of."""

    text: str
    kind: TurnKind
    conversation: str


def read(path: Path) -> tuple[LabelledTurn, ...]:
    """The turns of written conversations; UsageError naming the line that lacks something."""
    return tuple(turn for number, record in read_records(path) for turn in _turns(record, f"{path} line {number}"))


def _turns(record: dict[str, Any], place: str) -> Iterator[LabelledTurn]:
    try:
        for turn in record["turns"]:
            kind: TurnKind = "courtesy" if turn["kind"] == "thanks" else "leans" if turn["leans"] else "stands"
            yield LabelledTurn(turn["q"], kind, record["cid"])
    except (KeyError, TypeError):
        raise UsageError(f'{place} needs "cid" and "turns", each with "q", "kind" and "leans": mend it.') from None


def fit(turns: Sequence[LabelledTurn], path: Path) -> dict[str, float]:
    """Write the model learnt from some turns to ``path``.

    Returns how often each kind is told, on conversations that the model did not see (five folds).
    """
    from sklearn.feature_extraction import DictVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GroupKFold, cross_val_predict

    shown = [signs(turn.text) for turn in turns]
    seen = Counter(sign for one in shown for sign in one)
    vectorizer = DictVectorizer()
    features = vectorizer.fit_transform({s: v for s, v in one.items() if seen[s] >= SEEN} for one in shown)
    kinds = np.array([turn.kind for turn in turns])
    groups = [turn.conversation for turn in turns]
    model = LogisticRegression(C=STRENGTH, max_iter=2000, class_weight=BALANCE)
    told = cross_val_predict(model, features, kinds, groups=groups, cv=GroupKFold(FOLDS))
    model.fit(features, kinds)
    order = [list(model.classes_).index(kind) for kind in KINDS]
    weights = np.round(model.coef_[order].T, DIGITS)
    names = vectorizer.get_feature_names_out()
    record = {
        "offsets": np.round(model.intercept_[order], DIGITS).tolist(),
        "signs": {name: row.tolist() for name, row in zip(names, weights, strict=True) if row.any()},
    }
    write_text(path, json.dumps(record, ensure_ascii=False, indent=0) + "\n")
    return {kind: round(float(np.mean(told[kinds == kind] == kind)), 3) for kind in KINDS}
