"""A crossover: one program of the strengths of several."""

from __future__ import annotations

from dataclasses import dataclass, replace

from shinka_core.edit import Rules, apply_patch
from shinka_core.operators import full
from shinka_core.operators.asking import instruct, suggestion
from shinka_core.operators.protocol import OPERATORS
from shinka_core.program import Candidate, Program
from shinka_core.prompts import Prompt, PromptContext

REQUEST = "Write a program that unites the strengths of the current program and the others shown."
MOVES = (
    "Name to yourself the strongest idea of each program, then write one program that has them all.",
    "Use one program's construction and another's refinement.",
)


@OPERATORS.register("cross")
@dataclass(frozen=True, slots=True)
class Cross:
    """Unites the parent with the other programs shown; when there is no room for any of them, it is written anew."""

    def prompt(self, context: PromptContext) -> Prompt:
        """Asks for it, with one suggestion of how."""
        instruction = instruct("full", context, REQUEST, MOVES)
        return context.ask(replace(instruction, alone=suggestion(context, full.REQUEST, full.MOVES)))

    def apply(self, answer: str, parent: Program, rules: Rules) -> Candidate:
        """Takes the answer in the form asked for, or in the other one."""
        return apply_patch("full", answer, parent.source, rules=rules)
