"""A run that lives many short lives: started, killed with SIGKILL at a random moment, resumed.

Every life is forked from one process that has loaded everything, so that most of a life is spent
running and not importing.

    python -m tests.support.lives '{"results": ..., "url": ..., "task": ..., "kills": 200, "seed": 1}'

prints one JSON object: when it killed (seconds since the epoch), and from when on before that an answer may still
have been on its way into the database; how many lives ended by themselves before that, and how many generations
the last, unharmed life was to reach.

How long a life takes to its first answer depends on the machine, so the first life is watched, and the
others last up to a second and a half longer than it took to that answer.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sqlite3
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import asyncpg

import flows.evolve  # noqa: F401 - loaded before the lives begin, like the provider below
import shinka_core.llm.endpoint_provider  # noqa: F401
from flows.runner import AsyncEvolutionRunner
from shinka_core.config import DatabaseConfig, EvolutionConfig, LocalJobConfig
from tests.support.runs import Records

AT_WORK = 1.5
# Seconds that an answer may take from the model to the database, without those in which the driver or a server of
# the database only waited for a processor, or everybody for the disk: other work on the machine is not theirs.
ON_THE_WAY = 1.0
LOOK = 0.02
ENDLESS = 100_000


def runner(options: dict[str, Any], generations: int) -> AsyncEvolutionRunner:
    return AsyncEvolutionRunner(
        EvolutionConfig(
            num_generations=generations,
            init_program_path=f"{options['task']}/initial.py",
            results_dir=options["results"],
            llm_models=["m"],
            llm_base_url=options["url"],
            llm_prices={"m": {"input": 1.0, "output": 1.0}},
            ideas=options.get("ideas"),
        ),
        LocalJobConfig(
            eval_program_path=f"{options['task']}/evaluate.py",
            isolation="limits",  # the evaluator counts its work in a file outside of its results
            extra_cmd_args={"sleep": 0.05, "count": options["count"]},
        ),
        db_config=DatabaseConfig(db_path=options["database"]) if options["database"] else None,
        verbose=False,
        max_proposal_jobs=4,
        max_evaluation_jobs=4,
        name="lives",
        resume="auto",
    )


def live(options: dict[str, Any], generations: int) -> int:
    """Runs in a child process until its end; returns the child's number."""
    sys.stdout.flush()
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        asyncio.run(runner(options, generations).run())
        code = 0
    finally:
        os._exit(code)


def answers(records: Records) -> int:
    """Answers that are stored so far."""
    try:
        return records("SELECT count(*) FROM model_calls")[0][0]
    except (sqlite3.OperationalError, asyncpg.UndefinedTableError):  # there is no database yet, or no table in it
        return 0


class Disk(threading.Thread):
    """Writes a byte now and then and has it written to the disk, as the database does."""

    def __init__(self, folder: Path) -> None:
        super().__init__(daemon=True)
        folder.mkdir(parents=True, exist_ok=True)
        self._file = os.open(folder / "disk", os.O_WRONLY | os.O_CREAT)
        self._waited = 0.0
        self._began = 0.0

    def run(self) -> None:
        while True:
            os.write(self._file, b".")
            self._began = time.monotonic()
            os.fsync(self._file)
            began, self._began = self._began, 0.0
            self._waited += time.monotonic() - began
            time.sleep(2 * LOOK)

    def waited(self) -> float:
        """Seconds that it has taken so far."""
        began = self._began
        return self._waited + (time.monotonic() - began if began else 0.0)


class DatabaseServers:
    """The processes that serve the connections to one database of PostgreSQL; none for a SQLite file."""

    def __init__(self, database: str) -> None:
        self._name = database.rsplit("/", 1)[-1].encode()
        self._known: set[int] = set()
        self._others: set[int] = set()

    def now(self) -> set[int]:
        """Those there are; a process is looked at once, since what it serves stays the same once it serves."""
        if self._name:
            there = {int(entry) for entry in os.listdir("/proc") if entry.isdigit()}
            self._known &= there
            self._others &= there
            for process in there - self._known - self._others:
                with suppress(OSError), open(f"/proc/{process}/cmdline", "rb") as file:
                    line = file.read()
                    if b"postgres:" in line and b" " + self._name + b" " in line:
                        self._known.add(process)
                    elif b"postgres" not in line:
                        self._others.add(process)
        return self._known


class Waits:
    """How long a driver and those it needs have waited since it was born."""

    def __init__(self, child: int, disk: Disk, servers: DatabaseServers) -> None:
        self._child, self._disk, self._servers = child, disk, servers
        self._of: dict[int, float] = {}

    def seconds(self) -> float:
        """For a processor, or for the disk; what is gone by now has waited for as long as it had when it was last seen."""
        for process in (self._child, *self._servers.now()):
            with suppress(OSError):
                self._of[process] = _waited_for_a_processor(process)
        return sum(self._of.values()) + self._disk.waited()


def _waited_for_a_processor(process: int) -> float:
    """Seconds of all threads of a process."""
    total = 0
    for thread in os.listdir(f"/proc/{process}/task"):
        with suppress(OSError), open(f"/proc/{process}/task/{thread}/schedstat") as file:
            total += int(file.read().split()[1])
    return total / 1e9


def let_live(child: int, seconds: float, disk: Disk, servers: DatabaseServers) -> float:
    """Lets a process live for so long; returns since when it has worked for `ON_THE_WAY`, in seconds since the epoch."""
    waits_of = Waits(child, disk, servers)
    seen = [(time.time(), waits_of.seconds())]
    while (left := seen[0][0] + seconds - time.time()) > 0:
        time.sleep(min(LOOK, left))
        seen.append((time.time(), waits_of.seconds()))
    end, waits = seen[-1]
    return next((at for at, before in reversed(seen) if end - at - (waits - before) >= ON_THE_WAY), seen[0][0])


def main(options: dict[str, Any]) -> None:
    rng = random.Random(options["seed"])
    records = Records(Path(options["results"]), options["database"])
    disk = Disk(Path(options["results"]).parent)
    disk.start()
    servers = DatabaseServers(options["database"])
    kills: list[float] = []
    on_the_way: list[float] = []
    ended_early = 0
    longest = 0.0
    while len(kills) < options["kills"]:
        child, born = live(options, ENDLESS), time.monotonic()
        if longest:
            since = let_live(child, rng.uniform(0.0, longest), disk, servers)
        else:
            while not answers(records):
                time.sleep(0.05)
            longest = time.monotonic() - born + AT_WORK
            since = let_live(child, LOOK, disk, servers) - ON_THE_WAY
        on_the_way.append(since)
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        kills.append(time.time())  # now it writes nothing more
        ended_early += not os.WIFSIGNALED(status)
    begun = records("SELECT max(number) FROM generations")[0][0]
    generations = begun + options.get("more", 5)
    last = os.waitpid(live(options, generations), 0)[1]
    told = {"kills": kills, "on_the_way": on_the_way, "ended_early": ended_early, "last": last}
    print(json.dumps(told | {"generations": generations}))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
