"""From an answer to a candidate: the patch is applied to the parent, or does not apply."""

from __future__ import annotations

import asyncio

from shinka_core.database import values
from shinka_core.edit import Rules
from shinka_core.errors import PatchError
from shinka_core.generation.once import once, plain
from shinka_core.generation.under_way import OpenGeneration
from shinka_core.operators import AskingOperator, asks
from shinka_core.program import Answer, Candidate, Failure, GenerationState, Sampling
from shinka_core.program_size import SizeLimit
from shinka_core.prompts.bounding import GAP

# Characters of answer and parent up to which a patch is applied on the event loop: below, waking
# a thread takes longer than the work; above, the work would hold up every other generation.
SMALL_PATCH = 25_000

CUT_OFF = {
    "length": "the answer was cut off at its longest length before it was whole; answer in fewer words, with smaller edits",
    "content_filter": "the answer was cut off by the provider's content filter before it was whole; write it differently",
}


async def patch(generation: OpenGeneration, sampling: Sampling, answer: Answer, turn: int) -> Candidate | Failure:
    """Applies the answer to the parent; an answer that cannot be applied is a `Failure` to feed back."""
    operator = generation.run.ways_on(sampling.island).operators.of(sampling.patch_type)
    assert asks(operator), "others are given no answers"

    async def apply() -> Candidate | Failure:
        limit, settings = generation.run.size_limit, generation.run.settings
        rules = Rules(limit.characters, settings.job.python, settings.evolve.allow_new_files)
        if len(answer.text) + sampling.parent.source.length < SMALL_PATCH and rules.python is None:
            return apply_answer(operator, sampling, answer, rules, limit)
        return await asyncio.to_thread(apply_answer, operator, sampling, answer, rules, limit)

    return await once(
        generation,
        GenerationState.PATCHED,
        (sampling.attempt, turn),
        apply,
        values.dump_candidate,
        plain(values.load_candidate),
    )


def apply_answer(
    operator: AskingOperator,
    sampling: Sampling,
    answer: Answer,
    rules: Rules,
    limit: SizeLimit | None = None,
) -> Candidate | Failure:
    """Applies an answer's patch, or tells why it does not apply."""
    if answer.cut:
        # The edits that are whole may be half of a change, and a program that is whole may be a draft.
        return Failure("patch", "truncated_answer", CUT_OFF.get(answer.cut, f"the answer was cut off ({answer.cut})"))
    parent = sampling.parent
    try:
        candidate = operator.apply(answer.text, parent, rules)
    except PatchError as error:
        return Failure("patch", error.reason, str(error))
    return checked(candidate, limit)


def checked(candidate: Candidate, limit: SizeLimit | None) -> Candidate | Failure:
    """The candidate, if it is one that could be shown to every model."""
    if any(GAP in file.text for file in candidate.source.files):
        return Failure("patch", "gap_in_program", "a line that stands for lines left out is no part of the program")
    problem = limit and limit.problem(candidate.source)
    return candidate if problem is None else Failure("patch", "program_too_large", problem)
