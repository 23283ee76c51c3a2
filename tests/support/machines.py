"""Machines of a network, on this one: each a network namespace with processes of its own, and a cable that can be pulled.

    python -m tests.support.machines '{"generations": 600, "drivers": 3, "kill_at": 150, "cut_at": 200, "cut": 60}'

runs an evolution with a driver on each of them, with one Postgres and one scripted model server in the middle, and
prints one JSON object: what the drivers came to, what the database holds, and what it all took.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg

from tests.support.model_server import ModelServer, Script
from tests.support.postgres import binaries, running_postgres
from tests.support.prefect import ROOT, own_home
from tests.support.runs import TASK

TOOLS = ("ip", "unshare")
COST = 0.0011  # of one scripted answer, in dollars


def why_not() -> str:
    """Why there can be none here; "" if there can."""
    if os.geteuid() != 0:
        return "only root can make network namespaces"
    if missing := [tool for tool in TOOLS if shutil.which(tool) is None]:
        return f"{', '.join(missing)} not installed"
    if binaries() is None:
        return "no PostgreSQL binaries (initdb, postgres) on this machine"
    made = subprocess.run(["ip", "netns", "add", f"try{os.getpid()}"], capture_output=True, text=True)
    if made.returncode:
        return f"no network namespaces here: {made.stderr.strip()}"
    _ip("netns", "del", f"try{os.getpid()}")
    return ""


class Network:
    """A bridge, which is this machine, and others behind cables."""

    def __init__(self) -> None:
        number = os.getpid() % 60_000
        self._bridge = f"sh{number}"
        self._net = f"10.{200 + number % 50}.{number // 50 % 250}"
        self._machines: list[str] = []
        _ip("link", "add", self._bridge, "type", "bridge")
        _ip("addr", "add", f"{self.host}/24", "dev", self._bridge)
        _ip("link", "set", self._bridge, "up")

    @property
    def host(self) -> str:
        """Address of this machine in it."""
        return f"{self._net}.1"

    def add(self) -> str:
        """One more machine; returns its name."""
        name = f"{self._bridge}m{len(self._machines)}"
        self._machines.append(name)
        _ip("netns", "add", name)
        _ip("link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", name)
        _ip("link", "set", name, "master", self._bridge, "up")
        for words in (
            ("addr", "add", f"{self._net}.{len(self._machines) + 1}/24", "dev", "eth0"),
            ("link", "set", "eth0", "up"),
            ("link", "set", "lo", "up"),
        ):
            _ip("-n", name, *words)
        return name

    def cut(self, machine: str) -> None:
        """Pulls its cable."""
        _ip("link", "set", machine, "down")

    def mend(self, machine: str) -> None:
        """Plugs it in again."""
        _ip("link", "set", machine, "up")

    def close(self) -> None:
        for name in self._machines:
            subprocess.run(["ip", "netns", "del", name], capture_output=True)
        subprocess.run(["ip", "link", "del", self._bridge], capture_output=True)


@contextmanager
def network() -> Iterator[Network]:
    """A network without machines, gone afterwards."""
    made = Network()
    try:
        yield made
    finally:
        made.close()


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


async def start(machine: str, home: Path, options: dict[str, Any]) -> Process:
    """A driver on a machine, with a Prefect server of its own; its processes are nobody else's to see."""
    return await asyncio.create_subprocess_exec(
        "ip", "netns", "exec", machine, "unshare", "--pid", "--fork", "--kill-child", "--mount-proc",
        sys.executable, "-m", "tests.support.joining", json.dumps(options),
        cwd=ROOT, env=own_home(home), stdout=PIPE, stderr=STDOUT,
    )  # fmt: skip


