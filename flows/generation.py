"""One generation: a proposal's way from parent to recorded program, as one Prefect flow run."""

from __future__ import annotations

import logging

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Cancelled, Completed
from prefect.states import Failed as FailedState

from flows.beginning import begun
from flows.labels import message, name_of, tags_of
from flows.open_runs import open_run_of
from flows.orchestrator.flow_run_label import label
from flows.orchestrator.server_calls import ORCHESTRATOR_AWAY
from flows.proposal import Proposal, propose
from flows.repairing import judged
from flows.reviewing import stands
from shinka_core import generation as steps
from shinka_core.errors import (
    Blame,
    BudgetExhaustedError,
    DatabaseUnavailableError,
    LaunchError,
    ModelError,
    ModelsOutError,
    ReviewError,
    RunStoppedError,
    Scope,
    ShinkaError,
)
from shinka_core.generation import OpenGeneration
from shinka_core.outcome import Failed, Open, Outcome, Recorded, Rejected, SetAside
from shinka_core.program import Failure, Program
from tasks import record
from tasks.policy import unopened

logger = logging.getLogger("shinka.generation")

RUN_NAME = "gen-{number:04d}"


@flow(name="generation", flow_run_name=RUN_NAME, validate_parameters=False, persist_result=False)
async def generation(evolution: str, number: int) -> State[None]:
    """Makes, evaluates and records one program of the evolution that this process has open.

    Args:
        evolution: Name of the run.
        number: The first ones, from 0, are seed programs; larger numbers propose a new one.

    Returns:
        Completed with the score in its message, Failed with the recorded reason, or Cancelled when
        the run ends first. How the generation ended is in the run's `ends`.

    Raises:
        Exception: One of `ORCHESTRATOR_AWAY`; the generation has not ended, and whoever started
            the flow run repeats it.
    """
    run = open_run_of(evolution)
    opened = await steps.open_generation(run, number)
    outcome = await steps.end_before(opened) or await _outcome(opened)
    match outcome:
        case Open(reason):
            if (
                reason != run.control.reason
            ):  # a run that only comes to its end is not to be stopped by what it left out
                run.control.stop(reason)
            state = Cancelled(message=message(reason))
        case Recorded(program):
            told = message(describe(program, islands=run.settings.database.num_islands))
            if run.progress.best_generation == number:
                logger.info("%s is the new best: %s", opened, told)
            state = Completed(message=told)
        case SetAside(failure):
            run.last_error = failure.detail
            logger.info("%s is left open: %s: %s: %.200s", opened, failure.step, failure.reason, failure.detail)
            state = FailedState(message=message(f"left open: {failure.step}: {failure.reason}: {failure.detail}"))
        case Rejected(failure) | Failed(failure):
            await steps.give_up(opened, failure, outcome.blame if isinstance(outcome, Failed) else None)
            run.last_error = failure.detail
            logger.info("%s failed: %s: %s: %.200s", opened, failure.step, failure.reason, failure.detail)
            state = FailedState(message=message(f"{failure.step}: {failure.reason}: {failure.detail}"))
    run.ends[number] = outcome
    await label(name_of(opened, outcome), tags_of(opened, outcome))
    return state


async def _outcome(opened: OpenGeneration) -> Outcome:
    """Runs the steps and says how they ended; the orchestrator's own errors pass."""
    try:
        result = await run_generation(opened)
    except (BudgetExhaustedError, RunStoppedError, DatabaseUnavailableError, ModelsOutError) as error:
        # Not this generation's failure. The database was waited for; the next generation would
        # ask and pay, and lose the answer too. Models that are out are out for all.
        return Open(str(error))
    except ORCHESTRATOR_AWAY:
        raise
    except ShinkaError as error:
        failure = Failure(_step_of(error), getattr(error, "reason", type(error).__name__), str(error))
        if error.blame in (Blame.US, Blame.CANDIDATE):
            return Failed(failure, error.blame)
        answered = isinstance(error, ModelError) and error.scope is Scope.PROMPT
        return SetAside(failure, error.blame, answered)
    except TimeoutError as error:
        return SetAside(Failure("generation", "timeout", str(error)), Blame.INFRASTRUCTURE)
    except OSError as error:
        return Open(f"the results cannot be written: {error}")
    except Exception as error:
        logger.exception("%s met an error that nothing provides for; please report it", opened)
        return Failed(Failure("generation", type(error).__name__, str(error)), Blame.US)
    return Rejected(result) if isinstance(result, Failure) else Recorded(result)


async def run_generation(opened: OpenGeneration) -> Program | Failure:
    """Proposes under a proposal slot, evaluates under evaluation slots, and records."""
    run = opened.run
    if opened.context.number < len(run.seeds):
        return await begun(opened)
    again = False
    while True:
        opened.cost = 0.0  # counted anew by what is read back
        async with run.proposals.hold(begun=again) as slot:
            proposal = await propose(opened, slot)
        run.pacing.proposal_seconds.add(slot.seconds)
        if not isinstance(proposal, Proposal):
            return proposal
        again = True
        proposal, evaluation = await judged(opened, proposal)
        sampling, candidate = proposal.sampling, proposal.candidate
        if await stands(opened, sampling, candidate, proposal.verdict, proposal.turn, evaluation):
            return await record(opened, unopened(sampling), unopened(candidate), unopened(evaluation))


def describe(program: Program, islands: int = 1) -> str:
    """One line about a recorded program; where there are several islands, with its own."""
    where = f" (island {program.island})" if islands > 1 and program.generation else ""
    if not program.correct:
        return f"not correct: {program.error}"[:1000] + where
    return (f"score {program.score:.6g} {program.name}" if program.score is not None else "no score") + where


def _step_of(error: ShinkaError) -> str:
    if isinstance(error, ModelError):
        return error.step
    if isinstance(error, ReviewError):
        return "review"
    return "evaluate" if isinstance(error, LaunchError) else "record"
