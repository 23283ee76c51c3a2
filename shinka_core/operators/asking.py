"""What the operators that ask models have in common."""

from __future__ import annotations

from collections.abc import Sequence

from shinka_core.edit.folder import joined
from shinka_core.prompts import Instruction, PromptContext
from shinka_core.prompts.formats import Files, answer_format


def instruct(form: str, context: PromptContext, request: str, moves: Sequence[str]) -> Instruction:
    """The instruction for an answer of edits (`diff`) or a whole program (`full`)."""
    parent, others = context.sampling.parent.source, [joined(other.source) for other in context.sampling.inspirations]
    files: Files = "one" if parent.single else "growing" if context.new_files else "fixed"
    answer = answer_format(form, language=parent.language, parent=joined(parent), others=others, files=files)
    return Instruction(suggestion(context, request, moves), answer)


def suggestion(context: PromptContext, request: str, moves: Sequence[str]) -> str:
    """The request with one of the moves, so that equal parents get unequal children; the same for the same seed."""
    return f"{request} {moves[context.sampling.seed % len(moves)]}"
