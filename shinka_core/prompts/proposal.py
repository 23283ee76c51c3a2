"""The question behind a proposal."""

from __future__ import annotations

from shinka_core.program import PatchType, Sampling
from shinka_core.prompts.formats import ANSWER_FORMATS
from shinka_core.prompts.moves import suggest
from shinka_core.prompts.programs import show_program

ROLE = """\
You improve a program by proposing its next version. Every version is run by an evaluator, which gives it a score; \
higher is better. A version that fails to run or breaks a rule of the task scores nothing, so be bold in ideas and \
careful in code. Only the code between the lines marked EVOLVE-BLOCK-START and EVOLVE-BLOCK-END may change; a \
program without such lines may change everywhere."""

REQUEST = {
    PatchType.DIFF: "Improve the current program.",
    PatchType.FULL: "Write a better program for the same task.",
    PatchType.CROSS: "Write a program that unites the strengths of the current program and the others shown.",
    PatchType.FIX: "The current program is rejected by the evaluator. Make it correct; the score comes second.",
}


def proposal_prompt(sampling: Sampling, *, task: str | None, use_text_feedback: bool) -> tuple[str, str]:
    """The system and the user message of a proposal.

    Args:
        task: What the program is for, in the user's words.
        use_text_feedback: Show the evaluator's texts.

    Returns:
        (system, user); the same for the same sampling.
    """
    parent = sampling.parent
    answer_format = ANSWER_FORMATS[sampling.patch_type].replace("{language}", parent.language)
    system = "\n\n".join(
        part
        for part in (ROLE, f"# The task\n{task.strip()}" if task else "", f"# Your answer\n{answer_format}")
        if part
    )
    parts: list[str] = []
    if sampling.inspirations:
        parts.append("# Other versions, from lower to higher score")
        parts += [
            show_program(f"Version {number}", program, use_text_feedback=use_text_feedback)
            for number, program in enumerate(sampling.inspirations, start=1)
        ]
    parts.append("# The current program")
    parts.append(show_program("To be changed", parent, use_text_feedback=use_text_feedback))
    parts.append(f"# What to do\n{REQUEST[sampling.patch_type]} {suggest(sampling.patch_type, sampling.seed)}")
    return system, "\n\n".join(parts)
