"""The question behind a proposal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from shinka_core.bounds import within
from shinka_core.edit.folder import joined
from shinka_core.program import PatchType, Program, Sampling
from shinka_core.prompts.bounding import Draft, shorter
from shinka_core.prompts.formats import answer_format
from shinka_core.prompts.moves import suggest
from shinka_core.prompts.programs import FEEDBACK_LIMIT, show_program
from shinka_core.prompts.token_estimate import tokens_at_most
from shinka_core.source import Source, SourceFile

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

GAPS = """\
The program is too long to be shown whole: lines outside its EVOLVE-BLOCKs are left out above, and a line in brackets \
says how many. They stay as they are. Never repeat such a line, nor what may stand in its place: where a whole \
program is asked for, give each EVOLVE-BLOCK with its two marker lines and nothing else."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a model is sent.

    Attributes:
        history: Contents of earlier answers and of what was said about them, in turn, as far as they fit.
        tokens: About how many these are, rather too many.
        fits: Whether that is as few as was asked for.
        left_out: What was left out to make it fit, in words.
    """

    system: str
    user: str
    history: tuple[str, ...] = ()
    tokens: int = 0
    fits: bool = True
    left_out: tuple[str, ...] = ()


def proposal_prompt(
    sampling: Sampling,
    *,
    task: str | None,
    use_text_feedback: bool,
    history: Sequence[str] = (),
    room: int | None = None,
) -> Prompt:
    """The messages of a proposal, the same for the same sampling and room.

    Args:
        task: What the program is for, in the user's words.
        use_text_feedback: Show the evaluator's texts.
        history: Contents of earlier answers and of what was said about them, in turn.
        room: Tokens that all messages together may have; None: any number. `bounding` says what goes first.
    """
    system = _system(sampling, task)
    draft = Draft(_told(sampling.parent), [_told(program) for program in sampling.inspirations], list(history))
    prompt = _prompt(system, draft, sampling, use_text_feedback)
    if room is None or prompt.tokens <= room:
        return prompt
    for _ in shorter(draft):
        prompt = _prompt(system, draft, sampling, use_text_feedback)
        if prompt.tokens <= room:
            return prompt
    return replace(prompt, fits=False)


def tokens_around(language: str, *, task: str | None, folder: bool = False) -> int:
    """About how many tokens the shortest prompt for a program has besides those of the program."""
    nothing = [
        Program("", 0, source, 0, None, False)
        for source in (Source.of("", language), *([Source.folder([SourceFile("a", "", language)])] if folder else ()))
    ]
    samplings = [Sampling(program, (), 0, patch_type, "", 0, 0) for patch_type in PatchType for program in nothing]
    sizes = [proposal_prompt(sampling, task=task, use_text_feedback=False).tokens for sampling in samplings]
    return max(sizes) + tokens_at_most(GAPS)


def _told(program: Program) -> Program:
    """The program with its texts no longer than any prompt shows: beginning and end of each."""
    feedback, error = (within(text, FEEDBACK_LIMIT) for text in (program.text_feedback, program.error))
    return replace(program, text_feedback=feedback, error=error)


def _system(sampling: Sampling, task: str | None) -> str:
    parent, others = sampling.parent, [joined(program.source) for program in sampling.inspirations]
    form = answer_format(
        sampling.patch_type,
        language=parent.language,
        parent=joined(parent.source),
        others=others,
        folder=not parent.source.single,
    )
    parts = (ROLE, f"# The task\n{task.strip()}" if task else "", f"# Your answer\n{form}")
    return "\n\n".join(part for part in parts if part)


def _prompt(system: str, draft: Draft, sampling: Sampling, use_text_feedback: bool) -> Prompt:
    patch_type = sampling.patch_type
    if patch_type is PatchType.CROSS and not draft.inspirations:
        patch_type = PatchType.FULL  # there is no second program left to cross with
    parts: list[str] = []
    if draft.inspirations:
        parts.append("# Other versions, from lower to higher score")
        parts += [
            show_program(f"Version {number}", program, use_text_feedback=use_text_feedback)
            for number, program in enumerate(draft.inspirations, start=1)
        ]
    parts.append("# The current program")
    parts.append(show_program("To be changed", draft.parent, use_text_feedback=use_text_feedback))
    if draft.gaps:
        parts.append(GAPS)
    parts.append(f"# What to do\n{REQUEST[patch_type]} {suggest(patch_type, sampling.seed)}")
    user, history = "\n\n".join(parts), tuple(draft.history)
    tokens = sum(tokens_at_most(text) for text in (system, user, *history))
    return Prompt(system, user, history, tokens, left_out=draft.left_out)
