"""The seed programs, before anything is proposed: the first, the others that were given, then those that are written."""

from __future__ import annotations

import asyncio
import logging
import shlex
import sys
from collections.abc import Awaitable, Callable, Collection, Sequence
from pathlib import Path

from flows.orchestrator.generation_runs import GenerationRuns
from shinka_core.edit.syntax import why_unchecked
from shinka_core.errors import Blame, ConfigError
from shinka_core.launch.contract import is_function
from shinka_core.launch.missing import about_missing_module
from shinka_core.outcome import Failed, Open, Outcome, Recorded, Rejected, SetAside
from shinka_core.program import NO_REASON, Failure, Program
from shinka_core.run import Run
from shinka_core.seed_program import SeedProgram
from shinka_core.seeds import given_among

logger = logging.getLogger("shinka.seed")

# Makes generations, one after another.
Write = Callable[[list[int]], Awaitable[None]]


async def evaluate_seeds(run: Run, runs: GenerationRuns, final: Collection[int], write: Write) -> None:
    """Evaluates every seed program that is not, and lets islands that got no correct one have another.

    Args:
        final: Generations that are over.
        write: Makes those that are written.

    Raises:
        ConfigError: The evaluator does not work on any of them, or the archive needs more than it gives.
        OrchestratorError: The Prefect server stayed away; what is not evaluated is open.
    """
    given = given_among(run.seeds)
    if 0 not in final and not run.seeds[0].written:
        await _tell_of_the_check(run)
    ended = {number: await runs.end_of(number) for number in (0,) if number not in final}
    if _stops(run, ended, alone=given == 1):
        return
    _check_first(run, ended)
    others = [number for number in range(1, given) if number not in final]
    ended |= dict(zip(others, await asyncio.gather(*map(runs.end_of, others)), strict=True))
    if _stops(run, ended, alone=False):
        return
    programs = [await run.database.by_generation(number) for number in range(given)]
    await _settle(run, ended, programs, new=0 not in final)
    await _stop_before_spending(run, programs)
    await write([number for number in range(given, len(run.seeds)) if number not in final])
    if run.control.stopping or len(run.seeds) == 1:
        return
    for island in await run.database.fill_islands() if await _nothing_proposed(run) else ():
        logger.info("island %d has no correct seed program of its own and begins with that of another", island)


async def _tell_of_the_check(run: Run) -> None:
    source, python = run.seed_program.source, run.settings.job.python
    problem = await asyncio.to_thread(why_unchecked, source, python)
    if problem:
        logger.warning(
            "the syntax check is off for what is made of the seed program, since the seed program itself fails it: %s; "
            "what does not parse is then for the evaluator to find", problem,
        )  # fmt: skip


def _is_to_be_repaired(run: Run) -> bool:
    """Whether a run goes on where no seed program is correct: as it is told to, or as a model has written the first."""
    return run.seeds[0].written or run.settings.evolve.incorrect_seed == "repair"


async def _stop_before_spending(run: Run, programs: Sequence[Program | None]) -> None:
    """Ends a run of which no given program is correct, before the first proposal is asked for.

    Raises:
        ConfigError: With what the evaluator says.
    """
    first = programs[0]
    if first is None or _is_to_be_repaired(run):
        return
    if any(program is not None and program.correct for program in programs) or not await _nothing_proposed(run):
        return
    which = "none of the seed programs is correct" if len(programs) > 1 else "the seed program is not correct"
    output = run.generation_dir(0) / "results"
    why = _with_remedy(run, f"{which}, so no model was asked", first.error)
    raise ConfigError(
        f"{why}\nMend the program, or what the evaluator needs on this machine"
        + (f" (its output is in {output})" if output.is_dir() else "")
        + "; where the task is to repair it, say incorrect_seed: repair (--incorrect-seed repair)"
    )


def _with_remedy(run: Run, what: str, error: str) -> str:
    """What the evaluator says, and a line about a module that is not there, where that is what went wrong."""
    missing = about_missing_module(error, run.settings.job)
    return f"{what}: {error.strip() or NO_REASON}" + (f"\n{missing}." if missing else "")


async def _nothing_proposed(run: Run) -> bool:
    """Whether there is nothing yet but seed programs: then whoever is on an island was put there."""
    return len(run.database) <= len(run.seeds) and not any(
        number >= len(run.seeds) for number in await run.database.journal.final()
    )


