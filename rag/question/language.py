"""In which language a question is asked."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from rag.models.catalog import Model

# With any of these a question is English enough; it saves loading the identifier.
ENGLISH = re.compile(r"\b(?:the|of|what|which|how|why|when|where|does|did|is|are|were|for|with)\b", re.I)
# A question in Latin letters is another language's when English is as unlikely as this and a few languages,
# sisters perhaps, share as much as that; a list of names and terms is nobody's.
UNLIKELY, SHARED, SISTERS = 0.01, 0.6, 3
# So likely a language is named.
SURE = 0.5
LATIN_ENDS = 0x24F
NAMES = {
    "de": "German", "es": "Spanish", "fr": "French", "it": "Italian", "ja": "Japanese", "ko": "Korean",
    "nl": "Dutch", "pl": "Polish", "pt": "Portuguese", "ru": "Russian", "zh": "Chinese",
}  # fmt: skip


def language_of(question: str) -> str:
    """The ISO 639-1 code of a question's language, "en" unless that is unlikely, "" when it can't be told."""
    foreign = _foreign_letters(question)
    if ENGLISH.search(question) and not foreign:
        return "en"
    ranked = _identifier().rank(question)
    best, probability = ranked[0]
    clear = dict(ranked)["en"] < UNLIKELY and sum(p for _, p in ranked[:SISTERS]) >= SHARED
    if not (foreign or clear):
        return "en"
    return str(best) if probability >= SURE else ""


def _foreign_letters(question: str) -> bool:
    """Whether most letters of a question are of another script than the Latin one."""
    letters = [c for c in question if c.isalpha()]
    return sum(ord(c) > LATIN_ENDS for c in letters) * 2 > len(letters)


def note(question: str, llm: Model) -> str | None:
    """One sentence for a question in a language that the model doesn't write, or None."""
    code = language_of(question)
    if code in llm.languages:
        return None
    name = NAMES.get(code, "the language of your question")
    return f"{llm.title} does not write {name}, so the papers were searched and the answer is in English."


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
