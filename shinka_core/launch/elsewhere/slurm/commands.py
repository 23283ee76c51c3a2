"""Calling Slurm's commands, and reading what they say."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from shinka_core.errors import LaunchError

# Of a job that this process itself may be: options for another one, if they were passed on.
_INHERITED = ("SLURM_", "SBATCH_JOB", "PMI_", "PMIX_")
_KEPT = ("SLURM_CONF", "SLURM_CLUSTERS", "SLURM_JWT")


@dataclass(frozen=True, slots=True)
class Seen:
    """What Slurm says of a job.

    Attributes:
        number: Slurm's own.
        state: Its word, such as `RUNNING`.
        reason: Why it waits, or why it ended.
    """

    number: str
    state: str
    reason: str = ""


class Commands:
    """Slurm's commands, each with a time limit."""

    def __init__(self, timeout: float) -> None:
        """Calls nothing yet.

        Args:
            timeout: Seconds.
        """
        self._timeout = timeout

    async def call(self, *words: str, said: str = "") -> str:
        """Calls one, and returns what it prints.

        Args:
            said: To its input.

        Raises:
            LaunchError: It cannot be run, fails, or takes too long.
        """
        try:
            process = await asyncio.create_subprocess_exec(
                *words, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
                env=dict(_environment()), start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            raise LaunchError(f"{words[0]} cannot be run: {error}") from error
        try:
            async with asyncio.timeout(self._timeout):
                out, err = await process.communicate(said.encode())
        except TimeoutError:
            raise LaunchError(f"{words[0]} gave no answer in {self._timeout:g} s (launch_timeout)") from None
        finally:
            if process.returncode is None:
                process.kill()
        if process.returncode:
            told = " ".join(err.decode(errors="replace").split())[-500:]
            raise LaunchError(f"{words[0]} ended with exit code {process.returncode}: {told or 'without a word'}")
        return out.decode(errors="replace")

    async def queue(self, names: Sequence[str] = ()) -> dict[str, Seen]:
        """The user's jobs that the controller knows, also those that ended a short while ago, by name."""
        chosen = [f"--name={','.join(names)}"] if names else []
        out = await self.call("squeue", "--me", "--noheader", "--states=all", "--format=%j|%i|%T|%r", *chosen)
        return dict(_rows(out))

    async def ended(self, name: str) -> Seen | None:
        """What the accounting knows of a job that the controller has forgotten; None: nothing."""
        words = ["sacct", "--noheader", "--parsable2", "--allocations", "--starttime=now-30days", f"--name={name}"]
        return dict(_rows(await self.call(*words, "--format=JobName,JobID,State,Reason"))).get(name)


def _rows(out: str) -> Iterator[tuple[str, Seen]]:
    for line in out.splitlines():
        name, _, rest = line.strip().partition("|")
        fields = rest.split("|")
        if len(fields) >= 2:
            # `CANCELLED by 1000`
            yield name, Seen(fields[0], fields[1].split(" ")[0], fields[2] if len(fields) > 2 else "")


def _environment() -> Iterator[tuple[str, str]]:
    for name, value in os.environ.items():
        if name in _KEPT or not name.startswith(_INHERITED):
            yield name, value
