"""System prompts that evolve beside the programs: a model writes new ones now and then, from the best and from results.

What evolves is the opening alone: what a model is told it is, and how to go about it. The task, the rules for what may
change and the form of the answer stand behind it as they are, whatever it says. A second population of prompts has
been found useful by CodeEvolve (arXiv:2510.14150) and is an option of ShinkaEvolve.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Mapping, Sequence

import numpy as np

from shinka_core.config.guidance import SystemPromptConfig
from shinka_core.database.guidance import Written
from shinka_core.errors import UnusableAnswerError
from shinka_core.meta.approaches import best_first, chosen, living
from shinka_core.meta.asking import SYSTEM_PROMPTS, ask
from shinka_core.meta.merits import Merit, Merits
from shinka_core.meta.report import write_system_prompts
from shinka_core.meta.standing import standing, task_part, with_account
from shinka_core.meta.wording import Part
from shinka_core.meta.words import in_words, said
from shinka_core.periodic import OpenRun
from shinka_core.prompts import Prompt
from shinka_core.prompts.programs import fenced
from shinka_core.prompts.proposal import APPROACH

# The name of the step in the record, and what the details of a stored one hold.
NAME = "system_prompts"
AT = "recorded"
# Turns whose merits are remembered, for one that is taken up later.
TURNS = 8
# Others that are shown beside the one to be changed.
SHOWN = 3
# Words below which an answer is none.
SHORTEST = 8
# What is the prompts' own to say.
_FORM = re.compile(
    r"\bSEARCH\b|\bREPLACE\b|EVOLVE-BLOCK|\bJSON\b|(?i:code blocks?|fenced|markdown|(?:answer|output|response)s?'? format)"
)
_SENTENCES = re.compile(r"(?<=[.!?])\s+")

SYSTEM = """\
Models improve a program by proposing one version after the other; an evaluator scores each, and higher is better. Every \
proposal is asked for with a prompt whose opening tells the model what it is and how to go about its work. You write \
that opening, and nothing else of the prompt: the task, which lines may change, and the form of the answer stand behind \
it and are not yours to repeat or to change. A good opening makes proposals that differ from what was tried and still \
run. From what was tried, and from the openings and what came of each, write a new one that differs from all of them in \
how it tells the model to think."""


class SystemPrompts:
    """The periodic step, and the choice for each proposal."""

    def __init__(self, settings: SystemPromptConfig, merits: Merits) -> None:
        """Begins without any."""
        self._settings = settings
        self._merits = merits
        self._then = OrderedDict[int, Mapping[str | None, Merit]]()
        self.written: list[Written] = []

    @property
    def alive(self) -> list[Written]:
        """Those that proposals are made with now."""
        return living(self.written, self._merits.of_prompt, self._settings)

    def choose(self, rng: np.random.Generator) -> Written:
        """The one for a proposal."""
        return chosen(self.alive, self._merits.of_prompt, self._merits.under_way(), self._settings.exploration, rng)

    def due(self, recorded: int) -> bool:
        """At each multiple."""
        return recorded > 0 and recorded % self._settings.every == 0

    def remember(self, recorded: int) -> None:
        """Keeps what is known of all of them when so many programs are recorded: a turn rests on that whenever it goes on."""
        if self.due(recorded):
            self._then[recorded] = self._merits.of_prompts()
            while len(self._then) > TURNS:
                self._then.popitem(last=False)

    async def open(self, run: OpenRun) -> None:
        """Reads what is written; the usual one is stored first."""
        shelf = run.database.guidance.system_prompts
        self.written = await shelf.all()
        if not self.written:
            self.written.append(await shelf.add(APPROACH))

    async def run_at(self, run: OpenRun, recorded: int) -> None:
        """Has a new one written; one that is stored is not asked for again.

        Raises:
            ShinkaError: Nothing comes of it.
        """
        if any(one.details.get(AT) == recorded for one in self.written):
            return
        merits = self._then.get(recorded, self._merits.of_prompts())

        def then(name: str | None) -> Merit:
            return merits.get(name, Merit())

        there = [one for one in self.written if int(one.details.get(AT, 0)) < recorded]
        best = best_first(living(there, then, self._settings), then, self._settings.trials)[: SHOWN + 1]
        guidance = run.database.guidance
        tried = await guidance.history(recorded - self._settings.every, recorded)
        openings = [(one.text, then(one.id)) for one in best]

        def write(room: int) -> Prompt:
            parts = [task_part(run), standing(recorded, tried), _openings(openings)]
            closing = f"Write the new opening, in {self._settings.words} words at most, and nothing else."
            return with_account(SYSTEM, parts, tried, room, self._settings.tokens, closing)

        answer = await ask(run, SYSTEM_PROMPTS, recorded, write)
        text = opening_of(answer.text, self._settings.words)
        if len(text.split()) < SHORTEST:
            raise UnusableAnswerError("the answer holds no system prompt", model=answer.model)
        if any(_same(text, one.text) for one in there):
            raise UnusableAnswerError("the answer is a system prompt that is there already", model=answer.model)
        self.written.append(await guidance.system_prompts.add(text, parent_id=best[0].id, details={AT: recorded}))
        await self.report(run)

    async def report(self, run: OpenRun) -> None:
        """Writes `system_prompts.md`, and stores with each of them what came of it so far."""
        await write_system_prompts(run.settings.results_dir, run.database.guidance.system_prompts, self._merits)


def opening_of(answer: str, words: int) -> str:
    """The opening in an answer: without what it says about the form of answers, in that many words at most."""
    kept: list[str] = []
    for line in said(answer).splitlines():
        sentences = [sentence for sentence in _SENTENCES.split(line) if not _FORM.search(sentence)]
        if sentences or not line:
            kept.append(" ".join(sentences))
    return in_words("\n".join(kept).strip(), words)


def _same(one: str, other: str) -> bool:
    return one.lower().split() == other.lower().split()


def _openings(openings: Sequence[tuple[str, Merit]]) -> Part:
    """Openings and what came of them; the first is the one to go on from."""
    told = [f"{_told(merit)}\n{fenced(text)}" for text, merit in openings]
    scale = (
        "The number is the mean place of the programs that were made with it among those made at the same time: 0 the worst, "
        "0.5 as good as the others, 1 the best."
    )
    return Part("The openings that did best, the best first", "\n\n".join([scale, *told]), 1_000)


def _told(merit: Merit) -> str:
    return "Not tried yet:" if merit.mean is None else f"{merit.mean:.2f} after {merit.uses} proposals:"
