"""The seed's API: an object with `await runner.run()`, over the outer flow."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Collection, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, ParamSpec

from flows.given import Given, laid_out
from flows.orchestrator.server.find import prefect_server
from flows.terminal.progress import watching
from shinka_core.callbacks import Callbacks, check_callbacks
from shinka_core.checks import check_settings, check_values
from shinka_core.config import DatabaseConfig, EvolutionConfig, JobConfig, LocalJobConfig
from shinka_core.control import INTERRUPTED
from shinka_core.database import RunSummary
from shinka_core.errors import ConfigError
from shinka_core.naming import Place, give_back, is_begun
from shinka_core.settings import Resume, RunSettings, TaskFolder
from shinka_core.shown import as_shown
from shinka_core.whereabouts import find_run

if TYPE_CHECKING:
    from shinka_core.database.records import ProgramRecord
    from shinka_core.opened import Evolution, OpenedProgram


class AsyncEvolutionRunner:
    """Evolves a program with many proposals and evaluations in flight.

    Everything that can be found wrong with the settings is found when the runner is made.
    """

    def __init__(
        self,
        evo_config: EvolutionConfig,
        job_config: JobConfig | None = None,
        db_config: DatabaseConfig | None = None,
        verbose: bool = True,
        max_evaluation_jobs: int | None = None,
        max_proposal_jobs: int | None = None,
        *,
        name: str | None = None,
        resume: bool | Literal["auto"] = False,
        accept_changes: bool = False,
        join: bool = False,
        task: TaskFolder | None = None,
        callbacks: Callbacks | Sequence[Callbacks] = (),
        init_program_str: str | None = None,
        evaluate_str: str | None = None,
        evaluate: Callable[..., Any] | None = None,
    ) -> None:
        """Checks the settings.

        Args:
            evo_config: What to evolve, with which models, for how long.
            job_config: How evaluations run.
            db_config: Where programs are kept and how parents are chosen.
            verbose: Show what happens.
            max_evaluation_jobs: Evaluations at once; `evo_config.max_parallel_jobs` by default.
            max_proposal_jobs: Proposals at once; 10 by default.
            name: Of the evolution; made from the task and the time by default.
            resume: Continue the evolution in `evo_config.results_dir`, or of that name: with the settings that
                are kept with it, under the fields that are set here. "auto" begins it if it is not there.
            accept_changes: Resume although evaluator or seed program have changed.
            join: Share the evolution of that name with other drivers, here or on other machines.
            task: Where the settings came from, if from a task folder.
            callbacks: Who is told of every program, failure and new best, and of the end.
            init_program_str: Text of the seed program, instead of a file; it is kept in the results folder.
            evaluate_str: Text of the evaluator, instead of a file.
            evaluate: Scores a program in this process, without isolation: a function of `program_path`, of `program`
                (the loaded module) or of `program_path, results_dir` that returns a number, or metrics with
                `combined_score`, or metrics, whether the program is correct, and an error.

        Raises:
            ConfigError: Naming the field, its value and the remedy.
        """
        if evaluate is not None and evaluate_str is not None:
            raise ConfigError("evaluate_str and evaluate both say what the evaluator is; leave one of them out")
        given = Given(init_program_str, evaluate_str if evaluate is None else evaluate)
        evo_config, job_config = laid_out(given, evo_config, job_config or LocalJobConfig(), name)
        self.evo_config = evo_config
        self.job_config = job_config
        self.db_config = db_config or DatabaseConfig()
        self.verbose = verbose
        self.name = name
        self._resume: bool | Literal["auto"] = resume
        self._how = Resume.of(resume, join=join)
        self.accept_changes = accept_changes
        self._origin = task
        self._callbacks = check_callbacks(callbacks)
        self._running = ""
        self._place: Place | None = None
        self._url: str | None = None
        self._task: asyncio.Task[Any] | None = None
        settings = RunSettings(
            self.name or "",
            Path(evo_config.results_dir or "."),
            self.evo_config,
            self.job_config,
            self.db_config,
            max_proposal_jobs,
            max_evaluation_jobs,
        )
        # What was not given is kept with a run that is continued, so it is handed on as not given.
        self._widths = {"max_proposal_jobs": max_proposal_jobs, "max_evaluation_jobs": max_evaluation_jobs}
        self.max_proposal_jobs, self.max_evaluation_jobs = settings.proposal_jobs, settings.evaluation_jobs
        if resume is True:
            check_values(settings)  # what is not given is kept with the run
        else:
            check_settings(settings)
        if evo_config.metrics_port is not None:
            from flows.metrics.endpoint import check_free

            check_free(evo_config.metrics_host, evo_config.metrics_port)

    async def run(self) -> RunSummary:
        """Runs the evolution to its end.

        Returns:
            What it came to; programs, the best one and the database are in its `results_dir`.

        Raises:
            ConfigError: A setting is wrong.
            EvolutionExistsError: The results folder or name is taken, and `resume` is off.
        """
        self._task = asyncio.current_task()
        found = await find_run(
            self.evo_config.init_program_path,
            self.db_config,
            name=self.name,
            results_dir=self.evo_config.results_dir,
            resume=self._how,
        )
        self._running, self._place = found.place.name, found.place
        self._url = found.database.db_path if "://" in (found.database.db_path or "") else None
        try:
            return await self._run(found.place, found.database)
        finally:
            give_back(found.place)

    async def _run(self, place: Place, database: DatabaseConfig) -> RunSummary:
        async with prefect_server(self._tell, self._lost):
            from flows.evolve import evolve
            from flows.orchestrator.evolution_run import outcome_of
            from flows.orchestrator.private import without_prefects_signals
            from flows.orchestrator.profile import profile

            with ExitStack() as stack:
                stack.enter_context(profile())
                stack.callback(without_prefects_signals())
                stack.enter_context(watching(place.name, enabled=self.verbose))
                return await outcome_of(
                    evolve,
                    {
                        "evo_config": self.evo_config.model_copy(update={"results_dir": str(place.results_dir)}),
                        "job_config": self.job_config,
                        "db_config": database,
                        **self._widths,
                        "name": place.name,
                        "resume": self._resume,
                        "task_dir": None,
                        "accept_changes": self.accept_changes,
                        "join": self._how is Resume.JOIN,
                        "begin": "anew",
                    },
                    self._origin,
                    self._callbacks,
                )

    @property
    def results_dir(self) -> Path | None:
        """Where results go; None as long as neither the settings name a folder nor the run has found one."""
        if self._place is not None:
            return self._place.results_dir
        named = self.evo_config.results_dir
        return None if named is None else Path(named)

    @property
    def evolution(self) -> Evolution | None:
        """The evolution as `shinka.open` opens it, to be read while it runs and afterwards; None before it has begun."""
        if self._place is None or not is_begun(self._place.results_dir):
            return None
        from shinka_core.opened import open

        return open(self._url or self._place.results_dir, self._place.name)

    @property
    def best(self) -> OpenedProgram | None:
        """The best program so far; None where none is correct yet. From any thread, with and without `await` around it."""
        evolution = self.evolution
        return None if evolution is None else evolution.best()

    def programs(self, columns: Collection[str] = ()) -> list[ProgramRecord]:
        """All programs so far in the order in which they were recorded.

        Args:
            columns: Texts to be read with them, as in `Evolution.programs`.
        """
        evolution = self.evolution
        return [] if evolution is None else evolution.programs(columns)

    def pause(self) -> bool:
        """Begins no proposal until `resume`, from any thread; what is in flight goes on to its end and nothing is lost.

        Returns:
            Whether there is a run to pause: there is none before it has begun, nor after its end.
        """
        from flows.stopping import pause_run

        return pause_run(self._running)

    def resume(self) -> bool:
        """Takes `pause` back, from any thread; a pause of the Prefect UI or by the file `pause` stays.

        Returns:
            Whether there is a run.
        """
        from flows.stopping import resume_run

        return resume_run(self._running)

    def stop(self, reason: str = INTERRUPTED) -> None:
        """Stops the run, from any thread: once to finish what is in flight, twice to end at once.

        `run` then returns what it came to, which can be resumed. Before anything has begun it is cancelled.

        Args:
            reason: Told as `stopped_early` in its summary.
        """
        from flows.stopping import stop_run

        if not stop_run(self._running, reason) and self._task is not None:
            with suppress(RuntimeError):  # its loop is closed: there is nothing to stop
                self._task.get_loop().call_soon_threadsafe(self._task.cancel)

    def _lost(self, reason: str) -> None:
        """Ends the run, resumable, when its server is gone for good."""
        from flows.stopping import stop_run

        stop_run(self._running, reason)

    def _tell(self, line: str) -> None:
        if self.verbose:
            with suppress(OSError, ValueError):  # nobody reads it any more, or cannot
                print(as_shown(line), flush=True)  # noqa: T201 - a person waits for the server to start


P = ParamSpec("P")


def _waited_for(make: Callable[P, AsyncEvolutionRunner]) -> Callable[P, RunSummary]:
    def run(*args: P.args, **kwargs: P.kwargs) -> RunSummary:
        """Evolves a program and returns what that came to, for scripts that have no event loop.

        Takes what `AsyncEvolutionRunner` takes.

        Raises:
            ConfigError: A setting is wrong.
            EvolutionExistsError: The results folder or name is taken, and `resume` is off.
            RuntimeError: An event loop is running; there the runner is awaited.
        """
        if _in_event_loop():
            raise RuntimeError(
                "shinka.run() starts an event loop of its own, and one is running here, as in every notebook; write "
                "`await shinka.AsyncEvolutionRunner(...).run()` with the same arguments instead"
            )
        return asyncio.run(make(*args, **kwargs).run())

    run.__dict__["__signature__"] = inspect.signature(make).replace(return_annotation=RunSummary)
    return run


def _in_event_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


run = _waited_for(AsyncEvolutionRunner)
