"""The warden's work: it is told of every evaluation, ends those that pass a limit, and says when each has ended.

The driver may be suspended, busy or killed; this process is none of it. It reads lines on its standard
input and answers with lines on its standard output:

    watch PID STARTED LIMIT MARK      STARTED on the monotonic clock, LIMIT in seconds or inf
    forget PID
    PID REASON SECONDS                REASON: ended, timeout, too_many_processes, too_much_memory

When its input ends, so has the driver, and everything that is still watched is ended with it.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from contextlib import suppress

from shinka_core.warden.tree import has_ended, kill_marked, kill_tree, tree_usage

# A fork bomb of a few hundred processes takes longer to grow than this.
WATCH_PERIOD = 0.25
# How often to look at a process whose end the kernel does not tell.
LOOK_PERIOD = 0.05
# Seconds; woken this much too late, this process has stood still itself, and the evaluations with it.
STOOD_STILL = 1.0
NEVER = float("inf")


class Watched:
    """One evaluation.

    Attributes:
        handle: A descriptor that is readable once the process has ended, or -1.
        lost: Seconds in which everything stood still; no part of the evaluation's time.
    """

    __slots__ = ("handle", "limit", "lost", "mark", "pid", "started")

    def __init__(self, pid: int, started: float, limit: float, mark: str) -> None:
        self.pid = pid
        self.started = started
        self.limit = limit
        self.mark = mark
        self.lost = 0.0
        self.handle = _handle(pid)

    @property
    def deadline(self) -> float:
        """On the monotonic clock."""
        return self.started + self.limit + self.lost

    def ended(self) -> bool:
        """Whether it has ended by itself."""
        if self.handle < 0:
            return has_ended(self.pid)
        poll = select.poll()
        poll.register(self.handle, select.POLLIN)
        return bool(poll.poll(0))


class Warden:
    """Watches all evaluations of one run."""

    def __init__(self, memory: float, processes: float) -> None:
        """Takes the limits of one evaluation: bytes of resident memory and number of processes."""
        self._memory = memory
        self._processes = processes
        self._watched: dict[int, Watched] = {}
        self._pids: dict[int, int] = {}
        self._left: dict[int, str] = {}  # ended, but perhaps with strays that the driver has not ended yet
        self._poll = select.poll()
        self._poll.register(0, select.POLLIN)
        self._unread = b""
        self._look = NEVER

    def serve(self) -> None:
        """Until the input ends."""
        while True:
            began = time.monotonic()
            wake = self._next(began)
            ready = self._poll.poll(None if wake == NEVER else max(0, int((wake - began) * 1000) + 1))
            late = time.monotonic() - max(wake, began)
            if late > STOOD_STILL:
                for each in self._watched.values():
                    each.lost += late
            # Found before anything is heard: what begins then may get the descriptor of one that is forgotten.
            ended = [self._watched[self._pids[handle]] for handle, _ in ready if handle in self._pids]
            # Said after it: a driver that is killed has closed its pipes before anything else of it ends.
            if any(descriptor == 0 for descriptor, _ in ready) and not self._hear():
                break
            ended += [each for each in self._watched.values() if each.handle < 0 and each.ended()]
            for each in ended:
                if self._watched.get(each.pid) is each:
                    self._end(each, "ended")
            self._enforce()
        for each in self._watched.values():
            kill_tree(each.pid, each.mark)
        for mark in self._left.values():
            kill_marked(mark)

    def _next(self, now: float) -> float:
        """When something is to be done at the latest."""
        if not self._watched:
            return NEVER
        blind = any(each.handle < 0 for each in self._watched.values())
        beat = now + (LOOK_PERIOD if blind else STOOD_STILL)  # a pause is noticed by the beat that is missed
        return min(beat, self._look, *(each.deadline for each in self._watched.values()))

    def _hear(self) -> bool:
        heard = os.read(0, 65_536)
        *lines, self._unread = (self._unread + heard).split(b"\n")
        for line in lines:
            word, pid, *rest = line.decode().split()
            if word == "watch":
                self._begin(Watched(int(pid), float(rest[0]), float(rest[1]), rest[2]))
            else:
                self._left.pop(int(pid), None)
                if int(pid) in self._watched:
                    self._forget(self._watched[int(pid)])
        return bool(heard)

    def _begin(self, each: Watched) -> None:
        self._watched[each.pid] = each
        if each.handle >= 0:
            self._pids[each.handle] = each.pid
            self._poll.register(each.handle, select.POLLIN)
        if min(self._memory, self._processes) < NEVER:
            self._look = min(self._look, time.monotonic() + WATCH_PERIOD)

    def _enforce(self) -> None:
        now = time.monotonic()
        for each in [each for each in self._watched.values() if each.deadline <= now]:
            self._cut_off(each, "timeout")
        if now < self._look:
            return
        for pid, (processes, memory) in tree_usage(list(self._watched)).items():
            if processes > self._processes:
                self._cut_off(self._watched[pid], "too_many_processes")
            elif memory > self._memory:
                self._cut_off(self._watched[pid], "too_much_memory")
        self._look = time.monotonic() + WATCH_PERIOD if self._watched else NEVER

    def _cut_off(self, each: Watched, reason: str) -> None:
        if each.ended():
            self._end(each, "ended")
            return
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(each.pid, signal.SIGKILL)  # what has left the group is found by the driver
        self._end(each, reason)

    def _end(self, each: Watched, reason: str) -> None:
        seconds = max(0.0, time.monotonic() - each.started - each.lost)
        self._forget(each)
        self._left[each.pid] = each.mark
        with suppress(BrokenPipeError):  # the driver is gone, which the other pipe tells
            os.write(1, f"{each.pid} {reason} {seconds:.6f}\n".encode())

    def _forget(self, each: Watched) -> None:
        del self._watched[each.pid]
        if each.handle >= 0:
            self._poll.unregister(each.handle)
            del self._pids[each.handle]
            os.close(each.handle)


def _handle(pid: int) -> int:
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):  # an old kernel, a strict container, another system, or it is gone
        return -1


def main() -> None:
    """Serves with the limits that the command line names."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # what is sent to all processes of a service is meant for the driver
    Warden(float(sys.argv[1]), float(sys.argv[2])).serve()


if __name__ == "__main__":
    main()
