"""A seed program: written from the task alone, or to differ from those that are there."""

from __future__ import annotations

from dataclasses import dataclass

from shinka_core.edit import Rules, apply_patch
from shinka_core.operators.asking import instruct
from shinka_core.operators.protocol import OPERATORS
from shinka_core.program import Candidate, Program
from shinka_core.prompts import DIFFERENT, Prompt, PromptContext, first_program_prompt

APART = "Say first what each version shown does, and then how yours does it otherwise."


@OPERATORS.register("bootstrap")
@dataclass(frozen=True, slots=True)
class Bootstrap:
    """Writes the programs that a search begins with; used by itself, before the first proposal."""

    def prompt(self, context: PromptContext) -> Prompt:
        """Asks for it; a parent without text stands for none."""
        parent = context.sampling.parent.source
        if parent.single and not parent.text.strip():
            return first_program_prompt(context, parent.language)
        return context.ask(instruct("full", context, DIFFERENT, (APART,)))

    def apply(self, answer: str, parent: Program, rules: Rules) -> Candidate:
        """Takes the whole program of the answer into the frame of the first one, if there is one."""
        return apply_patch("full", answer, parent.source, rules=rules)
