"""What is done now and then beside the generations, by how many programs are recorded."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from shinka_core.budget import Budget
from shinka_core.control import RunControl
from shinka_core.database import AsyncProgramDatabase
from shinka_core.llm import AsyncLLMClient
from shinka_core.llm.context import Contexts
from shinka_core.progress import Progress
from shinka_core.registry import Registry
from shinka_core.settings import RunSettings


class OpenRun(Protocol):
    """What a periodic step may use of the run: `shinka_core.run.Run` is one.

    Attributes:
        seconds_before: Of the processes that had this evolution open before.
        control: Whether it goes on.
        contexts: What the models read, as far as is known.
        over: Set when the generations are all done, and nobody waits for a step that can be taken up.
    """

    settings: RunSettings
    database: AsyncProgramDatabase
    client: AsyncLLMClient
    budget: Budget
    progress: Progress
    seconds_before: float
    control: RunControl
    contexts: Contexts
    over: asyncio.Event


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


@runtime_checkable
class Resumable(Protocol):
    """A step that is taken up by the next process when it was cut off with its own.

    What it asks for and what it writes is named by the number at which it became due, so that doing it again
    repeats nothing. A step that has a method `apply` is told of the whole record, as folds are, and may be due by
    what it says: then `due` is asked about the present alone.
    """

    def due(self, recorded: int) -> bool:
        """Whether it is to run now that so many programs are recorded."""
        ...

    async def open(self, run: OpenRun) -> None:
        """Reads what it needs, before any generation goes on and after it was told of the record."""
        ...

    async def run_at(self, run: OpenRun, recorded: int) -> None:
        """Does it for that number, or the rest of it.

        It is broken off when the generations are all done, and called once more to write what it has: for some
        seconds, while `run.over` is set and nothing new is asked.

        Raises:
            ShinkaError: It comes to nothing this time, which is kept as its end; the run goes on.
        """
        ...


@dataclass(frozen=True, slots=True)
class Named:
    """A periodic step under the name by which the record knows it."""

    name: str
    step: Periodic | Resumable


PERIODICS: Registry[Periodic] = Registry("periodic step", "shinka.periodics", ("due", "run"))
