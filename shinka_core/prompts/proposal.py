"""The question behind a proposal, in our own words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from shinka_core.bounds import within
from shinka_core.program import Program
from shinka_core.prompts.bounding import Draft, shorter
from shinka_core.prompts.context import PROMPT_BUILDERS, Instruction, Prompt, PromptContext
from shinka_core.prompts.programs import FEEDBACK_LIMIT, show_program
from shinka_core.prompts.token_estimate import tokens_at_most

ROLE = """\
You improve a program by proposing its next version. Every version is run by an evaluator, which gives it a score; \
higher is better. A version that fails to run or breaks a rule of the task scores nothing, so be bold in ideas and \
careful in code. Only the code between the lines marked EVOLVE-BLOCK-START and EVOLVE-BLOCK-END may change; a \
program without such lines may change everywhere."""

GAPS = """\
The program is too long to be shown whole: lines outside its EVOLVE-BLOCKs are left out above, and a line in brackets \
says how many. They stay as they are. Never repeat such a line, nor what may stand in its place: where a whole \
program is asked for, give each EVOLVE-BLOCK with its two marker lines and nothing else."""


# How a version is shown beside the current one: its title, the program, whether with the evaluator's texts.
Show = Callable[[str, Program, bool], str]


@PROMPT_BUILDERS.register("standard")
@dataclass(frozen=True, slots=True)
class StandardPrompts:
    """Shows other versions as whole programs, then the current one."""

    def build(self, context: PromptContext, instruction: Instruction) -> Prompt:
        """The messages of a proposal, the same for the same arguments."""
        return proposal(context, instruction, _whole)


STANDARD = StandardPrompts()


def proposal(context: PromptContext, instruction: Instruction, show: Show) -> Prompt:
    """Role, task and form of the answer for the system; programs, from other versions to the current one, for the user.

    Where there is little room, `bounding` says what goes first.
    """
    sampling, room = context.sampling, context.room
    told = [_told(program) for program in sampling.inspirations]
    draft = Draft(_told(sampling.parent), told, list(context.history))
    prompt = _prompt(context, instruction, draft, show)
    if room is None or prompt.tokens <= room:
        return prompt
    for _ in shorter(draft):
        prompt = _prompt(context, instruction, draft, show)
        if prompt.tokens <= room:
            return prompt
    return replace(prompt, fits=False)


def _whole(title: str, program: Program, use_text_feedback: bool) -> str:
    return show_program(title, program, use_text_feedback=use_text_feedback)


def _told(program: Program) -> Program:
    """The program with its texts no longer than any prompt shows: beginning and end of each."""
    feedback, error = (within(text, FEEDBACK_LIMIT) for text in (program.text_feedback, program.error))
    return replace(program, text_feedback=feedback, error=error)


def _system(context: PromptContext, instruction: Instruction) -> str:
    task = f"# The task\n{context.task.strip()}" if context.task else ""
    return "\n\n".join(part for part in (ROLE, task, f"# Your answer\n{instruction.form}") if part)


def _prompt(context: PromptContext, instruction: Instruction, draft: Draft, show: Show) -> Prompt:
    request, shown = instruction.request, context.use_text_feedback
    if instruction.alone is not None and not draft.inspirations:
        request = instruction.alone
    parts: list[str] = []
    if draft.inspirations:
        parts.append("# Other versions, from lower to higher score")
        parts += [
            show(f"Version {number}", program, shown) for number, program in enumerate(draft.inspirations, start=1)
        ]
    parts.append("# The current program")
    parts.append(show_program("To be changed", draft.parent, use_text_feedback=shown))
    if draft.gaps:
        parts.append(GAPS)
    parts.append(f"# What to do\n{request}")
    system, user, history = _system(context, instruction), "\n\n".join(parts), tuple(draft.history)
    tokens = sum(tokens_at_most(text) for text in (system, user, *history))
    return Prompt(system, user, history, tokens, left_out=draft.left_out)
