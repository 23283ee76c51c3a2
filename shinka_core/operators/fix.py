"""A repair: what the evaluator rejects is made correct."""

from __future__ import annotations

from dataclasses import dataclass

from shinka_core.edit import Rules, apply_patch
from shinka_core.operators.asking import instruct
from shinka_core.operators.protocol import OPERATORS
from shinka_core.program import Candidate, Program
from shinka_core.prompts import Prompt, PromptContext

REQUEST = "The current program is rejected by the evaluator. Make it correct; the score comes second."
MOVES = ("Find out from the error why the program was rejected, and repair the cause.",)


@OPERATORS.register("fix")
@dataclass(frozen=True, slots=True)
class Fix:
    """Mends a parent that is not correct; used by itself where nothing on an island is."""

    def prompt(self, context: PromptContext) -> Prompt:
        """Asks for it, with one suggestion of how."""
        return context.ask(instruct("full", context, REQUEST, MOVES))

    def apply(self, answer: str, parent: Program, rules: Rules) -> Candidate:
        """Takes the answer in the form asked for, or in the other one."""
        return apply_patch("full", answer, parent.source, rules=rules)
