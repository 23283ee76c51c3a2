"""Prompts that tell what was tried and what came of it, not what every program looks like.

A change is a fraction of the program that it made, and says more of what pays (DeltaEvolve, arXiv:2602.02919): the
same room holds more versions, or a cheaper prompt the same number.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from shinka_core.bounds import shortened
from shinka_core.program import Program
from shinka_core.prompts.context import PROMPT_BUILDERS, Instruction, Prompt, PromptContext
from shinka_core.prompts.programs import fenced, show_program, show_result
from shinka_core.prompts.proposal import proposal


@PROMPT_BUILDERS.register("changes")
@dataclass(frozen=True, slots=True)
class ChangesPrompts:
    """Shows of other versions what was changed to make them and why, then the current one as a whole.

    A version that was not made by a change, the seed program, is shown whole.

    Attributes:
        longest: Characters of a change; of a longer one its beginning and end are shown.
    """

    longest: Annotated[int, Field(ge=100)] = 4_000

    def build(self, context: PromptContext, instruction: Instruction) -> Prompt:
        """The messages of a proposal, the same for the same arguments."""
        return proposal(context, instruction, self._change)

    def _change(self, title: str, program: Program, use_text_feedback: bool) -> str:
        if not program.diff:
            return show_program(title, program, use_text_feedback=use_text_feedback)
        parts = [show_result(title, program, use_text_feedback=use_text_feedback)]
        if program.description:
            parts.append(f"What was meant: {' '.join(program.description.split())}")
        parts.append(
            f"What was changed to make it of the version before:\n{fenced(shortened(program.diff, self.longest), 'diff')}"
        )
        return "\n".join(parts)
