"""Whether a candidate is novel: compared once, and from then on so."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from shinka_core.costs import both
from shinka_core.database import values
from shinka_core.errors import blaming
from shinka_core.generation.duplicates import as_duplicate, handling
from shinka_core.generation.once import once, plain
from shinka_core.generation.starts import was_submitted
from shinka_core.generation.under_way import OpenGeneration
from shinka_core.llm.account import charged_to
from shinka_core.llm.question import CallKey
from shinka_core.program import Candidate, GenerationState, Program, Purpose, Sampling, Verdict
from shinka_core.seeds import BOOTSTRAP
from shinka_core.source import Source

OFF = Verdict(novel=True, similarity=-1.0, nearest=None, explanation="novelty check off")


async def judge(generation: OpenGeneration, sampling: Sampling, candidate: Candidate, turn: int) -> Verdict:
    """Compares the candidate with its island; without a judge everything is novel but what is recorded already.

    What was judged or submitted before is so still, also when the novelty check is on or off since: the
    candidates after it rest on that.
    """
    run = generation.run
    stored = generation.claim.find(GenerationState.JUDGED, sampling.attempt, turn)
    novelty, looks = run.judge, handling(run) != "evaluate"
    if novelty is None and (stored is not None or not looks):
        return OFF if stored is None else values.load_verdict(stored)[0]
    if stored is None and was_submitted(generation, candidate.source):
        if novelty is not None:
            with charged_to(generation.context.number) as charge, blaming("novelty"):
                generation.embedding = await novelty.embed_if_taken(candidate.source)
            generation.cost = both(generation.cost, charge.dollars)
        return Verdict(novel=True, similarity=-1.0, nearest=None, explanation="submitted without a novelty check")

    moment = _Moment(generation, sampling, candidate.source)

    async def check() -> tuple[Verdict, np.ndarray | None]:
        duplicate = await moment.duplicate()
        if duplicate is not None:
            return duplicate
        if novelty is None:
            return OFF, None
        with charged_to(generation.context.number) as charge, blaming("novelty"):
            try:
                verdict, embedding = await novelty.check(
                    candidate.source,
                    island=sampling.island,
                    neighbours=moment,
                    key=CallKey(generation.context.number, Purpose.NOVELTY, sampling.attempt, turn),
                )
            except _RecordedMeanwhile as found:
                verdict, embedding = found.duplicate
        return replace(verdict, cost=both(verdict.cost, charge.dollars)), embedding

    def dump(outcome: tuple[Verdict, np.ndarray | None]) -> dict[str, Any]:
        return values.dump_verdict(outcome) | {values.ENDED: moment.ended}

    verdict, embedding = await once(
        generation,
        GenerationState.JUDGED,
        (sampling.attempt, turn),
        check,
        dump,
        plain(values.load_verdict),
    )
    generation.embedding = embedding
    generation.cost = both(generation.cost, verdict.cost)
    return verdict


class _RecordedMeanwhile(Exception):
    """The text was recorded while its embedding was on its way."""

    def __init__(self, duplicate: tuple[Verdict, np.ndarray | None]) -> None:
        super().__init__()
        self.duplicate = duplicate


class _Moment:
    """What a candidate is compared with, and when: all of it at one moment of the record, however long it takes.

    Attributes:
        ended: How many generations had ended by that moment.
    """

    def __init__(self, generation: OpenGeneration, sampling: Sampling, source: Source) -> None:
        self.ended = 0
        self._generation = generation
        self._sampling = sampling
        self._source = source

    async def duplicate(self) -> tuple[Verdict, np.ndarray | None] | None:
        """The verdict on a candidate whose text is recorded now."""
        self.ended = self._generation.run.database.ended
        return await as_duplicate(self._generation, self._sampling, self._source)

    async def nearest(self, island: int, embedding: np.ndarray, count: int) -> list[tuple[str, float]]:
        """The most similar programs now, unless the text itself is recorded by now.

        A seed program that is written has to differ from those of all islands.
        """
        run = self._generation.run
        if run.database.ended != self.ended and (found := await self.duplicate()) is not None:
            raise _RecordedMeanwhile(found)
        if self._sampling.patch_type != BOOTSTRAP:
            return await run.database.nearest(island, embedding, count)
        islands = range(max(run.settings.database.num_islands, island + 1))
        found_on = [pair for number in islands for pair in await run.database.nearest(number, embedding, count)]
        return sorted(dict(found_on).items(), key=lambda pair: (-pair[1], pair[0]))[:count]

    async def get(self, program_id: str) -> Program:
        """A program by its id."""
        return await self._generation.run.database.get(program_id)
