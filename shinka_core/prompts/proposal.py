"""The question behind a proposal, in our own words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from shinka_core.bounds import within
from shinka_core.program import Program
from shinka_core.prompts.attempts import show_attempts
from shinka_core.prompts.bounding import Draft, shorter
from shinka_core.prompts.context import PROMPT_BUILDERS, Instruction, Prompt, PromptContext
from shinka_core.prompts.pieces import show_pieces
from shinka_core.prompts.programs import FEEDBACK_LIMIT, show_program
from shinka_core.prompts.token_estimate import tokens_at_most

APPROACH = """\
You improve a program by proposing its next version. Every version is run by an evaluator, which gives it a score; \
higher is better. A version that fails to run or breaks a rule of the task scores nothing, so be bold in ideas and \
careful in code."""

RULES = """\
Only the code between the lines marked EVOLVE-BLOCK-START and EVOLVE-BLOCK-END may change; a program without such lines \
may change everywhere."""

ADVICE = """\
# Advice
Written by a model from what earlier versions came to. It may be wrong or out of date; the score decides."""

GAPS = """\
The program is too long to be shown whole: lines outside its EVOLVE-BLOCKs are left out above, and a line in brackets \
says how many. They stay as they are. Never repeat such a line, nor what may stand in its place: where a whole \
program is asked for, give each EVOLVE-BLOCK with its two marker lines and nothing else."""


OTHERS = """\
# Other versions, from lower to higher score
They are shown to learn from; what is to be changed is the current program, which follows them."""

DIRECTION = """\
# The direction to follow
{idea}

The version that you write carries out this direction: where it and the request below differ, the direction counts. \
Say in the description what you made of it."""


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
    """The messages of a proposal, in the order of how long a part stays the same.

    Providers charge less for a beginning that they have read before. So role, task and form of the answer come first,
    for the system; then, for the user, other versions, which are few and good, the current program, what was tried
    before, and the request. On the same 120 proposals of circle packing 45 % of the tokens are read before so, and 32 %
    with the current program in front: parents change more often than what is shown beside them (docs/prompts.md).
    Where there is little room, `bounding` says what goes first.
    """
    sampling, room = context.sampling, context.room
    told = [_told(program) for program in sampling.inspirations]
    draft = Draft(_told(sampling.parent), told, list(context.history), list(sampling.tried))
    prompt = _prompt(context, instruction, draft, show)
    if room is None or prompt.tokens <= room:
        return prompt
    for _ in shorter(draft):
        prompt = _prompt(context, instruction, draft, show)
        if prompt.tokens <= room:
            return prompt
    if context.idea:
        prompt = proposal(replace(context, idea=""), instruction, show)
        return replace(prompt, left_out=(*prompt.left_out, "the direction to follow"))
    return replace(prompt, fits=False)


def _whole(title: str, program: Program, use_text_feedback: bool) -> str:
    return show_program(title, program, use_text_feedback=use_text_feedback)


def _told(program: Program) -> Program:
    """The program with its texts no longer than any prompt shows: beginning and end of each."""
    feedback, error = (within(text, FEEDBACK_LIMIT) for text in (program.text_feedback, program.error))
    return replace(program, text_feedback=feedback, error=error)


def _system(context: PromptContext, instruction: Instruction) -> str:
    approach = context.approach or APPROACH
    role = f"{approach}\n\n{RULES}" if "\n" in approach else f"{approach} {RULES}"
    task = f"# The task\n{context.task.strip()}" if context.task else ""
    # Behind what never changes: it stays the same for many proposals, but not for all.
    advice = f"{ADVICE}\n{context.advice}" if context.advice else ""
    return "\n\n".join(part for part in (role, task, f"# Your answer\n{instruction.form}", advice) if part)


def _prompt(context: PromptContext, instruction: Instruction, draft: Draft, show: Show) -> Prompt:
    system, user, history = (
        _system(context, instruction),
        _user(context, instruction, draft, show),
        tuple(draft.history),
    )
    tokens = sum(tokens_at_most(text) for text in (system, user, *history))
    return Prompt(system, user, history, tokens, left_out=draft.left_out)


def _user(context: PromptContext, instruction: Instruction, draft: Draft, show: Show) -> str:
    """What changes from one proposal to the next, what changes least first."""
    request, shown = instruction.request, context.use_text_feedback
    if instruction.alone is not None and not draft.inspirations:
        request = instruction.alone
    pieces = show_pieces(draft.parent, context.sampling.inspirations, context.pieces, context.images)
    parts: list[str] = []
    if draft.inspirations:
        parts.append(OTHERS)
        parts += [
            show(f"Version {number}", program, shown) for number, program in enumerate(draft.inspirations, start=1)
        ]
    parts.append("# The current program")
    parts.append(show_program("To be changed", draft.parent, use_text_feedback=shown, more=pieces))
    if draft.gaps:
        parts.append(GAPS)
    if draft.tried:
        parts.append(show_attempts(draft.parent, draft.tried))
    if context.idea:
        parts.append(DIRECTION.replace("{idea}", context.idea.strip()))
    parts.append(f"# What to do\n{request}" + (f"\n\n{context.direction}" if context.direction else ""))
    return "\n\n".join(parts)
