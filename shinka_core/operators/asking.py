"""What the operators that ask models have in common."""

from __future__ import annotations

from collections.abc import Sequence

from shinka_core.prompts import Instruction, PromptContext
from shinka_core.prompts.formats import answer_format


def instruct(form: str, context: PromptContext, request: str, moves: Sequence[str]) -> Instruction:
    """The instruction for an answer of edits (`diff`) or a whole program (`full`)."""
    parent, others = context.sampling.parent, [program.code for program in context.sampling.inspirations]
    answer = answer_format(form, language=parent.language, parent=parent.code, others=others)
    return Instruction(suggestion(context, request, moves), answer)


def suggestion(context: PromptContext, request: str, moves: Sequence[str]) -> str:
    """The request with one of the moves, so that equal parents get unequal children; the same for the same seed."""
    return f"{request} {moves[context.sampling.seed % len(moves)]}"
