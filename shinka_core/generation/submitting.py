"""Starting the evaluation of a candidate, or finding the one that an earlier process started."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import replace
from typing import Any

from shinka_core.database import values
from shinka_core.generation.once import once, plain
from shinka_core.generation.under_way import OpenGeneration
from shinka_core.launch import EvaluationRequest, JobState, Launcher
from shinka_core.launch.room import make_room_for_program
from shinka_core.program import GenerationState, Job
from shinka_core.source_text import source_bytes

# Names, in a submission, the program that was submitted.
CODE = "code"


async def submit(generation: OpenGeneration, code: str) -> Job:
    """Writes the candidate to disk and starts its evaluation, anew when the one of before is lost.

    Every start is a row of its own, its turn the number of the start.

    Raises:
        LaunchError: The evaluation could not be started.
    """
    run = generation.run
    folder = run.generation_dir(generation.context.number)
    program_path = folder / f"main{run.seed_program.extension}"

    async def start() -> Job:
        if generation.started is not None:  # but its row could not be written
            started = generation.started
            if await _is_there(run.launcher, started):
                return started
        content = source_bytes(code, run.seed_program.language)
        await asyncio.to_thread(make_room_for_program, program_path, content, folder / "results")
        folder.mkdir(parents=True, exist_ok=True)
        program_path.write_bytes(content)
        request = EvaluationRequest.of(run.settings.job, program_path, folder / "results")
        generation.started = await run.launcher.submit(request)
        return generation.started

    submitted = generation.claim.last(GenerationState.SUBMITTED)
    if submitted is None:
        launch = 0
    elif not submitted_last(generation, code):
        launch = submitted[0] + 1  # of another candidate: settings of today lead elsewhere than those of then
    else:
        # The results folder may have been moved since.
        here = {"program_path": str(program_path), "results_dir": str(folder / "results")}
        job = replace(values.load_job(submitted[1]), **here)
        if generation.claim.find(GenerationState.EVALUATED, 0, submitted[0]) is not None:
            return job  # its evaluation is in the journal: there is nothing to run
        if await _is_there(run.launcher, job):
            return job
        launch = submitted[0] + 1

    def dump(job: Job) -> dict[str, Any]:
        return values.dump_job(job) | {CODE: _digest(code)}

    place = (0, launch)
    return await once(generation, GenerationState.SUBMITTED, place, start, dump, plain(values.load_job))


async def _is_there(launcher: Launcher, job: Job) -> bool:
    """Whether the job's result is there or can be waited for."""
    state = await launcher.find(job)
    return state is JobState.DONE or (state is JobState.RUNNING and await launcher.attach(job))


def submitted_last(generation: OpenGeneration, code: str) -> bool:
    """Whether the last submission was of this program; a journal of an older version does not say of which."""
    submitted = generation.claim.last(GenerationState.SUBMITTED)
    return submitted is not None and submitted[1].get(CODE, _digest(code)) == _digest(code)


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode("utf-8", "surrogatepass")).hexdigest()
