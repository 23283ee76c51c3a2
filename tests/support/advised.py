"""A scripted model that also answers what is asked about the search, and runs without Prefect that ask it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from shinka_core.meta import advice, recommendations, system_prompts
from shinka_core.run import Run
from tests.support.bare import FakeLauncher, evolve
from tests.support.model_replies import patch_for

KINDS = {
    "lessons": advice.SYSTEM, "each": recommendations.EACH, "notes": recommendations.NOTES,
    "next": recommendations.NEXT, "opening": system_prompts.SYSTEM,
}  # fmt: skip
PROGRAM = "# EVOLVE-BLOCK-START\nx = 1.5\ny = 2.5\n# EVOLVE-BLOCK-END\n"


def kind_of(messages: list[dict[str, str]]) -> str:
    """What a question is about; "" for a proposal."""
    return next((kind for kind, system in KINDS.items() if messages[0]["content"] == system), "")


@dataclass
class Counsel:
    """Answers; `asked` holds the kinds of the questions about the search, in their order."""

    answers: dict[str, str] = field(default_factory=dict[str, str])
    asked: list[str] = field(default_factory=list[str])

    def __call__(self, messages: list[dict[str, str]], number: int) -> str:
        kind = kind_of(messages)
        if not kind:
            return patch_for(messages, number)
        self.asked.append(kind)
        times = self.asked.count(kind)
        usual = {
            "lessons": f"Lesson {times}: larger constants pay.",
            "each": f"1. it moved a constant ({times})",
            "notes": f"Notes {times}: constants matter.",
            "next": f"1. Try one thing ({times}).\n2. Try another ({times}).",
            "opening": f"You are a patient engineer of kind {times}, who looks for the smallest change that pays.",
        }
        return self.answers.get(kind, usual[kind])


async def live_on(run: Run, generations: int) -> None:
    """Takes a run to so many generations, with a launcher that scores by the text."""
    run.launcher = FakeLauncher()  # type: ignore[assignment]
    evolution = run.settings.evolve.model_copy(update={"num_generations": generations})
    object.__setattr__(run.settings, "evolve", evolution)
    await evolve(run)


def step(run: Run, name: str) -> Any:
    """The periodic step of that name."""
    return next(named.step for named in run.periodics if named.name == name)
