"""The evaluations of one candidate: what the core asks for next, as task runs, each under the slots of its stage."""

from __future__ import annotations

from flows.orchestrator.evaluation_runs import runs_of_a_deployment
from flows.orchestrator.limits import evaluation_slot
from shinka_core import generation as steps
from shinka_core.errors import LaunchError
from shinka_core.generation import OpenGeneration
from shinka_core.launch import LAUNCHERS
from shinka_core.program import Candidate, Evaluation, Sampling, Trial
from shinka_core.source import Source
from tasks import evaluate, submit
from tasks.policy import unopened

# A job can be lost with its machine or its process; more often than this, something else is wrong.
LAUNCH_ATTEMPTS = 3

LAUNCHERS.register("prefect")(runs_of_a_deployment)


async def judgement(opened: OpenGeneration, sampling: Sampling | None, candidate: Candidate) -> Evaluation:
    """Evaluates a candidate, in stages and several times if the settings say so.

    An evaluation runs from its submission on, so its slots, the run's and those of a limit across runs, are held
    around both; the repeats of a stage follow each other under the same ones.
    """
    run = opened.run
    course = steps.Course(opened, sampling, candidate.source)
    shared: list[float] = []
    while isinstance(trial := course.next(), Trial):
        stage, slots = trial.stage, run.slots_of(trial.stage)
        async with slots.hold(), evaluation_slot(run, stage):
            while isinstance(trial, Trial) and trial.stage == stage:
                evaluation = await _evaluated(opened, candidate, trial)
                shared.append(evaluation.seconds if slots is run.evaluations else 0.0)
                course.saw(trial, evaluation)
                trial = course.next()
    if shared and run.evaluations_shared:
        run.pacing.evaluation_seconds.add(sum(shared))
        run.pace()
    return trial


async def tried(opened: OpenGeneration, source: Source, trial: Trial) -> Evaluation:
    """Evaluates a program on the way to a candidate, under the slots of every evaluation, before others that wait.

    Each of its trials needs the one before: behind a queue a tuning would take as long as the run.
    """
    run = opened.run
    async with run.evaluations.hold(ahead=True), evaluation_slot(run):
        return await _evaluated(opened, Candidate(source, "", "", ""), trial)


async def _evaluated(opened: OpenGeneration, candidate: Candidate, trial: Trial) -> Evaluation:
    """One evaluation; a lost one is started again."""
    for _ in range(LAUNCH_ATTEMPTS - 1):
        opened.run.control.check()
        job = await submit(opened, unopened(candidate), trial)
        try:
            return await evaluate(opened, job)
        except LaunchError:
            opened.run.control.check()
    return await evaluate(opened, await submit(opened, unopened(candidate), trial))
