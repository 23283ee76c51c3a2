"""Two texts written once for a task: how to refine what is good, and how to diverge from it.

One question at the start, from the task, the evaluator and the seed program. While the best score still rises, proposals
from the best program are told how to refine; once it stands still all of them are told how to diverge. The answer is in
the ledger of calls, and every sampling names which of the two it showed, so a prompt can be made again.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from shinka_core.errors import UnusableAnswerError
from shinka_core.llm.question import Message
from shinka_core.meta.asking import DIRECTIONS, ask, key_of
from shinka_core.meta.standing import task_part
from shinka_core.meta.wording import Part, worded
from shinka_core.meta.words import cleaned
from shinka_core.periodic import OpenRun
from shinka_core.program import Answer, Sampling
from shinka_core.prompts import Prompt
from shinka_core.prompts.programs import fenced, shown
from shinka_core.record import Event, Recorded
from shinka_core.storable import storable
from shinka_core.thinking import without_thinking

# The name of the step in the record, and of the two texts in samplings.
NAME = "directions"
REFINE, DIVERGE = "refine", "diverge"
# Programs after which the question is asked: the first one.
AT = 1
# Questions: the answer and, when it cannot be read, another one.
TURNS = 2
# Characters of a text that are shown, of the evaluator that are told, and below which a text says nothing.
LONGEST = 900
EVALUATOR = 12_000
SHORTEST = 20

SYSTEM = """\
Models improve a program by proposing one version after the other; an evaluator scores each, and higher is better. You \
write two short texts that they will read with this task and no other. REFINE is for a program that is already good: \
which of its parts, quantities or decisions are worth changing a little, and how to tell from the evaluation whether a \
change helps. DIVERGE is for when small changes have stopped to help: in what respects another version can differ as a \
whole. Go by what the task, the evaluator and the program say. Give directions of work, not a solution, and name no \
library that the program does not use."""

CLOSING = """\
# Your answer
<REFINE>
at most 80 words
</REFINE>
<DIVERGE>
at most 80 words
</DIVERGE>"""

AGAIN = "Your answer holds no text between <REFINE> and </REFINE> and between <DIVERGE> and </DIVERGE>. Answer in that form."


@dataclass(frozen=True, slots=True)
class Texts:
    """The two texts."""

    refine: str
    diverge: str

    def of(self, name: str) -> str:
        """The text that a sampling names."""
        return self.refine if name == REFINE else self.diverge


def read_texts(answer: str) -> Texts | None:
    """The texts in an answer, bounded and without what would end a section of a prompt; None where one is missing."""
    spoken = without_thinking(answer)
    found = {name: _between(name.upper(), "" if spoken.unfinished else spoken.text) for name in (REFINE, DIVERGE)}
    return None if min(map(len, found.values())) < SHORTEST else Texts(found[REFINE], found[DIVERGE])


def _between(tag: str, text: str) -> str:
    inside = re.findall(rf"<{tag}>(.*?)(?:</{tag}>|<(?:REFINE|DIVERGE)>|\Z)", text, re.DOTALL | re.IGNORECASE)
    said = cleaned(inside[-1]) if inside else ""
    return said if len(said) <= LONGEST else said[:LONGEST].rsplit(" ", 1)[0] + " ..."


class Directions:
    """The step that has the texts written, and the fold that knows which of them a proposal is shown."""

    def __init__(self, after: int) -> None:
        """Begins without texts.

        Args:
            after: Programs without a better best after which it stands still.
        """
        self.texts: Texts | None = None
        self._after = after
        self._sequence = 0
        self._best: tuple[float, str] | None = None
        self._since = 0

    def apply(self, event: Event) -> None:
        """Takes an event up."""
        if not isinstance(event, Recorded):
            return
        self._sequence = event.sequence
        if event.correct and event.score is not None and (self._best is None or event.score > self._best[0]):
            self._best, self._since = (event.score, event.program_id), event.sequence

    def due(self, recorded: int) -> bool:
        """Once, when the first program is recorded."""
        return recorded == AT

    async def open(self, run: OpenRun) -> None:
        """Reads the answer back, if there is one."""
        for turn in range(TURNS):
            stored = await run.database.calls.find(key_of(DIRECTIONS, AT, turn))
            if stored is not None and self.texts is None:
                self.texts = read_texts(stored.text)

    async def run_at(self, run: OpenRun, recorded: int) -> None:
        """Asks, and once more when the answer cannot be read; what was answered before is read back.

        Raises:
            ShinkaError: There are no texts, and the run goes on without.
        """
        seed = await run.database.by_generation(0)
        evaluator = await asyncio.to_thread(_evaluator, run.settings.job.eval_program_path)

        def write(room: int) -> Prompt:
            parts = [
                task_part(run),
                Part("The program that it begins with", "" if seed is None else shown(seed.source)),
                Part("The evaluator", evaluator and fenced(evaluator)),
            ]
            return worded(SYSTEM, parts, room, CLOSING)

        history: tuple[Message, ...] = ()
        answer: Answer | None = None
        for turn in range(TURNS):
            answer = await ask(run, DIRECTIONS, recorded, write, turn=turn, history=history)
            if (texts := read_texts(answer.text)) is not None:
                self.texts = texts
                return
            history += (Message("assistant", answer.text[:LONGEST]), Message("user", AGAIN))
        assert answer is not None
        raise UnusableAnswerError(f"{answer.model}: the answers hold no directions", model=answer.model)

    def choose(self, sampling: Sampling) -> str | None:
        """Which of the texts a proposal is shown; None for neither, as where it follows an idea."""
        if self.texts is None or self._best is None or sampling.idea_id is not None:
            return None
        if self._sequence - self._since >= self._after:
            return DIVERGE
        return REFINE if sampling.parent.id == self._best[1] else None

    def words(self, sampling: Sampling) -> str:
        """The text that a sampling names, "" for none."""
        return "" if sampling.direction is None or self.texts is None else self.texts.of(sampling.direction)


class Directing(Protocol):
    """Chooses which of the two texts a proposal is shown."""

    def choose(self, sampling: Sampling) -> str | None:
        """The name of a text, or None for neither."""
        ...

    def words(self, sampling: Sampling) -> str:
        """The text that a sampling names, "" for none."""
        ...


class RecordedDirection:
    """In the place of the texts where a run is played again: a sampling names what the record says that it named."""

    def __init__(self, given: str | None) -> None:
        self._given = given

    def choose(self, sampling: Sampling) -> str | None:
        """That one."""
        del sampling
        return self._given

    def words(self, sampling: Sampling) -> str:
        """Nothing: no prompts are made in a replay."""
        del sampling
        return ""


def _evaluator(path: str) -> str:
    try:
        with Path(path).open("rb") as file:
            return storable(file.read(EVALUATOR).decode("utf-8", "replace"))
    except OSError:
        return ""
