"""The evolution: generations mapped concurrently at steady state, as one Prefect flow run.

python flows/evolve.py examples/circle_packing --generations 100
"""

if __name__ == "__main__":
    import os
    import sys

    # Our packages before anybody else's of the same names, and none of their files under a name of its own.
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [os.path.dirname(here), *(folder for folder in sys.path if folder != here)]
    try:
        # Before Prefect and the database are loaded: a mistake is told at once, and a server can start meanwhile.
        from flows.terminal.main import main

        main()
    except KeyboardInterrupt:
        sys.exit(130)

# Annotations are not postponed here: a flow that is served is loaded from a copy that could not find their names.
import logging
from contextlib import AsyncExitStack
from functools import partial
from typing import Literal

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.exceptions import Pause

from flows.events import events_of
from flows.finish import final_state, finish, finish_broken
from flows.metrics import measured
from flows.open_runs import registered
from flows.orchestrator.evolution_run import come_to, task_folder
from flows.orchestrator.identity import sign
from flows.orchestrator.lasting_states import lasting_states
from flows.orchestrator.late_runs import stand_for_late_runs
from flows.orchestrator.orphan import outlive_the_reader
from flows.orchestrator.private import owns_process, without_prefects_signals
from flows.orchestrator.profile import profile
from flows.orchestrator.suspension import unhurried_suspension
from flows.orchestrator.unstored_results import unstored_results
from flows.pool import drive
from flows.reporting import reported
from flows.signals import stopping_on_signals
from flows.stopping import Stopping, stop_run
from flows.succession import Begin, whereabouts
from flows.task_settings import Given
from flows.telling import begun, told_of
from flows.terminal.log_lines import spell_out_logs
from shinka_core.callbacks import telling
from shinka_core.config import DatabaseConfig, EvolutionConfig, JobConfig, LocalJobConfig
from shinka_core.database import RunSummary
from shinka_core.errors import one_error
from shinka_core.naming import give_back
from shinka_core.run import Run, open_run
from shinka_core.settings import Resume, RunSettings

logger = logging.getLogger("shinka.evolve")

# Not None: the server then names the field that is wrong, and the UI shows what a form begins with.
OWN_EVOLUTION = EvolutionConfig()
LOCAL_JOBS = LocalJobConfig()
OWN_DATABASE = DatabaseConfig()


@flow(name="evolve", persist_result=False)
async def evolve(
    evo_config: EvolutionConfig = OWN_EVOLUTION,
    job_config: JobConfig = LOCAL_JOBS,
    db_config: DatabaseConfig = OWN_DATABASE,
    max_evaluation_jobs: int | None = None,
    max_proposal_jobs: int | None = None,
    name: str | None = None,
    resume: bool | Literal["auto"] = False,
    task_dir: str | None = None,
    accept_changes: bool = False,
    join: bool = False,
    begin: Begin = "anew",
) -> RunSummary | State[RunSummary]:
    """Evolves a program.

    Args:
        evo_config: What to evolve, with which models, for how long.
        job_config: How evaluations run; local subprocesses by default.
        db_config: Where programs are kept and how parents are chosen.
        max_evaluation_jobs: Evaluations at once; `evo_config.max_parallel_jobs` by default.
        max_proposal_jobs: Proposals at once; 10 by default.
        name: Of the evolution, unique in its database; made from the task and the time by default.
        resume: Continue the evolution of that name or results folder, with the settings that are kept with it
            under those that are given here; "auto" begins it if it is not there. A flow run that Prefect runs
            again (retried in the UI, say) always continues the evolution that it began, with its own settings.
        task_dir: Folder of the task: its settings file counts where nothing is given, and relative paths of the task
            are in it; the working directory, without a settings file, by default.
        accept_changes: Resume although evaluator or seed program have changed.
        join: Share the evolution of that name with other drivers, on this machine or on others: it is begun or continued
            if none is at it, and otherwise taken part in, with the settings that the others have.
        begin: What becomes of the last run of the same task: nothing (anew), its best programs are begun with (best),
            or it goes on with so many generations more (continue). Without an earlier run all three begin anew.

    Returns:
        What the evolution came to; in a Cancelled state when it was cancelled in the UI, and in a Failed one, as
        the `summary` of an `UnfinishedError`, when an outage stopped it or it made nothing.

    Raises:
        ConfigError: A setting is wrong; nothing was spent.
        EvolutionExistsError: The name or the folder is taken and `resume` is off.
        Pause: The flow run was suspended; what was in flight is stored.
    """
    given = Given(evo_config, job_config, db_config, max_proposal_jobs, max_evaluation_jobs, task_folder())
    given, found = await whereabouts(await given.as_said(), task_dir, begin, name, Resume.of(resume, join=join))
    place = found.place
    settings = RunSettings(
        evolution=place.name,
        results_dir=place.results_dir,
        evolve=given.evolve,
        job=given.job,
        database=found.database,
        max_proposal_jobs=given.max_proposal_jobs,
        max_evaluation_jobs=given.max_evaluation_jobs,
        task=given.task,
        accept_changes=accept_changes,
    )
    try:
        await sign(place)
        await stand_for_late_runs()
        async with open_run(settings, resume=found.resume) as run:
            return final_state(run, await _run(run))
    finally:
        give_back(place)


async def _run(run: Run) -> RunSummary:
    stopping = Stopping(run)
    async with AsyncExitStack() as stack:
        stack.enter_context(registered(run))
        stack.enter_context(profile())
        stack.enter_context(unhurried_suspension())
        if owns_process():
            outlive_the_reader()
            spell_out_logs()
            logging.getLogger("shinka").setLevel(logging.INFO)  # its log is the flow run's, which people read in the UI
            stack.callback(without_prefects_signals())
            stack.enter_context(stopping_on_signals(partial(stop_run, run.evolution)))
        await stack.enter_async_context(measured(run))
        stack.enter_context(events_of(run))
        logger.info("evolution %s in %s", run.evolution, run.settings.results_dir)
        async with telling(told_of(run), run.database, begun(run), run.control) as told:
            try:
                with lasting_states(), unstored_results(), one_error():
                    async with reported(run):
                        stopped = await stopping.guard(drive(run))
            except Exception as error:
                told.ends(await finish_broken(run, error))
                raise
            summary = await finish(run, stopped)
            run.milestones.over(summary.stopped_early)
            come_to(summary)
            told.ends(summary)
    if stopping.suspended is not None:
        raise Pause(state=stopping.suspended)  # the flow run stays as it is, for a resume
    return summary
