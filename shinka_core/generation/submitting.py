"""Starting an evaluation of a candidate, or finding the one that an earlier process started."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

from shinka_core.database import values
from shinka_core.generation.once import once, plain
from shinka_core.generation.starts import AGAINST, CODE, digest_of, next_start, starts
from shinka_core.generation.under_way import OpenGeneration
from shinka_core.launch import EvaluationRequest, JobState, Launcher, Terms
from shinka_core.launch.room import make_room_for_program
from shinka_core.launch.terms import terms
from shinka_core.program import ONLY, GenerationState, Job, Trial
from shinka_core.run import Run
from shinka_core.source import Source
from shinka_core.source_folder import contents_of, place_of, write_program

RESULTS = "results"


async def submit(generation: OpenGeneration, source: Source, trial: Trial = ONLY) -> Job:
    """Writes the candidate to disk and starts an evaluation of it, anew when the one of before is lost.

    Every start is a row of its own, its turn the number of the start.

    Raises:
        LaunchError: The evaluation could not be started.
    """
    run, digest = generation.run, digest_of(source)
    folder = run.generation_dir(generation.context.number) / trial.folder
    program_path, results_dir = place_of(source, folder, run.seed_program.extension), folder / results_name(run, trial)

    async def start() -> Job:
        if trial in generation.started:  # but its row could not be written
            of, before = generation.started[trial]
            if of == digest and await _is_there(run.launcher, before):
                return before
        contents = contents_of(source)
        await asyncio.to_thread(make_room_for_program, program_path, contents, folder / RESULTS)
        if source.single:
            folder.mkdir(parents=True, exist_ok=True)
            program_path.write_bytes(source.files[0].content)
        else:
            await asyncio.to_thread(write_program, program_path, contents)
        request = EvaluationRequest.of(run.settings.job, program_path, results_dir, terms_of(run, trial))
        job = replace(await run.launcher.submit(request), stage=trial.stage, repeat=trial.repeat)
        generation.started[trial] = digest, job
        run.limits.started(generation.context.number, trial)
        return job

    for turn, _, payload in reversed([known for known in starts(generation, source) if known[1] == trial]):
        # The results folder may have been moved since.
        here = {"program_path": str(program_path), "results_dir": str(folder / Path(payload["results_dir"]).name)}
        job = replace(values.load_job(payload), **here)
        if generation.claim.find(GenerationState.EVALUATED, 0, turn) is not None:
            return job  # its evaluation is in the journal: there is nothing to run
        if await _is_there(run.launcher, job):
            return job
        break

    def dump(job: Job) -> dict[str, Any]:
        told = {} if trial.against is None else {AGAINST: trial.against}
        return values.dump_job(job) | {CODE: digest} | told

    place = (0, next_start(generation))
    return await once(generation, GenerationState.SUBMITTED, place, start, dump, plain(values.load_job))


async def _is_there(launcher: Launcher, job: Job) -> bool:
    """Whether the job's result is there or can be waited for."""
    state = await launcher.find(job)
    return state is JobState.DONE or (state is JobState.RUNNING and await launcher.attach(job))


def results_name(run: Run, trial: Trial) -> str:
    """The folder of an evaluation: `results` for the last stage, those of others and of repeats beside it."""
    earlier = [stage.name for stage in run.settings.job.stages[:-1]]
    stage = f"-{trial.stage}" if trial.stage in earlier else ""
    return RESULTS + stage + (f".{trial.repeat + 1}" if trial.repeat else "")


def terms_of(run: Run, trial: Trial) -> Terms:
    """How the evaluator is called for it."""
    return terms(run.settings.job, run.settings.evolve.seed, trial)
