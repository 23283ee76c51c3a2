"""Edits: SEARCH/REPLACE blocks against the parent."""

from __future__ import annotations

from dataclasses import dataclass

from shinka_core.edit import Rules, apply_patch
from shinka_core.operators.asking import instruct
from shinka_core.operators.protocol import OPERATORS
from shinka_core.program import Candidate, Program
from shinka_core.prompts import Prompt, PromptContext

REQUEST = "Improve the current program."
MOVES = (
    "Find the step that costs the most score and improve that step alone.",
    "Look for a constant or a threshold that was guessed, and replace it by one you can justify or compute.",
    "Add a refinement that runs after the current solution is built and can only improve it.",
    "Look at the feedback and metrics: repair the weakest case without harming the others.",
    "Remove something that does not earn its place, and use the effort saved where it counts.",
)


@OPERATORS.register("diff")
@dataclass(frozen=True, slots=True)
class Diff:
    """Changes parts of the parent."""

    def prompt(self, context: PromptContext) -> Prompt:
        """Asks for it, with one suggestion of how."""
        return context.ask(instruct("diff", context, REQUEST, MOVES))

    def apply(self, answer: str, parent: Program, rules: Rules) -> Candidate:
        """Takes the answer in the form asked for, or in the other one."""
        return apply_patch("diff", answer, parent.source, rules=rules)
