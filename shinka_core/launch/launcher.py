"""What every place to run evaluations offers."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from shinka_core.launch.terms import AS_SET, Terms
from shinka_core.program import Evaluation, Job


class Launcher(Protocol):
    """Runs the user's evaluator on programs."""

    async def submit(self, program_path: Path, results_dir: Path, terms: Terms = AS_SET) -> Job:
        """Starts an evaluation in an empty results folder.

        Args:
            terms: What is special about this one.

        Raises:
            LaunchError: It could not be started.
        """
        ...

    async def attach(self, job: Job) -> Job | None:
        """Takes up a job that an earlier process submitted.

        What the evaluated program itself may have written is no result; only the launcher's own word is.

        Returns:
            The job when its result can still be had, or None when it has to be submitted again.
        """
        ...

    async def wait(self, job: Job) -> Evaluation:
        """Waits for the result; a bad program gives a bad evaluation, not an error.

        One whose reason is `TERMINATED` has left no result that `attach` would find.

        Cancelling this ends the evaluation with all its processes.

        Raises:
            LaunchError: The job is lost.
        """
        ...

    async def discard(self, job: Job) -> None:
        """Has `attach` find nothing of a job that has ended: it is to run again."""
        ...

    async def close(self) -> None:
        """Ends everything that still runs."""
        ...