def _stops(run: Run, ended: dict[int, Outcome], *, alone: bool) -> bool:
    """Whether the run is being stopped, or has to be: nothing is known of a program that could not be evaluated."""
    for number, outcome in ended.items():
        if isinstance(outcome, Open):
            return True
        if isinstance(outcome, SetAside) and outcome.blame is not Blame.EVALUATOR:
            which = "the seed program" if alone else f"seed program {number}"
            run.control.stop(f"{which} is not evaluated yet: {outcome.failure.detail}", outage=True)
            return True
    return False


def _check_first(run: Run, ended: dict[int, Outcome]) -> None:
    """Without the first one, which all diffs are against and all written ones start from, there is nothing."""
    if not isinstance(outcome := ended.get(0), Failed | Rejected | SetAside):
        return
    failure = outcome.failure
    if run.seeds[0].written:
        tries = run.settings.evolve.bootstrap.tries
        raise ConfigError(
            f"no first program could be written in {tries} tries; the last: {failure.step}: {failure.reason}: "
            f"{failure.detail}\nSay in task_sys_msg (--task, task.md) what the program has to define, name another model, "
            "raise bootstrap.tries, or give a program (--initial)"
        )
    raise ConfigError(f"the seed program could not be evaluated: {failure.step}: {failure.reason}: {failure.detail}")


async def _settle(run: Run, ended: dict[int, Outcome], programs: Sequence[Program | None], *, new: bool) -> None:
    """Tells which of those that were given are no use, and takes the first one up.

    Args:
        new: Whether the first one was evaluated by this process.
    """
    first = programs[0]
    if first is None:
        return  # an older version closed its generation
    if run.seeds[0].written:
        run.seed_program = SeedProgram(first.source, run.seed_program.extension)
    if not any(program is not None and program.has_result for program in programs):
        raise ConfigError(_no_result(run, first))
    for number, outcome in ended.items():
        problem = _problem(outcome)
        if isinstance(outcome, SetAside):
            await run.database.journal.fail(number, outcome.failure, outcome.blame)
        if number and problem:
            logger.warning("seed program %d (%s) is no use: %s", number, run.seeds[number].origin, problem)
    if new:
        _check_archive(run, first)
    if new and not first.correct:
        correct = any(program is not None and program.correct for program in programs)
        if correct or _is_to_be_repaired(run):
            logger.warning("%s", not_correct(first.error, alone=not correct))


def _check_archive(run: Run, first: Program) -> None:
    try:
        run.database.check_archive()
    except ConfigError as error:
        if first.correct:
            raise
        why = f"the seed program is not correct, which may be why: {first.error or NO_REASON}"
        raise ConfigError(f"{error}\n{why}") from error


def _problem(outcome: Outcome) -> str:
    """What is wrong with a seed program that has ended so; "" when nothing is."""
    if isinstance(outcome, Failed | Rejected | SetAside):
        return _in_words(outcome.failure)
    return (outcome.program.error or NO_REASON) if isinstance(outcome, Recorded) and not outcome.program.correct else ""


def _in_words(failure: Failure) -> str:
    return f"{failure.step}: {failure.reason}: {failure.detail}"


def _no_result(run: Run, seed: Program) -> str:
    output, written = run.generation_dir(0) / "results", run.seeds[0].written
    which = "any" if len(run.seeds) > 1 else "the"
    said = _with_remedy(
        run, f"the evaluator gives no result for {which} seed program, so nothing can be evolved", seed.error
    )
    place = Path(run.settings.job.eval_program_path)
    if place.is_file() and is_function(place.read_bytes()):
        return said  # it is no script that could be tried by itself
    program = run.generation_dir(0) / "main" if written else run.settings.evolve.init_program_path
    by_hand = shlex.join(
        [*_interpreter(run, place), str(place), "--program_path", str(program), "--results_dir", "DIR"]
    )
    return f"{said}\nTry it by hand: {by_hand}" + (f"; its output is in {output}" if output.is_dir() else "")


def _interpreter(run: Run, evaluator: Path) -> list[str]:
    """What stands before an evaluator in a command; nothing where its first line says it, or nobody knows."""
    return [run.settings.job.python or sys.executable] if evaluator.suffix.lower() == ".py" else []


def not_correct(error: str, *, alone: bool = True) -> str:
    """What to say of a seed program that is not correct.

    Args:
        alone: No other seed program is correct either.
    """
    follows = ", so the first proposals repair it" if alone else "; others are"
    return f"the seed program is not correct{follows}: {error or NO_REASON}"
