"""An evolution without an orchestrator and without processes: the steps of the core in a plain loop.

What `flows/` does with Prefect, in as few lines as will do, so that hundreds of generations take seconds.
"""

from __future__ import annotations

import asyncio
import time
import zlib
from pathlib import Path

from shinka_core import generation as steps
from shinka_core.errors import ModelError
from shinka_core.generation import OpenGeneration
from shinka_core.launch import EvaluationRequest, JobState
from shinka_core.llm.question import Message
from shinka_core.program import Answer, Candidate, Evaluation, Failure, Job, Sampling, Trial
from shinka_core.prompts import retry_message
from shinka_core.run import Run
from shinka_core.source import Source


class FakeLauncher:
    """Scores a program by its text, at once.

    Attributes:
        evaluated: Names of the generations' folders, in order.
    """

    def __init__(self) -> None:
        self.evaluated: list[str] = []

    async def submit(self, request: EvaluationRequest) -> Job:
        name = request.results_dir.parent.name
        self.evaluated.append(name)
        return Job(name, str(request.program_path), str(request.results_dir), time.time())

    async def find(self, job: Job) -> JobState:
        return JobState.GONE

    async def attach(self, job: Job) -> bool:
        return False

    async def cancel(self, job: Job) -> None:
        pass

    async def result(self, job: Job) -> Evaluation:
        code = Path(job.program_path).read_bytes()
        return Evaluation(score=zlib.crc32(code) / 2**32, correct=True, text_feedback="as it is")

    async def close(self) -> None:
        pass


async def evolve(run: Run) -> None:
    """Runs all generations that are not final, as many at once as there are proposal slots."""
    final = await run.database.journal.final()
    if 0 not in final:
        await live(run, 0)
    await asyncio.gather(
        *(live(run, number) for number in range(1, run.settings.evolve.num_generations + 1) if number not in final)
    )


async def live(run: Run, number: int) -> None:
    """One generation from its beginning to its end."""
    opened = await steps.open_generation(run, number)
    sampling: Sampling | None = None
    proposed: Candidate | Failure = steps.seed_candidate(run)
    if number == 0:
        await steps.embed_seed(opened)
    else:
        async with run.proposals.hold():
            sampling, proposed = await _propose(opened)
    if isinstance(proposed, Failure):
        await steps.give_up(opened, proposed)
        return
    async with run.evaluations.hold():
        evaluation = await steps.evaluate(opened, await steps.submit(opened, proposed.source))
    await steps.record(opened, sampling, proposed, evaluation)


async def _propose(opened: OpenGeneration) -> tuple[Sampling | None, Candidate | Failure]:
    evolve = opened.run.settings.evolve
    failure = Failure("query", "no_attempt", "")
    for attempt in range(evolve.max_patch_resamples):
        sampling = await steps.sample(opened, attempt)
        if not opened.run.ways_on(sampling.island).operators.asking(sampling.patch_type):
            made = await _made_alone(opened, sampling)
            if isinstance(made, Candidate):
                return sampling, made
            failure = made
            continue
        history: tuple[Message, ...] = ()
        for turn in range(evolve.max_patch_attempts):
            try:
                answer = await _ask(opened, sampling, turn, history)
            except ModelError as error:
                return None, Failure("query", error.reason, str(error))
            candidate = await steps.patch(opened, sampling, answer, turn)
            if isinstance(candidate, Failure):
                failure = candidate
                history += (Message("assistant", answer.text[:1000]), Message("user", retry_message(candidate)))
                continue
            verdict = await steps.judge(opened, sampling, candidate, turn)
            if verdict.novel:
                return sampling, candidate
            failure = Failure("novelty", "not_novel", verdict.explanation)
    return None, failure


async def _made_alone(opened: OpenGeneration, sampling: Sampling) -> Candidate | Failure:
    async def tried(source: Source, trial: Trial) -> Evaluation:
        async with opened.run.evaluations.hold(ahead=True):
            return await steps.evaluate(opened, await steps.submit(opened, source, trial))

    candidate = await steps.propose(opened, sampling, steps.TrialBench(opened, sampling, 0, tried))
    if isinstance(candidate, Failure):
        return candidate
    verdict = await steps.judge(opened, sampling, candidate, 0)
    return candidate if verdict.novel else Failure("novelty", "not_novel", verdict.explanation)


async def _ask(opened: OpenGeneration, sampling: Sampling, turn: int, history: tuple[Message, ...]) -> Answer:
    for _ in range(opened.run.settings.evolve.llm_retries):
        try:
            return await steps.query(opened, sampling, turn, history)
        except ModelError as error:
            if not error.retryable:
                raise
    return await steps.query(opened, sampling, turn, history)
