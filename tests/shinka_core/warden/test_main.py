"""The warden, told of several things at once."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator

import pytest

from shinka_core.launch.watch import _COMMAND as COMMAND  # pyright: ignore[reportPrivateUsage]

pytestmark = pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="the kernel tells no ends here")


@pytest.fixture
def warden() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([*COMMAND, "inf", "inf"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
    yield process
    process.kill()
    process.communicate()


def sleeper() -> subprocess.Popen[bytes]:
    return subprocess.Popen(["sleep", "60"], start_new_session=True)


def told(warden: subprocess.Popen[bytes], *lines: str) -> None:
    assert warden.stdin is not None
    warden.stdin.write("".join(f"{line}\n" for line in lines).encode())


def heard(warden: subprocess.Popen[bytes]) -> list[str]:
    assert warden.stdout is not None
    return warden.stdout.readline().decode().split()[:2]


def stop(warden: subprocess.Popen[bytes]) -> None:
    """Makes it stand still; the signal alone takes a moment."""
    os.kill(warden.pid, signal.SIGSTOP)
    _, status = os.waitpid(warden.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status)


def watch(process: subprocess.Popen[bytes], limit: float = float("inf")) -> str:
    return f"watch {process.pid} {time.monotonic()!r} {limit} mark{process.pid}"


def test_one_that_begins_is_not_taken_for_one_that_has_ended_at_that_moment(warden: subprocess.Popen[bytes]) -> None:
    first, other = sleeper(), sleeper()
    told(warden, watch(first), watch(other))
    other.kill()
    assert heard(warden) == [str(other.pid), "ended"]  # so it knows of the first as well
    # Now it is busy while the first ends, the driver knows that before it does, and begins the next.
    stop(warden)
    first.kill()
    first.wait()
    second = sleeper()
    told(warden, f"forget {first.pid}", watch(second, 0.5))
    os.kill(warden.pid, signal.SIGCONT)
    said = heard(warden)
    while said == [str(first.pid), "ended"]:  # it may know that before it hears that it need not
        said = heard(warden)
    assert said == [str(second.pid), "timeout"]
    assert second.wait(timeout=5) == -signal.SIGKILL
    other.wait()


def test_what_ended_while_it_was_told_of_others_is_said_all_the_same(warden: subprocess.Popen[bytes]) -> None:
    first, second = sleeper(), sleeper()
    told(warden, watch(first))
    stop(warden)
    first.kill()
    told(warden, watch(second, 0.5))
    os.kill(warden.pid, signal.SIGCONT)
    assert [heard(warden), heard(warden)] == [[str(first.pid), "ended"], [str(second.pid), "timeout"]]
    assert second.wait(timeout=5) == -signal.SIGKILL
    first.wait()
