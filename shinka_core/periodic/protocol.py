"""What is done now and then beside the generations, by how many programs are recorded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from shinka_core.budget import Budget
from shinka_core.database import AsyncProgramDatabase
from shinka_core.llm import AsyncLLMClient
from shinka_core.progress import Progress
from shinka_core.registry import Registry
from shinka_core.settings import RunSettings


class OpenRun(Protocol):
    """What a periodic step may use of the run: `shinka_core.run.Run` is one.

    Attributes:
        seconds_before: Of the processes that had this evolution open before.
    """

    settings: RunSettings
    database: AsyncProgramDatabase
    client: AsyncLLMClient
    budget: Budget
    progress: Progress
    seconds_before: float


class Periodic(Protocol):
    """Something that is due at some numbers of recorded programs. It keeps no generation waiting."""

    def due(self, recorded: int) -> bool:
        """Whether it is to run now that so many programs are recorded, the seed program among them.

        The same answer for the same number, at any time and in any process.
        """
        ...

    async def run(self, run: OpenRun) -> None:
        """Does it, once for a number that it is due at and one time after the other.

        It is begun once: one that is cut off with its process is not begun again. An exception is told, and
        ends nothing else.
        """
        ...


@dataclass(frozen=True, slots=True)
class Named:
    """A periodic step under the name by which the record knows it."""

    name: str
    step: Periodic


PERIODICS: Registry[Periodic] = Registry("periodic step", "shinka.periodics", ("due", "run"))
