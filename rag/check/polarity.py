"""Whether two texts affirm and deny alike.

Text in, its denials out: "rules out", "hardly" and "disfavoured" deny as "not" does, and two
denials affirm. A denial whose clause the other text leaves out is no difference.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

from rag.check.mentions import Mentions
from rag.check.opposites import opposites, turned_by_prefix
from rag.text.terms import every_stem, plain, stems, words

_INSTEAD = r"instead of|rather than|in preference to"
_CUE = re.compile(
    r"\b(?:not(?! only| just| necessarily| merely)|\w+n't|no(?! \d| one-)|never|cannot|without|neither|none|"
    r"nobody|nothing|nowhere|hardly|scarcely|barely|(?<!a )little(?! red)|fail(?:s|ed|ure|ing)?|lack(?:s|ed|ing)?|"
    r"absen(?:t|ce)|missing|unable|unclear|unlikely|unknown|improbable|impossible|"
    r"rul(?:e|es|ed|ing) (?:(?!out)[\w-]+ ){0,5}out|rul(?:e|es|ed|ing) any|exclud(?:e|es|ed|ing)|disagree\w*|"
    r"inconsisten\w*|incompatible|doubt(?:s|ed|ful)?|unless|disfavou?r\w*|reject\w*|contradict\w*|refut\w+|at odds|"
    r"in conflict|f[ae]lls? short|lost ground|(?:argu|sp[eo]a?k|evidence|count)\w* against|insufficient\w*|"
    r"inadequate\w*|too \w+ (?=(?:\w+ ){0,4}to\b)|disprov\w+|dismiss\w*|prevent\w*|weed\w* out|"
    r"eliminat\w+|discard\w*|forbid\w*|forbad\w*|"
    r"unnecessary|"
    r"den(?:y|ies|ied)|non-?detections?|nonexisten\w+|devoid|dearth)\b",
    re.IGNORECASE,
)
# These may deny or not, as the rest of the sentence goes.
_PERHAPS = re.compile(
    rf"\b(?:{_INSTEAD}|whatever|regardless|irrespective|independent(?:ly)? of|ignor\w+|poorly|free of|avoid\w*|"
    r"alone|by themselves|apart from|except|negligibl\w+|much the same|(?<!a )few|\w+-free|"
    r"(?!un|regard|neverthe|nonethe)[a-z]{3,}less|without exception)\b",
    re.IGNORECASE,
)
_VARY = r"(?:var(?:y|ies|ied)|chang\w+|depend\w*|alter\w*|evolv\w+|differ\w*)"
_STEADY = re.compile(
    rf"\b(?:do(?:es)? not|did not|hardly|scarcely|barely|never|without|cannot) (?:\w+ ){{0,1}}{_VARY}\b|"
    rf"\b{_VARY} (?:only |but |very )?(?:little|hardly|not)\b",
    re.IGNORECASE,
)
_NOT = re.compile(r"not|cannot|\w+n't")
_PREFIX = re.compile(r"(?:un|in|im|ir|il|non|dis)([a-z]{4,})$")
_SCOPE = 5
_BEFORE = 3
# So much of what is denied has to be in a text for it to speak of that at all.
_SPOKEN_OF = 0.3


@dataclass(frozen=True, slots=True)
class Denial:
    """One negation of a text, with the stems before and behind it, which are what it may deny."""

    cue: str
    before: tuple[str, ...]
    behind: tuple[str, ...]

    def near(self, stem: str) -> bool:
        return stem in self.before or stem in self.behind

    def spoken_of(self, text: Mentions) -> bool:
        """Whether a text speaks of what is denied."""
        stems = {*self.before, *self.behind}
        return sum(text.word(stem) for stem in stems) >= _SPOKEN_OF * len(stems)


def _settled(text: str) -> str:
    """`text` with "constant" for "does not vary" and the like."""
    return _STEADY.sub("constant", plain(text).replace("’", "'"))


def denials(text: str) -> list[Denial]:
    """The negations of `text`, in order."""
    text = _settled(text)
    found = []
    for cue in _CUE.finditer(text):
        behind = re.split(r"[;:.] |, (?:but|and|while|which)\b", text[cue.end() :])[0]
        before = re.split(r"[;:.] ", text[: cue.start()])[-1]
        found.append(Denial(cue.group().lower(), tuple(stems(before)[-_BEFORE:]), tuple(stems(behind)[:_SCOPE])))
    return found


def _turned(sentence: str, evidence: str) -> list[tuple[str, str]]:
    """Words of `sentence` in whose place `evidence` has the opposite, and that opposite."""
    said, given = set(every_stem(_settled(sentence))), set(every_stem(_settled(evidence)))
    compared = ("than" in said) == ("than" in given)  # else "A is larger than B" may be told as "B is smaller"
    found = []
    for one, other in opposites():
        for these, those in ((one, other), (other, one)):
            if said & these and given & those and not said & those and not given & these:
                word = min(said & these)
                if compared or not word.endswith("er"):
                    found.append((word, min(given & those)))
    for stem in said - given:
        found += [(stem, other) for other in turned_by_prefix(stem) if other in given and other not in said]
    return found


def _prefixed(text: str, other: str) -> int:
    """How many words of `text` deny by a prefix what `other` has without it: "irregular", "regular"."""
    rivals = set(every_stem(other))
    count = 0
    for word in set(words(text)):
        bare = _PREFIX.fullmatch(word)
        if bare and not _CUE.fullmatch(word) and not set(every_stem(word)) & rivals:
            count += set(every_stem(bare[1])) <= rivals
    return count


def differs(sentence: str, evidence: str) -> str:
    """Why one of the two denies what the other states, or nothing."""
    ours, theirs = Mentions(sentence), Mentions(evidence)
    said = denials(sentence)
    kept = [denial for denial in denials(evidence) if denial.spoken_of(ours)]
    turned = _turned(sentence, evidence)
    # "Less rapidly" is "more slowly".
    in_a_row = list(pairwise(every_stem(sentence)))
    doubled = {stem for pair in in_a_row if {*pair} <= {word for word, _ in turned} for stem in pair}
    for word, opposite in turned:
        # "Not larger" says "smaller".
        cancels = [denial for denial in said if denial.near(word)]
        cancelled = [denial for denial in kept if denial.near(opposite)]
        if cancels:
            said.remove(cancels[0])
        elif cancelled:
            kept.remove(cancelled[0])
        elif word not in doubled:
            return f"evidence has the opposite of: {word}"
    if main := _main(kept, ours, denials(sentence), sentence) or _main(said, theirs, denials(evidence), evidence):
        return f"sentence and evidence differ in what they deny ({main})"
    if passed := _passed_over(sentence, evidence):
        return f"evidence passes over: {passed}"
    perhaps = [Counter(word.lower() for word in _PERHAPS.findall(text)) for text in (sentence, evidence)]
    if perhaps[0] != perhaps[1]:
        return ""
    count, counted = len(said) + _prefixed(sentence, evidence), len(kept) + _prefixed(evidence, sentence)
    if (count - counted) % 2:
        cue = (said or kept)[0].cue if said or kept else "a prefix"
        return f"sentence and evidence differ in what they deny ({cue})"
    return ""


def _main(denied: list[Denial], text: Mentions, own: list[Denial], written: str) -> str:
    """A word that stands right behind a "not", and that the other text, `text`, says and does not deny."""
    if _PERHAPS.search(written):
        return ""
    mains = [denial.behind[0] for denial in denied if _NOT.fullmatch(denial.cue) and denial.behind]
    return next((main for main in mains if text.exactly(main) and not any(other.near(main) for other in own)), "")


def _passed_over(sentence: str, evidence: str) -> str:
    """A thing that `evidence` puts behind an "instead of" and `sentence`, which has one too, before it."""
    split = [re.split(rf"\b(?:{_INSTEAD})\b", text, flags=re.IGNORECASE) for text in (sentence, evidence)]
    if len(split[0]) != 2 or len(split[1]) != 2:
        return ""
    (chosen, _), (_, passed) = ([set(stems(part)) for part in parts] for parts in split)
    kept, left = chosen & passed, set(stems(split[0][1])) & passed
    return min(kept) if len(kept) > len(left) else ""
