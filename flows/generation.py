"""One generation: a proposal's way from parent to recorded program, as one Prefect flow run."""

from __future__ import annotations

import logging
import time

import httpx
from prefect import flow
from prefect.client.schemas.objects import State
from prefect.exceptions import PrefectException
from prefect.states import Cancelled, Completed, Failed

from flows.open_runs import open_run_of
from flows.orchestrator.limits import evaluating, evaluator_tag
from flows.proposal import Proposal, propose
from shinka_core import generation as steps
from shinka_core.errors import (
    BudgetExhaustedError,
    DatabaseUnavailableError,
    LaunchError,
    ModelError,
    RunStoppedError,
    ShinkaError,
)
from shinka_core.generation import OpenGeneration
from shinka_core.program import Candidate, Failure, Program, Sampling
from shinka_core.run import Run
from tasks import record, submit
from tasks.policy import unopened

logger = logging.getLogger("shinka.generation")

RUN_NAME = "gen-{number:04d}"
# A job can be lost with its machine or its process; more often than this, something else is wrong.
LAUNCH_ATTEMPTS = 3

# What Prefect raises when its server does not answer.
ORCHESTRATOR_AWAY = (httpx.HTTPError, PrefectException)


@flow(name="generation", flow_run_name=RUN_NAME, validate_parameters=False, persist_result=False)
async def generation(evolution: str, number: int) -> State[None]:
    """Makes, evaluates and records one program of the evolution that this process has open.

    Args:
        evolution: Name of the run.
        number: 0 evaluates the seed program; larger numbers propose a new one.

    Returns:
        Completed with the score in its message, or Failed with the recorded reason. Either way
        the generation is closed in the program database.
    """
    run = open_run_of(evolution)
    run.open_generations.add(number)
    opened = await steps.open_generation(run, number)
    if opened.claim.state.final:
        run.open_generations.discard(number)
        return Completed(message=f"already {opened.claim.state.value}")
    try:
        outcome = await run_generation(opened)
    except (BudgetExhaustedError, RunStoppedError, DatabaseUnavailableError) as error:
        # Not this generation's failure. The database was waited for; the next generation would
        # ask and pay, and lose the answer too.
        return _leave_open(run, number, str(error))
    except ORCHESTRATOR_AWAY:
        raise  # nor is this: whoever started the flow run repeats it
    except ShinkaError as error:
        outcome = Failure(_step_of(error), getattr(error, "reason", type(error).__name__), str(error))
    except TimeoutError as error:
        outcome = Failure("generation", "timeout", str(error))
    except OSError as error:
        return _leave_open(run, number, f"the results cannot be written: {error}")
    except Exception as error:
        logger.exception("%s met an error that nothing provides for; please report it", opened)
        outcome = Failure("generation", type(error).__name__, str(error))
    run.progress.cost = run.budget.spent
    if isinstance(outcome, Failure):
        await steps.give_up(opened, outcome)
        run.open_generations.discard(number)
        run.progress.saw_failure(outcome)
        logger.info("%s failed: %s: %s: %.200s", opened, outcome.step, outcome.reason, outcome.detail)
        return Failed(message=f"{outcome.step}: {outcome.reason}: {outcome.detail}"[:1000])
    run.open_generations.discard(number)
    if run.progress.saw_program(outcome):
        logger.info("%s is the new best: %s", opened, describe(outcome))
    return Completed(message=describe(outcome))


def _leave_open(run: Run, number: int, reason: str) -> State[None]:
    """Ends the run with the generation where it is, for a resume."""
    run.stop_reason = run.stop_reason or reason
    run.open_generations.discard(number)
    return Cancelled(message=reason[:1000])


async def run_generation(opened: OpenGeneration) -> Program | Failure:
    """Proposes under a proposal slot, evaluates under an evaluation slot, and records."""
    run = opened.run
    if opened.context.number == 0:
        await steps.embed_seed(opened)
        return await score(opened, None, steps.seed_candidate(run))
    async with run.proposals.hold():
        started = time.monotonic()
        proposal = await propose(opened)
        run.pacing.proposal_seconds.add(time.monotonic() - started)
    if not isinstance(proposal, Proposal):
        return proposal
    return await score(opened, proposal.sampling, proposal.candidate)


async def score(opened: OpenGeneration, sampling: Sampling | None, candidate: Candidate) -> Program:
    """Submits, evaluates and records; a lost evaluation is started again."""
    evaluated = evaluating(evaluator_tag(opened.run))
    async with opened.run.evaluations.hold():
        opened.run.check_going()
        for _ in range(LAUNCH_ATTEMPTS - 1):
            job = await submit(opened, unopened(candidate))
            try:
                evaluation = await evaluated(opened, job)
                break
            except LaunchError:
                continue
        else:
            evaluation = await evaluated(opened, await submit(opened, unopened(candidate)))
    opened.run.pacing.evaluation_seconds.add(evaluation.seconds)
    opened.run.pace()
    return await record(opened, unopened(sampling), unopened(candidate), unopened(evaluation))


def describe(program: Program) -> str:
    """One line about a recorded program."""
    if not program.correct:
        return f"not correct: {program.error}"[:1000]
    return f"score {program.score:.6g} {program.name}" if program.score is not None else "no score"


def _step_of(error: ShinkaError) -> str:
    if isinstance(error, ModelError):
        return "query"
    return "evaluate" if isinstance(error, LaunchError) else "record"
