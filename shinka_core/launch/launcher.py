"""What every place to run evaluations offers, and the registry of such places."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

from shinka_core.launch.request import EvaluationRequest
from shinka_core.program import Evaluation, Job
from shinka_core.registry import Registry


class JobState(StrEnum):
    """What a launcher finds of a job."""

    GONE = "gone"
    """Nothing: it has to be submitted again."""
    RUNNING = "running"
    """It is on its way."""
    DONE = "done"
    """Its result is there for `Launcher.result`."""


class Launcher(Protocol):
    """Runs the user's evaluator on programs.

    A bad program gives a bad evaluation, never an error. What the evaluated program itself may have written is
    no result; only the launcher's own word is.
    """

    async def submit(self, request: EvaluationRequest) -> Job:
        """Starts an evaluation in an empty results folder.

        Returns:
            The job; its `id` is all that another process needs to find it again.

        Raises:
            LaunchError: It could not be started.
        """
        ...

    async def result(self, job: Job) -> Evaluation:
        """Waits for the result; asked again, it is the same.

        One whose reason is `TERMINATED` has left no result that `find` would find. Cancelling this ends the
        evaluation with all its processes.

        Raises:
            LaunchError: The job is lost.
        """
        ...

    async def find(self, job: Job) -> JobState:
        """Looks for a job, of this process or of an earlier one; nothing is changed by asking."""
        ...

    async def attach(self, job: Job) -> bool:
        """Takes up a job of an earlier process that is still running, or else ends what is left of it.

        Returns:
            Whether `result` will have its result; otherwise it has to be submitted again.
        """
        ...

    async def cancel(self, job: Job) -> None:
        """Ends a job and forgets what it came to: `find` then says that it is gone."""
        ...

    async def close(self) -> None:
        """Ends everything that still runs here."""
        ...


LAUNCHERS: Registry[Launcher] = Registry(
    "launcher", "shinka.launchers", ("submit", "result", "find", "attach", "cancel", "close")
)
