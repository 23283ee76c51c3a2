"""The local command line: `python flows/evolve.py TASK [options]`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Group, Parameter
from pydantic import ValidationError
from rich.console import Console

from flows.orchestrator.server.early import begin_early
from flows.terminal.opening import print_opening
from flows.terminal.resuming import plan_resume
from flows.terminal.task_folder import Overrides, Plan, plan_run
from shinka_core.errors import EvolutionExistsError, ShinkaError
from shinka_core.naming import RUN_FILE, Place, give_back

if TYPE_CHECKING:
    from flows.runner import AsyncEvolutionRunner
    from shinka_core.database import RunSummary

app = App(
    name="evolve",
    help="Evolve a program: a task folder holds initial.<ext>, evaluate.py and, if you like, evolve.yaml.",
)
run_options = Group("Length and width")
model_options = Group("Models")
place_options = Group("Places")

EXIT_STOPPED = 3
EXIT_INTERRUPTED = 130
INTERRUPTED = "interrupted"  # as in flows.stopping, which takes seconds to load


@app.default
def evolve_command(
    task: Annotated[Path | None, Parameter(help="Task folder: initial.<ext> + evaluate.py (+ evolve.yaml).")] = None,
    /,
    *,
    initial: Annotated[Path | None, Parameter(help="Seed program, instead of the task folder's.")] = None,
    evaluate: Annotated[Path | None, Parameter(help="Evaluator script, instead of the task folder's.")] = None,
    config: Annotated[Path | None, Parameter(help="Settings file, instead of the task folder's evolve.yaml.")] = None,
    generations: Annotated[int | None, Parameter(group=run_options, help="Proposals to make.")] = None,
    max_proposal_jobs: Annotated[int | None, Parameter(group=run_options, help="Proposals at once.")] = None,
    max_evaluation_jobs: Annotated[int | None, Parameter(group=run_options, help="Evaluations at once.")] = None,
    seed: Annotated[int | None, Parameter(group=run_options, help="Seeds every random choice.")] = None,
    budget: Annotated[float | None, Parameter(group=run_options, help="US dollars to spend on models at most.")] = None,
    model: Annotated[
        list[str] | None, Parameter(group=model_options, negative="", help="Model to ask; repeat it for an ensemble.")
    ] = None,
    base_url: Annotated[str | None, Parameter(group=model_options, help="OpenAI-compatible endpoint.")] = None,
    results: Annotated[
        Path | None, Parameter(group=place_options, help="Results folder; results/<name> by default.")
    ] = None,
    database: Annotated[
        str | None, Parameter(group=place_options, help="SQLite file or SQLAlchemy URL, such as postgresql://host/db.")
    ] = None,
    name: Annotated[
        str | None, Parameter(group=place_options, help="Name of the run in the database and the UI.")
    ] = None,
    resume: Annotated[
        bool,
        Parameter(
            group=place_options,
            negative="",
            help="Continue the run in --results, or the one called --name in --database.",
        ),
    ] = False,
    accept_changes: Annotated[
        bool, Parameter(group=place_options, negative="", help="Resume with another evaluator or seed program.")
    ] = False,
    quiet: Annotated[bool, Parameter(negative="", help="Print the result alone.")] = False,
) -> int:
    """Evolves a program and prints what it came to.

    Returns:
        The exit code: 0 when all generations are done, 3 when the run stopped early and can be
        resumed, 2 for a mistake in the settings, 1 when the run broke off.
    """
    console = Console(stderr=False, highlight=False, soft_wrap=True)
    overrides = Overrides(
        initial=initial,
        evaluate=evaluate,
        generations=generations,
        max_proposal_jobs=max_proposal_jobs,
        max_evaluation_jobs=max_evaluation_jobs,
        seed=seed,
        budget=budget,
        models=model,
        base_url=base_url,
        results=results,
        database=database,
        name=name,
    )
    try:
        if resume:
            plan = plan_resume(task, config, overrides, accept_changes=accept_changes)
        else:
            plan = plan_run(task, config, overrides)
    except (ShinkaError, ValidationError) as error:
        return _refuse(error)
    if not quiet:
        print_opening(console, plan)
    place = Place(plan.name, Path(plan.evolution.results_dir or ""))
    try:
        summary = asyncio.run(_run(_runner(plan, resume=resume, quiet=quiet)))
    except (ShinkaError, ValidationError) as error:
        return _refuse(error)
    except (KeyboardInterrupt, asyncio.CancelledError):
        begun = (Path(plan.evolution.results_dir or ".") / RUN_FILE).exists()
        advice = (
            f"; continue with --resume --results {plan.evolution.results_dir}" if begun else " before anything began"
        )
        console.print(f"stopped{advice}", markup=False)
        return EXIT_INTERRUPTED
    finally:
        give_back(place)
    from flows.terminal.outcome import print_summary

    print_summary(console, summary)
    if summary.stopped_early == INTERRUPTED:
        return EXIT_INTERRUPTED
    return EXIT_STOPPED if summary.stopped_early else 0


def _runner(plan: Plan, *, resume: bool, quiet: bool) -> AsyncEvolutionRunner:
    """Loads the orchestrator: outside of an event loop, since Prefect starts one of its own for its plugins."""
    begin_early()
    # Imported here: it takes seconds, and a mistake should be told at once.
    from flows.orchestrator.profile import quiet_process
    from flows.runner import AsyncEvolutionRunner

    quiet_process()
    return AsyncEvolutionRunner(
        evo_config=plan.evolution,
        job_config=plan.job,
        db_config=plan.database,
        verbose=not quiet,
        max_evaluation_jobs=plan.settings.max_evaluation_jobs,
        max_proposal_jobs=plan.settings.max_proposal_jobs,
        name=plan.name,
        resume=resume,
        accept_changes=plan.settings.accept_changes,
        task=plan.settings.task,
    )


async def _run(runner: AsyncEvolutionRunner) -> RunSummary:
    from flows.signals import stopping_on_signals

    with stopping_on_signals(runner.stop):
        return await runner.run()


def _refuse(error: ShinkaError | ValidationError) -> int:
    """Tells what went wrong in one line and returns the exit code for it."""
    stderr = Console(stderr=True, highlight=False, soft_wrap=True)
    stderr.print(f"error: {_message(error)}", style="red", markup=False)
    return 2 if isinstance(error, ValidationError | ValueError | EvolutionExistsError) else 1


def _message(error: ShinkaError | ValidationError) -> str:
    if isinstance(error, ValidationError):
        lines = [
            f"{'.'.join(str(part) for part in item['loc']) or error.title}: {item['msg'].removeprefix('Value error, ')}"
            + ("" if item["type"] == "value_error" else f" (got {item['input']!r})")
            for item in error.errors()
        ]
        return "; ".join(lines)
    return str(error)


def main() -> None:
    """Runs the command line and leaves with its exit code."""
    sys.exit(app())
