"""A whole evolution, opened to be looked at, from a script or from a notebook."""

from __future__ import annotations

from collections.abc import Callable, Collection, Coroutine
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import numpy as np

from shinka_core.database.island_summary import IslandSummary
from shinka_core.database.reader import EvolutionReader
from shinka_core.database.records import CallRecord, Descent, GenerationRecord, ProgramRecord
from shinka_core.database.summary import RunSummary
from shinka_core.errors import ConfigError
from shinka_core.opened.frames import Of, frame_of, texts_for
from shinka_core.opened.html import evolution_page
from shinka_core.opened.program import OpenedProgram
from shinka_core.opened.waiting import wait_for
from shinka_core.report.costs import Cost, costs
from shinka_core.report.failures import FailureCount, failures
from shinka_core.report.lineage import ancestors
from shinka_core.report.progress import Progress, progress
from shinka_core.report.times import at_work, in_utc

T = TypeVar("T")
SHOWN = 5


def open(where: str | Path, name: str | None = None) -> Evolution:
    """Opens an evolution to look at it: while it runs, after it, from scripts and from notebooks.

    Nothing is changed, and nobody is kept waiting. Each question reads the record as it is then, over a connection
    that is closed again; inside `with` one connection answers them all.

    Args:
        where: Its results folder, a SQLite file, or the URL of a database.
        name: Of the evolution; None for the one of the folder, or the only one in the database.

    Raises:
        DatabaseError: There is no such database or evolution, or it cannot be read; says what there is.
        SchemaVersionError: The database is of another version.
    """
    return Evolution(where, name)


