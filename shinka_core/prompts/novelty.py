"""Asking whether two nearly equal programs really differ."""

from __future__ import annotations

import re

from shinka_core.prompts.programs import shown
from shinka_core.source import Source
from shinka_core.thinking import without_thinking

SYSTEM = """\
You compare two programs for the same task. They look alike. Decide whether the new one could behave in a \
meaningfully different way: another algorithm, other parameters that matter, another result. Renamed variables, \
comments, layout and equivalent expressions make no difference. Begin your answer with the single word YES if it \
differs meaningfully or NO if it does not, then give the reason in one sentence."""

_VERDICT = r"(?:not\s+novel|novel|yes|no)"
# Behind it the sentence may go on, but not the word: `no` is not `not`, `No.` is, and so is `YES/NO` none.
_WORD = re.compile(rf"(?<![\w/|-]){_VERDICT}(?![\w/|-])", re.IGNORECASE)
_EITHER = re.compile(r"\byes\b[\s*\"'`]*(?:or\b|/|\|)[\s*\"'`]*no\b", re.IGNORECASE)
_LABELLED = re.compile(
    rf"\b(?:answer|verdict|decision|conclusion|judge?ment|result|novel|differs?|final)\W{{1,12}}({_VERDICT})(?![\w/|-])",
    re.IGNORECASE,
)
# Words that a verdict may stand behind, as in `So, YES`.
_BEFORE_IT = re.compile(
    r"(?:(?:so|well|hence|thus|therefore|ok|okay|my|the|is|it|answer|verdict)\W+){0,4}\W*$", re.IGNORECASE
)
UNCLEAR = "the judge's answer is neither YES nor NO and counts as NO"


def novelty_prompt(source: Source, nearest: Source) -> tuple[str, str]:
    """The system and user message of the question."""
    user = (
        f"# Existing program\n{shown(nearest)}\n\n"
        f"# New program\n{shown(source)}\n\n"
        "Does the new program differ meaningfully? YES or NO first."
    )
    return SYSTEM, user


def read_novelty_answer(text: str) -> tuple[bool, str]:
    """The verdict and its reason.

    Reasoning does not count. The first word decides, else a verdict that is called one (`Answer: YES`), else the
    only one in capitals. An answer that says both, or neither, counts as NO and says so in its reason.
    """
    spoken = without_thinking(text)
    said = "" if spoken.unfinished else spoken.text.strip()
    verdict = _verdict(said)
    reason = " ".join(said.split())[:500]
    if verdict is None:
        return False, f"{UNCLEAR}: {reason or 'it has none'}"
    return verdict, reason


def _verdict(said: str) -> bool | None:
    said = _EITHER.sub(" ", said)  # the question once more
    labelled = {_is_yes(match.group(1)) for match in _LABELLED.finditer(said)}
    loud = {_is_yes(match.group()) for match in _WORD.finditer(said) if match.group().isupper()}
    first = _WORD.search(said)
    if first is not None and _BEFORE_IT.match(said[: first.start()]):
        opening = _is_yes(first.group())
        # `No doubt: YES` and `Yes, they look alike. Verdict: NO` begin with a word that is no verdict.
        contradicted = (not opening) in (labelled or loud) and not first.group().isupper()
        return None if contradicted or (not opening) in labelled else opening
    for verdicts in (labelled, loud):
        if verdicts:
            return verdicts.pop() if len(verdicts) == 1 else None
    return None


def _is_yes(verdict: str) -> bool:
    return verdict.lower() in ("yes", "novel")
