"""Whoever listens to a run is told in the order of the record, and never harms it."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from shinka_core import callbacks as module
from shinka_core.callbacks import Callbacks, check_callbacks, telling
from shinka_core.control import RunControl
from shinka_core.database import AsyncProgramDatabase
from shinka_core.errors import ConfigError
from shinka_core.program import Failure, Program
from tests.shinka_core.database.test_programs import opened, program, unit
from tests.support.recorded import begun

ALL = [
    ("program", 0), ("best", 0), ("generation", 0, 1),
    ("program", 1), ("generation", 1, 2),
    ("failure", 3, "no luck"), ("generation", 3, 3),
    ("program", 2), ("best", 2), ("generation", 2, 4),
]  # fmt: skip


class Noted(Callbacks):
    """What was told, by functions."""

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []

    def on_program(self, program: Program) -> None:
        assert program.code
        self.told.append(("program", program.generation))

    def on_best(self, program: Program) -> None:
        self.told.append(("best", program.generation))

    def on_failure(self, generation: int, failure: Failure) -> None:
        self.told.append(("failure", generation, failure.detail))

    def on_generation(self, generation: int, ended: int) -> None:
        self.told.append(("generation", generation, ended))


class NotedLater(Noted):
    """The same by coroutine functions."""

    async def on_program(self, program: Program) -> None:  # type: ignore[override]
        await asyncio.sleep(0.01 * (3 - program.generation))
        super().on_program(program)

    async def on_best(self, program: Program) -> None:  # type: ignore[override]
        await asyncio.sleep(0)
        super().on_best(program)


async def record(db: AsyncProgramDatabase) -> None:
    for number, score in ((0, 1.0), (1, 0.5)):
        await db.add(program(number, score=score), unit(number))
    await db.journal.claim(3)
    await db.journal.fail(3, Failure("query", "unlucky", "no luck"))
    await db.add(program(2, score=2.0), unit(2))


@pytest.mark.parametrize("kinds", [(Noted,), (NotedLater,), (Noted, NotedLater, Noted)])
async def test_everything_is_told_in_the_order_of_the_record(tmp_path: Path, kinds: tuple[type[Noted], ...]) -> None:
    listeners = [kind() for kind in kinds]
    async with opened(tmp_path) as db:
        await db.begin("run", seed=0, settings={})
        async with telling(listeners, db, begun(tmp_path), RunControl()):
            await record(db)
    assert [listener.told for listener in listeners] == [ALL] * len(kinds)


async def test_only_what_passes_the_best_of_before_is_the_best(tmp_path: Path) -> None:
    noted = Noted()
    async with opened(tmp_path) as db:
        await db.begin("run", seed=0, settings={})
        async with telling([noted], db, begun(tmp_path, best_score=1.5), RunControl()):
            await record(db)
    assert [told for told in noted.told if told[0] == "best"] == [("best", 2)]


class Harmful(Callbacks):
    """Does what it should not."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def on_program(self, program: Program) -> None:
        raise self.error

    async def on_generation(self, generation: int, ended: int) -> None:
        raise self.error


@pytest.mark.parametrize(
    "error", [ValueError("mine"), SystemExit(3), KeyboardInterrupt(), StopIteration(), asyncio.CancelledError()]
)
async def test_an_error_is_logged_once_and_no_more(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, error: BaseException
) -> None:
    noted = Noted()
    async with opened(tmp_path) as db:
        await db.begin("run", seed=0, settings={})
        async with telling([Harmful(error), noted], db, begun(tmp_path), RunControl()):
            await record(db)
    assert noted.told == ALL
    told = [line.getMessage() for line in caplog.records if line.name == "shinka.callbacks"]
    assert len(told) == 2
    assert "on_program" in told[0]
    assert "on_generation" in told[1]


async def test_a_callback_that_takes_its_time_holds_nothing_up(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.3)
    end = threading.Event()

    class Slow(Callbacks):
        def on_program(self, program: Program) -> None:
            end.wait(30)

    async with opened(tmp_path) as db:
        await db.begin("run", seed=0, settings={})
        since = time.monotonic()
        async with telling([Slow()], db, begun(tmp_path), RunControl()):
            await record(db)
            assert time.monotonic() - since < 5
        assert time.monotonic() - since < 5
    end.set()
    assert "were not told everything" in caplog.text


async def test_a_run_that_breaks_off_is_still_heard(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "shinka.callbacks")
    noted = Noted()
    async with opened(tmp_path) as db:
        await db.begin("run", seed=0, settings={})
        with suppress(RuntimeError):
            async with telling([noted], db, begun(tmp_path), RunControl()):
                await record(db)
                raise RuntimeError("broken")
    assert noted.told == ALL


def test_a_method_that_nobody_calls_is_refused() -> None:
    class Misspelled(Callbacks):
        def on_programme(self, program: Program) -> None:
            """Never called."""

    with pytest.raises(ConfigError, match=r"on_programme.*did you mean 'on_program'"):
        check_callbacks(Misspelled())
    with pytest.raises(ConfigError, match="none of the methods on_begin, on_program"):
        check_callbacks([Noted(), print])
    assert len(check_callbacks(())) == 0
    assert len(check_callbacks(Noted())) == len(check_callbacks([Noted()])) == 1
