"""A generation under way: claimed, taken up where an earlier process left it, or given up."""

from __future__ import annotations

import asyncio

import numpy as np

from shinka_core.database import Claim
from shinka_core.errors import Blame
from shinka_core.outcome import Failed, Recorded, Rejected
from shinka_core.program import Failure, GenerationContext, GenerationState, Job, Trial
from shinka_core.run import Run


class OpenGeneration:
    """One generation under way: who it is, what it may use, and what the journal knows of it.

    Attributes:
        embedding: Of the candidate last judged, `(d,)` float32, or None; stored with the program.
        cost: US dollars of all answers so far; None where those of one of them are unknown.
        model: Who gave the last answer, not always the model that was sampled; "" for what an operator makes alone.
        answered: Who gave the last answer of each sampling.
        unwritten: Outcomes on their way to the journal.
        started: The evaluations last started here by what they are for, with the digests of their programs.
        last_start: The highest number given to a start here: several may be on their way to the journal.
    """

    def __init__(self, run: Run, context: GenerationContext, claim: Claim) -> None:
        self.run = run
        self.context = context
        self.claim = claim
        self.embedding: np.ndarray | None = None
        self.cost: float | None = 0.0
        self.model = ""
        self.answered: dict[int, str] = {}
        self.unwritten: list[asyncio.Future[None]] = []
        self.started: dict[Trial, tuple[str, Job]] = {}
        self.last_start = -1

    async def see_written(self) -> None:
        """Waits for the outcomes on their way to the journal; raises what kept one from it."""
        while self.unwritten:
            first = self.unwritten[0]
            await asyncio.shield(first)
            if self.unwritten and self.unwritten[0] is first:  # or another trial has seen it meanwhile
                del self.unwritten[0]

    def __str__(self) -> str:
        return f"gen-{self.context.number:04d}"


async def open_generation(run: Run, number: int) -> OpenGeneration:
    """Claims a generation, or takes it up where an earlier process left it."""
    context = GenerationContext(run.evolution, number, run.settings.evolve.seed)
    return OpenGeneration(run, context, await run.database.journal.claim(number))


async def end_before(generation: OpenGeneration) -> Recorded | Rejected | Failed | None:
    """How a generation had ended when it was opened; None for one that has not.

    Whoever closed it may have been cut off before saying so.
    """
    failure, blame = generation.claim.failure, generation.claim.blame
    if failure is not None:
        return Rejected(failure) if blame is None else Failed(failure, blame)
    if generation.claim.state is not GenerationState.RECORDED:
        return None
    program = await generation.run.database.by_generation(generation.context.number)
    assert program is not None, "recorded in the transaction that stored its program"
    return Recorded(program)


async def give_up(generation: OpenGeneration, failure: Failure, blame: Blame | None = None) -> None:
    """Closes the generation as failed, unless it was before.

    Args:
        blame: Whose fault it is; None: the models' answers came to nothing.
    """
    if generation.claim.failure is None:
        await generation.run.database.journal.fail(generation.context.number, failure, blame)
