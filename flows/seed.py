"""Generation 0: the seed program is evaluated before anything is spent."""

from __future__ import annotations

import logging

from flows.orchestrator.generation_runs import GenerationRuns
from shinka_core.errors import Blame, ConfigError
from shinka_core.outcome import Failed, Open, Rejected, SetAside
from shinka_core.program import NO_REASON
from shinka_core.run import Run

logger = logging.getLogger("shinka.seed")


async def evaluate_seed(run: Run, runs: GenerationRuns) -> None:
    """Evaluates the seed program.

    Raises:
        ConfigError: The evaluator does not work on it, or the archive needs more than it gives.
        OrchestratorError: The Prefect server stayed away; the seed program is open.
    """
    outcome = await runs.end_of(0)
    if isinstance(outcome, Open):
        return  # the run is being stopped
    if isinstance(outcome, SetAside) and outcome.blame is not Blame.EVALUATOR:
        run.control.stop(f"the seed program is not evaluated yet: {outcome.failure.detail}", outage=True)
        return
    if isinstance(outcome, Failed | Rejected | SetAside):
        failure = outcome.failure
        raise ConfigError(
            f"the seed program could not be evaluated: {failure.step}: {failure.reason}: {failure.detail}"
        )
    seed = outcome.program
    if not seed.has_result:
        output = run.generation_dir(0) / "results"
        raise ConfigError(
            f"the evaluator gives no result for the seed program, so nothing can be evolved: {seed.error}\n"
            f"Try it by hand: {run.settings.job.eval_program_path} --program_path {run.settings.evolve.init_program_path} "
            f"--results_dir DIR" + (f"; its output is in {output}" if output.is_dir() else "")
        )
    run.database.check_archive()
    if not seed.correct:
        logger.warning("%s", not_correct(seed.error))


def not_correct(error: str) -> str:
    """What to say of a seed program that is not correct."""
    return f"the seed program is not correct, so the first proposals repair it: {error or NO_REASON}"
