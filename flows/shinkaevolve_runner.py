"""`ShinkaEvolveRunner`: the runner as scripts for ShinkaEvolve know it, with a `run()` that waits."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any, Literal

from flows.runner import AsyncEvolutionRunner
from shinka_core.callbacks import Callbacks
from shinka_core.config import DatabaseConfig, EvolutionConfig, JobConfig
from shinka_core.database import RunSummary

logger = logging.getLogger("shinka.runner")

FULL = "full"  # banner_style, by default


class ShinkaEvolveRunner(AsyncEvolutionRunner):
    """Evolves a program, as scripts for ShinkaEvolve ask for it.

    What was begun in the same `results_dir` is continued. Everything that can be found wrong with the settings is found
    when the runner is made.
    """

    def __init__(
        self,
        evo_config: EvolutionConfig,
        job_config: JobConfig | None = None,
        db_config: DatabaseConfig | None = None,
        banner_style: str = FULL,
        verbose: bool = True,
        max_evaluation_jobs: int | None = None,
        max_proposal_jobs: int | None = None,
        max_db_workers: int | None = None,
        debug: bool = False,
        init_program_str: str | None = None,
        evaluate_str: str | None = None,
        *,
        name: str | None = None,
        resume: bool | Literal["auto"] = "auto",
        callbacks: Callbacks | Sequence[Callbacks] = (),
        evaluate: Callable[..., Any] | None = None,
    ) -> None:
        """Checks the settings.

        Args:
            evo_config: What to evolve, with which models, for how long.
            job_config: How evaluations run.
            db_config: Where programs are kept and how parents are chosen.
            banner_style: Taken for the sake of scripts: there is no banner.
            verbose: Show what happens.
            max_evaluation_jobs: Evaluations at once; `evo_config.max_parallel_jobs` by default.
            max_proposal_jobs: Proposals at once; 10 by default.
            max_db_workers: Taken for the sake of scripts: one writer is enough.
            debug: Log what a person does not need to know.
            init_program_str: Text of the seed program, instead of a file.
            evaluate_str: Text of the evaluator, instead of a file.
            name: As `AsyncEvolutionRunner`, like all that follows.
            resume: "auto" continues what was begun in `results_dir`.
            callbacks: Who is told.
            evaluate: Scores a program in this process.

        Raises:
            ConfigError: Naming the field, its value and the remedy.
        """
        if debug:
            logging.getLogger("shinka").setLevel(logging.DEBUG)
        idle = {"banner_style": banner_style not in (FULL, "none", "minimal"), "max_db_workers": bool(max_db_workers)}
        if any(idle.values()):
            logger.warning("taken, but without effect here: %s", ", ".join(name for name, said in idle.items() if said))
        begun_by_name = name is not None or evo_config.results_dir is not None
        super().__init__(
            evo_config,
            job_config,
            db_config,
            verbose,
            max_evaluation_jobs,
            max_proposal_jobs,
            name=name,
            resume=resume if begun_by_name or resume != "auto" else False,
            callbacks=callbacks,
            init_program_str=init_program_str,
            evaluate_str=evaluate_str,
            evaluate=evaluate,
        )

    def run(self) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride] - it waits, as its users know it
        """Runs the evolution to its end, and waits for it.

        Where an event loop runs, as in a notebook, nobody can wait without stopping it: there the run goes on beside, and
        what is returned is its task, to be awaited.

        Returns:
            What it came to, or in an event loop the task that returns that.

        Raises:
            ConfigError: A setting is wrong.
            EvolutionExistsError: The results folder or name is taken, and `resume` is off.
        """
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return asyncio.run(self.run_async())
        if self.verbose:
            self._tell("an event loop runs here: the run goes on beside it; `await runner.run()` waits for its end")
        return loop.create_task(self.run_async())

    async def run_async(self) -> RunSummary:
        """Runs the evolution to its end.

        Raises:
            ConfigError: A setting is wrong.
            EvolutionExistsError: The results folder or name is taken, and `resume` is off.
        """
        return await super().run()
