"""Which of the options of a request a provider complains about.

They are named as a parameter, in quotes or in the words; some write `presencePenalty` for `presence_penalty`, and some
name no option but what it stands for: "does not support thinking".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from shinka_core.llm.complaint import Complaint, phrases

_NO_OPTIONS = {"model", "messages", "input", "system"}
_OF_THINKING = phrases(r"\b(thinking|reasoning|effort)\b")
_OF_PENALTIES = phrases(r"\bpenalty\b")
# What options are about, for those who complain about that alone.
_ABOUT: dict[str, re.Pattern[str]] = {
    **dict.fromkeys(
        ("reasoning_effort", "thinking", "output_config", "reasoning", "think", "enable_thinking", "thinking_budget"),
        _OF_THINKING,
    ),
    **dict.fromkeys(("frequency_penalty", "presence_penalty", "repetition_penalty"), _OF_PENALTIES),
    "n": phrases(r"multiple candidates"),
}


def refused_option(complaint: Complaint, sent: Mapping[str, Any]) -> str | None:
    """The option that is complained about, by its name in the request; None when it is none of them.

    Args:
        sent: The request that was refused.
    """
    options = [name for name in sent if name not in _NO_OPTIONS]
    steps = re.split(r"[.\[\]/]", complaint.param)
    if complaint.param and (named := next((name for name in options if _forms(name) & {*steps}), None)):
        return named
    if complaint.param and {*steps} & _NO_OPTIONS:
        return None
    return next(_named(options, complaint.words), None)


def _named(options: list[str], words: str) -> Iterator[str]:
    """Those that the words may mean, the likeliest first."""
    for form in (r"['\"`]{0}['\"`.]", r"\b{0}\b"):
        for name in options:
            if any(re.search(form.format(re.escape(each)), words) for each in _forms(name)):
                yield name
    yield from (name for name in options if name in _ABOUT and _ABOUT[name].search(words))


def _forms(name: str) -> set[str]:
    """A name as it is sent, and as JSON of other habits has it."""
    first, *others = name.split("_")
    return {name, first + "".join(other.capitalize() for other in others)}
