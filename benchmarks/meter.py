"""CPU and memory of a process tree while it runs."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise

import psutil

SERVER = "flows.orchestrator.server.process"
PERIOD = 0.25


@dataclass(frozen=True)
class Look:
    """The tree at one moment.

    Attributes:
        at: Seconds since the epoch.
        cpu: Seconds of driver and server so far, without what evaluations took.
        evaluators: Seconds of evaluations that have ended.
        driver: Resident megabytes of the driver.
        server: Of its Prefect server, 0 before there is one.
        others: Of all else below the driver.
    """

    at: float
    cpu: float
    evaluators: float
    driver: float
    server: float
    others: float


class Meter:
    """Looks at a driver and the Prefect server that it started, four times a second.

    Attributes:
        looks: What was seen, in order.
    """

    def __init__(self, pid: int) -> None:
        """Begins to watch the tree below `pid`."""
        self.looks: list[Look] = []
        self._driver = psutil.Process(pid)
        self._server: psutil.Process | None = None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends the watch."""
        self._ended.set()
        self._thread.join()

    def cpu_until(self, moment: float) -> float:
        """CPU seconds of driver and server until a moment, between two looks in proportion."""
        for before, after in pairwise(self.looks):
            if after.at >= moment:
                share = (moment - before.at) / (after.at - before.at)
                return before.cpu + max(0.0, share) * (after.cpu - before.cpu)
        return self.cpu

    @property
    def cpu(self) -> float:
        """CPU seconds of driver and server in all."""
        return max((look.cpu for look in self.looks), default=0.0)

    @property
    def evaluators(self) -> float:
        """CPU seconds of evaluations."""
        return max((look.evaluators for look in self.looks), default=0.0)

    def peak(self, *parts: str) -> float:
        """The largest sum of some of the kinds of megabytes."""
        return max((sum(getattr(look, part) for part in parts) for look in self.looks), default=0.0)

    def _watch(self) -> None:
        while not self._ended.wait(PERIOD):
            with suppress(psutil.Error):
                self.looks.append(self._look())

    def _look(self) -> Look:
        children = self._driver.children(recursive=True)
        if self._server is None:
            self._server = next((child for child in children if SERVER in _command(child)), None)
        own = self._driver.cpu_times()
        cpu, server = own.user + own.system, 0.0
        if self._server is not None and self._server.is_running():
            if self._server.status() == psutil.STATUS_ZOMBIE:
                raise psutil.ZombieProcess(self._server.pid)  # its CPU will be counted among the driver's children
            times = self._server.cpu_times()
            cpu += times.user + times.system
            server = self._server.memory_info().rss / 1e6
        others = 0.0
        for child in children:
            if self._server is None or child.pid != self._server.pid:
                with suppress(psutil.Error):
                    others += child.memory_info().rss / 1e6
        ended = own.children_user + own.children_system
        return Look(time.time(), cpu, ended, self._driver.memory_info().rss / 1e6, server, others)


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []
