"""What a prompt asks for, whoever wrote it: the program to be changed, others that are shown, the form of the answer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from benchmarks.search.tasks import task_of

FENCED = re.compile(r"^[ \t]*(`{3,})([\w+#.-]*)[ \t]*\n(.*?)^[ \t]*\1[ \t]*$", re.S | re.M)
# Headings over the program to be changed: ours, ShinkaEvolve's and OpenEvolve's.
HEADING = re.compile(
    r"^#{1,6}[ \t]*(?:the[ \t]+)?(?:current|parent|incorrect)[ \t]+program(?:[ \t]+to[ \t]+\w+)?[ \t]*:?[ \t]*$",
    re.I | re.M,
)
# How the systems ask for one program out of several.
CROSSOVER = ("perform crossover", "unites the strengths")

# How a question for words about the search says that no program is wanted.
WORDS = "Write no code"

Form = Literal["edits", "program", "tagged edits", "tagged program", "words"]


@dataclass(frozen=True)
class Asked:
    """A prompt, read.

    Attributes:
        parent: The program to be changed; None where none is shown.
        others: Programs shown beside it, whole ones of the same task, in order and once each.
        form: How the answer has to look; `tagged` as ShinkaEvolve wants it, `words` where none is asked for a program.
    """

    parent: str | None
    others: Sequence[str]
    form: Form
    crossover: bool


def read(messages: Sequence[Mapping[str, Any]]) -> Asked:
    """Reads the messages of a chat."""
    system = "\n".join(text_of(each) for each in messages if each.get("role") in ("system", "developer"))
    users = [text_of(each) for each in messages if each.get("role") == "user"]
    parent = _parent(users)
    whole = "\n".join([system, *users])
    others = _others(users, parent) if parent is not None else []
    crossover = any(words in whole for words in CROSSOVER)
    return Asked(parent, others, _form(whole) if parent is not None else "words", crossover)


def text_of(message: Mapping[str, Any]) -> str:
    """The text of a message, of one or several parts."""
    content = message.get("content")
    if isinstance(content, str):
        return content
    parts: Sequence[Mapping[str, Any]] = content or []
    return "\n".join(str(part.get("text") or "") for part in parts)


def _programs(text: str, start: int = 0) -> Iterator[str]:
    for match in FENCED.finditer(text, start):
        if "EVOLVE-BLOCK-START" in match.group(3) and task_of(match.group(3)) is not None:
            yield match.group(3)


def _parent(users: Sequence[str]) -> str | None:
    """The program under the last such heading of the latest message that has one, else the last program shown."""
    for text in reversed(users):
        for heading in reversed(list(HEADING.finditer(text))):
            found = next(_programs(text, heading.end()), None)
            if found is not None:
                return found
    shown = [program for text in users for program in _programs(text)]
    return shown[-1] if shown else None


def _others(users: Sequence[str], parent: str) -> list[str]:
    shown = dict.fromkeys(program for text in users for program in _programs(text))
    return [program for program in shown if program.strip() != parent.strip()]


def _form(whole: str) -> Form:
    if WORDS in whole:
        return "words"
    if "<DIFF>" in whole:
        return "tagged edits"
    if "<CODE>" in whole:
        return "tagged program"
    return "edits" if "<<<<<<< SEARCH" in whole else "program"