class Show:
    """An evolution with a driver on each of several machines, one killed and one cut off on the way."""

    def __init__(self, options: dict[str, Any], folder: Path, net: Network, url: str, server: ModelServer) -> None:
        self.options, self._folder, self._net, self._url, self._server = options, folder, net, url, server
        self._processes: list[Process] = []
        self.times: dict[str, float] = {}

    async def rows(self, query: str) -> list[tuple[Any, ...]]:
        connection = await asyncpg.connect(self._url)
        try:
            return [tuple(record) for record in await connection.fetch(query)]
        except asyncpg.UndefinedTableError:
            return []
        finally:
            await connection.close()

    async def ended(self) -> int:
        found = await self.rows("SELECT max(sequence) FROM generations")
        return found[0][0] or 0 if found else 0

    async def until(self, ended: int) -> None:
        async with asyncio.timeout(300):
            while await self.ended() < ended:
                await asyncio.sleep(0.1)

    async def run(self) -> dict[str, Any]:
        options = self.options
        machines = [self._net.add() for _ in range(options["drivers"])]
        for number, machine in enumerate(machines):
            own = {"results": str(self._folder / f"machine-{number}"), "name": "shown", "database": self._url}
            given = (
                {"url": self._server.url, "task": str(TASK), "evolve": {"ideas": None, "tuning": None}} | own | options
            )
            self._processes.append(await start(machine, self._folder / f"home-{number}", given))
        await self.until(20)
        began, first = time.monotonic(), await self.ended()
        outputs = [asyncio.create_task(process.communicate()) for process in self._processes]
        if options.get("kill_at"):
            await self.until(options["kill_at"])
            self._processes[0].kill()
            self.times["killed at"] = await self.ended()
        if options.get("cut_at"):
            await self.until(options["cut_at"])
            self._net.cut(machines[1])
            self.times["cut at"] = await self.ended()
            await asyncio.sleep(options["cut"])
            self._net.mend(machines[1])
            self.times["mended at"] = await self.ended()
        async with asyncio.timeout(options.get("longest", 600)):
            while not all(output.done() for output in outputs):
                if await self.ended() > options["generations"] and "rate" not in self.times:
                    self.times["rate"] = (options["generations"] + 1 - first) / (time.monotonic() - began)
                await asyncio.sleep(0.2)
        said = [output.result()[0].decode() for output in outputs]
        return {"times": self.times} | await self.told(said)

    async def told(self, said: list[str]) -> dict[str, Any]:
        """What is to be compared."""
        (cost, calls), lost = (
            (await self.rows("SELECT sum(cost), count(*) FROM model_calls"))[0],
            await self.rows("SELECT count(*), coalesce(sum(cost), 0) FROM model_calls WHERE reason = 'driver_lost'"),
        )
        starts = "SELECT count(*) FROM generation_steps WHERE step = 'submitted'"
        return {
            "codes": [process.returncode for process in self._processes],
            "ends": [_last(text) for text in said],
            "said": said,
            "numbers": [row[0] for row in await self.rows("SELECT number FROM generations ORDER BY number")],
            "sequences": [row[0] for row in await self.rows("SELECT sequence FROM generations ORDER BY sequence")],
            "programs": [row[0] for row in await self.rows("SELECT sequence FROM programs ORDER BY sequence")],
            "states": [tuple(row) for row in await self.rows("SELECT state, commits FROM drivers ORDER BY joined_at")],
            "evolution": (await self.rows("SELECT state, owner FROM evolutions"))[0],
            "cost": cost, "calls": calls, "lost": lost[0],
            "evaluations": (await self.rows(starts))[0][0],
            "asked": self._server.outcomes["answered"],
        }  # fmt: skip


def _last(text: str) -> dict[str, Any]:
    try:
        return json.loads(text.splitlines()[-1])
    except (IndexError, json.JSONDecodeError):
        return {}


async def show(options: dict[str, Any]) -> dict[str, Any]:
    """Runs it all; what is left on disk is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="machines-"))
    try:
        with network() as net, running_postgres(host=net.host) as cluster:
            async with ModelServer(Script(latency=options.get("latency", 1.0)), net.host) as server:
                return await Show(options, folder, net, cluster.url, server).run()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def short(told: dict[str, Any]) -> dict[str, Any]:
    """The same for people: lists of numbers as whether they are without a hole."""
    whole = {name: _whole(told[name]) for name in ("numbers", "sequences", "programs")}
    ends = [{name: value for name, value in end.items() if name != "results"} for end in told["ends"]]
    return {name: value for name, value in told.items() if name != "said"} | whole | {"ends": ends}


def _whole(numbers: list[int]) -> str:
    first, last = numbers[0], numbers[-1]
    return f"{first} to {last}" + ("" if numbers == list(range(first, last + 1)) else ", with holes or twice")


if __name__ == "__main__":
    if reason := why_not():
        sys.exit(reason)
    result = asyncio.run(show(json.loads(sys.argv[1])))
    print(json.dumps(short(result), indent=1, default=str))
    if "--said" in sys.argv:
        print(*result["said"], sep="\n\n", file=sys.stderr)
