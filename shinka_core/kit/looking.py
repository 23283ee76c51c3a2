"""A look at a task before money is spent on it: the seed program three times, and each hostile program once."""

from __future__ import annotations

import asyncio
import json
import math
import socket
import time
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shinka_core.config import (
    DaskJobConfig,
    InProcessJobConfig,
    LocalJobConfig,
    PrefectJobConfig,
    RayJobConfig,
    SlurmJobConfig,
    job_of,
)
from shinka_core.config.job import Kind
from shinka_core.errors import ConfigError, LaunchError
from shinka_core.kit.bench import Bench, Measured
from shinka_core.kit.hostile import GREED_MB, TRACE, Hostile, hostile_programs
from shinka_core.launch.limits import MEGABYTE
from shinka_core.program import Evaluation
from shinka_core.source import Source

SEEDS = 3
# Seconds that a hostile program has at least, beside the seed program's own.
SHORTEST, LONGEST = 3.0, 60.0
# Seconds after which, again and again, is told that a seed program is still being evaluated.
REMIND = 60.0
LEAST_MEMORY_MB = 256
FEW_PROCESSES = 48
_ELSEWHERE = (SlurmJobConfig, DaskJobConfig, RayJobConfig, PrefectJobConfig)


@dataclass(frozen=True, slots=True)
class Tried:
    """A hostile program and what became of it.

    Attributes:
        time_limit: Seconds that it had.
        left: Whether something of it stayed in the task's folder.
    """

    hostile: Hostile
    measured: Measured
    time_limit: float
    left: bool = False

    @property
    def seen(self) -> dict[str, bool]:
        """What the one that looks around could do: `network`, `home`, `writes`."""
        with suppress(ValueError):
            found = json.loads(self.measured.probe or "{}")
            if isinstance(found, dict):
                return {name: found.get(name) is True for name in ("network", "home", "writes")}  # pyright: ignore[reportUnknownMemberType]
        return {}


@dataclass(frozen=True, slots=True)
class Looked:
    """What was seen of a task.

    Attributes:
        job: As evaluations were run here.
        asked: The kind of evaluations that the settings name.
        level: Of isolation.
        seeds: Of the seed program, one after the other.
    """

    job: Kind
    asked: str
    level: str
    seed: Source
    seeds: tuple[Measured, ...]
    tried: tuple[Tried, ...]


# Is told of each evaluation as it has ended: in words what was evaluated, and what it came to.
Tell = Callable[[str, Measured], None]
# Is told of an evaluation that takes long: in words what is evaluated, and the seconds so far.
Wait = Callable[[str, float], None]


async def look(job: Kind, seed: Source, extension: str, folder: Path, tell: Tell, wait: Wait) -> Looked:
    """Evaluates the seed program and the hostile programs with a task's settings, on this machine.

    Args:
        extension: Of the seed program's file, with the dot.
        folder: For programs and results, which may be deleted afterwards.

    Raises:
        ConfigError: The evaluator cannot be run here.
        LaunchError: The seed program could not be evaluated.
    """
    asked, job = job.kind, _here(job)
    bench = Bench(job, folder / "seed")
    seeds: list[Measured] = []
    try:
        for number in range(SEEDS):
            what = f"seed program, {number + 1} of {SEEDS}"
            async with _reminded(what, wait):
                seeds.append(await bench.evaluate(seed, extension))
            tell(what, seeds[-1])
    finally:
        await bench.close()
    tried: list[Tried] = []
    # Where no program is correct, that a hostile one is not tells nothing.
    if isinstance(job, LocalJobConfig) and any(each.evaluation.correct for each in seeds):
        tried = await _try_hostile(job, seed, extension, folder, seeds, tell)
    return Looked(job, asked, bench.level, seed, tuple(seeds), tuple(tried))


@asynccontextmanager
async def _reminded(what: str, wait: Wait) -> AsyncGenerator[None]:
    """Tells every now and then that it is not over yet: a seed program has no limit but that of the settings."""

    async def remind() -> None:
        began = time.monotonic()
        while True:
            await asyncio.sleep(REMIND)
            wait(what, time.monotonic() - began)

    reminding = asyncio.create_task(remind())
    try:
        yield
    finally:
        reminding.cancel()


def _here(job: Kind) -> Kind:
    """The same evaluations as processes of this machine, where they would run on others."""
    if isinstance(job, LocalJobConfig | InProcessJobConfig):
        return job
    if isinstance(job, _ELSEWHERE):
        fields: dict[str, Any] = {
            name: getattr(job, name) for name in LocalJobConfig.model_fields if name in type(job).model_fields
        }
        return job_of({**fields, "kind": "local"})
    raise ConfigError(
        f"kind={job.kind!r} (section 'job') is a launcher of your own, which is not asked here; look at the evaluator with "
        "kind: local"
    )


async def _try_hostile(
    job: LocalJobConfig, seed: Source, extension: str, folder: Path, seeds: list[Measured], tell: Tell
) -> list[Tried]:
    limit = _short_limit(job, seeds)
    memory = max(LEAST_MEMORY_MB, math.ceil(2 * max(each.peak for each in seeds) / MEGABYTE) + 128)
    task = Path(job.eval_program_path).absolute().parent
    tried: list[Tried] = []
    benches = {
        "": Bench(job, folder / "hostile"),
        "memory": Bench(job.model_copy(update={"max_memory_mb": memory}), folder / "memory"),
        "processes": Bench(job.model_copy(update={"max_processes": FEW_PROCESSES}), folder / "processes"),
    }
    try:
        with _listener() as port:
            for hostile in hostile_programs(seed, port=port, in_home=_in_home()):
                if hostile.kind == "memory" and memory > GREED_MB // 2:
                    continue  # the seed program itself takes too much for the limit to be told from it
                bench = benches.get(hostile.kind, benches[""])
                try:
                    measured = await bench.evaluate(hostile.source, extension, limit)
                except LaunchError as error:
                    measured = Measured(Evaluation(None, False, error=str(error), reason="not_started"), 0.0, 0)
                tried.append(Tried(hostile, measured, limit, _take_away(task / TRACE)))
                tell(f"a program that {hostile.name}", measured)
    finally:
        for bench in benches.values():
            await bench.close()
    return tried


def _short_limit(job: LocalJobConfig, seeds: list[Measured]) -> float:
    """Enough for whatever is not hanging, and no longer than the settings allow."""
    enough = min(max(SHORTEST, 3 * max(each.seconds for each in seeds)), LONGEST)
    return min(math.ceil(enough), job.time_limit or LONGEST)


def _take_away(trace: Path) -> bool:
    """Whether a program wrote into the task's folder; what it wrote is deleted."""
    if not trace.exists():
        return False
    with suppress(OSError):
        trace.unlink()
    return True


@contextmanager
def _listener() -> Generator[int, None, None]:
    """A port of this machine that takes connections; nothing is ever said there."""
    with socket.create_server(("127.0.0.1", 0), backlog=16) as server:
        yield server.getsockname()[1]


def _in_home() -> tuple[str, ...]:
    """Files of the home folder; folders with tools in them may be shown on purpose."""
    with suppress(OSError, RuntimeError):
        return tuple(sorted(path.name for path in Path.home().iterdir() if path.is_file())[:50])
    return ()