class Evolution:
    """An evolution that can be read and not written; made by `open`.

    Attributes:
        name: Of the evolution.
        where: What it was opened by; a path is absolute.
    """

    def __init__(self, where: str | Path, name: str | None = None) -> None:
        """Finds it; see `open`."""
        # A working directory may change between two questions.
        self.where = str(where) if "://" in str(where) else str(Path(where).expanduser().absolute())
        self._reader: EvolutionReader | None = None
        self._stack = AsyncExitStack()

        async def named() -> str:
            async with EvolutionReader.open(self.where, name) as reader:
                return reader.name

        self.name = wait_for(named())

    def __enter__(self) -> Self:
        self._reader = wait_for(self._stack.enter_async_context(EvolutionReader.open(self.where, self.name)))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._reader = None
        wait_for(self._stack.aclose())

    def __repr__(self) -> str:
        """Its name and how far it has come, in one line."""
        summary = self.summary
        return f"<evolution {self.name!r}: {summary.programs} programs, best score {summary.best_score}>"

    def _repr_html_(self) -> str:
        ranked = [one for one in self.programs() if one.correct and one.score is not None and one.generation >= 0]
        ranked.sort(key=lambda one: (-(one.score or 0.0), one.sequence))
        return evolution_page(self.summary, ranked[:SHOWN])

    def programs(self, columns: Collection[str] = ()) -> list[ProgramRecord]:
        """All programs in the order in which they were recorded.

        Args:
            columns: Texts to be read with them, into `texts`: `description`, `diff`, `text_feedback`, `error`,
                `public_metrics`, `private_metrics`, `feedback`.

        Raises:
            ValueError: A column is none of them.
        """

        async def read(reader: EvolutionReader) -> list[ProgramRecord]:
            return [_dated(one) async for one in reader.programs(columns=columns)]

        return self._ask(read)

    def frame(self, of: Of = "programs", columns: Collection[str] = (), library: str | None = None) -> Any:
        """Programs, calls or generations as a DataFrame: numbers that may be missing, times in UTC.

        Args:
            of: What its rows are: `programs`, `calls` or `generations`.
            columns: What else to read. Of programs: `features`, `instance_scores`, `public_metrics` and
                `private_metrics`, which become a column for each name in them (`features.size`), and `description`,
                `diff`, `text_feedback`, `error`. Of calls: `messages` (as JSON), `answer`, `error`.
            library: `pandas` or `polars`; by default that which is installed, pandas before polars.

        Raises:
            ConfigError: There is no such column or library, or neither library is installed.
        """
        texts = texts_for(of, columns)
        rows: list[Any]
        if of == "programs":
            rows = self.programs(texts)
        elif of == "calls":
            rows = self.calls(texts=bool(texts))
        else:
            rows = self.generations()
        return frame_of(of, rows, columns, library)

    def best(self) -> OpenedProgram | None:
        """The correct program with the highest score, the first of equals; None where none is correct."""
        found = self._ask(lambda reader: reader.best())
        return None if found is None else OpenedProgram(self._ask, found)

    def program(self, which: int | str) -> OpenedProgram:
        """One program.

        Args:
            which: The generation that made it, or its id, of which the beginning will do if no other begins alike.

        Raises:
            DatabaseError: There is none, or several; says what became of the generation.
            ConfigError: That is neither.
        """
        if isinstance(which, bool) or not isinstance(which, int | str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ConfigError(f"program({which!r}): give a generation as a number, or the id of a program as a text")
        return OpenedProgram(self._ask, self._ask(lambda reader: reader.program(which)))

    def lineage(self, of: int | str | None = None) -> list[Descent]:
        """Who comes from whom: from the root of its line to one program, or without one of all programs, in their order.

        Args:
            of: A program as in `program`.

        Raises:
            DatabaseError: There is no such program.
        """

        async def read(reader: EvolutionReader) -> list[Descent]:
            return [one async for one in reader.lineage()]

        everybody = self._ask(read)
        if of is None:
            return everybody
        by_id = {one.id: one for one in everybody}
        return [by_id[one] for one in ancestors(by_id, self.program(of).id)]

    def calls(self, *, texts: bool = False) -> list[CallRecord]:
        """Calls of models in the order in which they were stored.

        Args:
            texts: Whether questions and answers are read too.
        """

        async def read(reader: EvolutionReader) -> list[CallRecord]:
            found = reader.calls(texts=texts)
            return [replace(one, created_at=in_utc(one.created_at)) async for one in found]

        return self._ask(read)

    def generations(self) -> list[GenerationRecord]:
        """All generations by number: how far they have come, and why they failed."""

        async def read(reader: EvolutionReader) -> list[GenerationRecord]:
            return [
                replace(one, started_at=in_utc(one.started_at), updated_at=in_utc(one.updated_at))
                async for one in reader.generations()
            ]

        return self._ask(read)

    def costs(self) -> list[Cost]:
        """What calls cost, by model and purpose, the dearest first."""
        return costs(self.calls())

    def failures(self) -> list[FailureCount]:
        """Why generations ended without a program, by step, reason and blame, the most frequent first."""
        return failures(self.generations())

    def islands(self) -> list[IslandSummary]:
        """What each island came to, by number, the retired ones too."""
        return self.summary.islands

    def progress(self) -> Progress:
        """Scores and the running best over generations, time at work and dollars, as arrays."""

        async def read(reader: EvolutionReader) -> Progress:
            programs = [one async for one in reader.programs()]
            return progress(programs, [one async for one in reader.calls()], await reader.sessions())

        return self._ask(read)

    @property
    def settings(self) -> dict[str, Any]:
        """The settings as they were kept when it was last opened to go on, with digests of its evaluator."""
        return self._ask(lambda reader: reader.settings())

    @property
    def summary(self) -> RunSummary:
        """What it has come to so far: scores, failures, costs, islands; `seconds` are those at work."""

        async def read(reader: EvolutionReader) -> RunSummary:
            summary, seconds = await reader.summary(), await _seconds(reader)
            return replace(summary, results_dir=self._folder, seconds=seconds)

        return self._ask(read)

    @property
    def _folder(self) -> str:
        return self.where if "://" not in self.where and Path(self.where).is_dir() else ""

    def _ask(self, question: Callable[[EvolutionReader], Coroutine[Any, Any, T]]) -> T:
        async def answered() -> T:
            if self._reader is not None:
                return await question(self._reader)
            async with EvolutionReader.open(self.where, self.name) as reader:
                return await question(reader)

        return wait_for(answered())


async def _seconds(reader: EvolutionReader) -> float:
    """Seconds at work up to what was recorded last."""
    last = [in_utc(one.updated_at).timestamp() async for one in reader.generations()]
    return float(at_work(np.array([max(last)]), await reader.sessions())[0]) if last else 0.0


def _dated(program: ProgramRecord) -> ProgramRecord:
    return replace(program, created_at=in_utc(program.created_at))
