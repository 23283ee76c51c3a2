"""The evaluator's verdict on a candidate, told from an end that whoever stops the run has brought about."""

from __future__ import annotations

from shinka_core.database import values
from shinka_core.errors import RunStoppedError
from shinka_core.generation.feedback import keep_feedback
from shinka_core.generation.once import once, plain
from shinka_core.generation.starts import start_of
from shinka_core.generation.under_way import OpenGeneration
from shinka_core.program import TERMINATED, Evaluation, GenerationState, Job

# Seconds by which a signal to all processes may reach an evaluation before this process understands its own.
STOP_LAG = 1.0
# The same for an evaluation that catches the signal and leaves with an error of its own, which looks like any other
# crash, and crashes are too many to wait long for each.
CATCH_LAG = 0.1
NO_RESULT = frozenset({"crashed", "killed", "no_result", "bad_result", "forged"})
# Limits were passed, whoever stops what.
OVER_A_LIMIT = frozenset({"timeout", "too_many_processes", "too_much_memory"})


async def evaluate(generation: OpenGeneration, job: Job) -> Evaluation:
    """Waits for the evaluator's verdict; cancelling this kills the evaluation.

    Raises:
        LaunchError: The evaluation is lost.
        RunStoppedError: Whoever stops the run has ended the evaluation too; it is to run again.
    """

    async def wait() -> Evaluation:
        run = generation.run
        evaluation = await run.launcher.result(job)
        try:
            if evaluation.reason == TERMINATED:
                await run.control.check_for(STOP_LAG)
            elif not evaluation.correct and evaluation.reason not in OVER_A_LIMIT:
                await run.control.check_uninterrupted_for(CATCH_LAG if evaluation.reason in NO_RESULT else 0.0)
        except RunStoppedError:
            await run.launcher.cancel(job)
            raise
        return await keep_feedback(run, job, evaluation)

    return await once(
        generation,
        GenerationState.EVALUATED,
        (0, start_of(generation, job)),
        wait,
        values.dump_evaluation,
        plain(values.load_evaluation),
    )
