"""A whole program, written anew."""

from __future__ import annotations

from dataclasses import dataclass

from shinka_core.edit import Rules, apply_patch
from shinka_core.operators.asking import instruct
from shinka_core.operators.protocol import OPERATORS
from shinka_core.program import Candidate, Program
from shinka_core.prompts import Prompt, PromptContext

REQUEST = "Write a better program for the same task."
MOVES = (
    "Choose an algorithm of a different family than the current one, and implement it well.",
    "Keep the idea but build it anew with a better data structure or formulation.",
    "Think of what the best known methods for this kind of problem do, and bring one of them here.",
    "Combine a good starting point with a local search that accepts only improvements.",
)


@OPERATORS.register("full")
@dataclass(frozen=True, slots=True)
class Full:
    """Writes the parent's task anew."""

    def prompt(self, context: PromptContext) -> Prompt:
        """Asks for it, with one suggestion of how."""
        return context.ask(instruct("full", context, REQUEST, MOVES))

    def apply(self, answer: str, parent: Program, rules: Rules) -> Candidate:
        """Takes the answer in the form asked for, or in the other one."""
        return apply_patch("full", answer, parent.source, rules=rules)
