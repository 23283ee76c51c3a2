"""Evaluations as subprocesses on this machine."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import signal
import subprocess
import sys
import time
import uuid
from asyncio.subprocess import Process
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shinka_core.config import LocalJobConfig
from shinka_core.errors import ConfigError, LaunchError
from shinka_core.evaluation.seal import VARIABLE, broken
from shinka_core.launch.bytecode import compile_helpers
from shinka_core.launch.collect import CORRECT, METRICS, collect, complete, failed
from shinka_core.launch.environment import evaluation_environment
from shinka_core.launch.limits import MEGABYTE, Limits, Watch, entering, machine_share, prefixed
from shinka_core.launch.output import OutputPipe
from shinka_core.launch.process_tree import MARK, kill_tree, start_of
from shinka_core.launch.room import make_room
from shinka_core.launch.sandbox import Exposure, enclosed, interpreter_of, why_not
from shinka_core.program import TERMINATED, Evaluation, Job

logger = logging.getLogger("shinka.launch")

STDOUT = "stdout.log"
STDERR = "stderr.log"
ERROR_TAIL = 2_000
SIGNALLED = 128
# What asks a process to end, where SIGKILL and faults are no request.
REQUESTS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
# Once the process has ended, its pipes end too, unless a stray child holds them open.
PIPE_GRACE = 1.0


@dataclass(slots=True)
class _Running:
    process: Process
    mark: str
    stdout: OutputPipe
    stderr: OutputPipe
    seal: int


class LocalLauncher:
    """Runs `evaluate.py --program_path P --results_dir D`, each in a session of its own.

    Attributes:
        level: Of isolation: `none`, `limits` or `sandbox`.
    """

    def __init__(self, config: LocalJobConfig, hidden: Sequence[Path] = ()) -> None:
        """Finds out how well evaluations can be isolated here; nothing is started.

        Args:
            hidden: Folders and files that evaluations have no business with, where a sandbox can
                hide them; an evaluation's own folder is shown all the same.

        Raises:
            ConfigError: `isolation='sandbox'` cannot be had, or `python` is no program.
        """
        self._config = config
        self._hidden = [path.resolve() for path in hidden]
        self._evaluator = Path(config.eval_program_path).resolve()
        self._source = self._evaluator.read_bytes() if self._evaluator.is_file() else b""
        self._running: dict[str, _Running] = {}
        if config.python is not None and shutil.which(config.python) is None:
            raise ConfigError(
                f"python={config.python!r} is no program that can be run; name an interpreter or leave it out"
            )
        self.level = isolation_level(config.isolation)
        self._limits = None if self.level == "none" else limits_of(config)
        self._limited_by_command = self.level == "sandbox" and shutil.which("prlimit") is not None
        self._watch = None if self._limits is None else Watch(self._limits)
        if self.level == "sandbox" and config.python is None:
            compile_helpers(self._evaluator)

    async def submit(self, program_path: Path, results_dir: Path) -> Job:
        """Starts the evaluator in an empty results folder.

        Raises:
            LaunchError: The process could not be started.
        """
        make_room(results_dir)
        results_dir.mkdir(parents=True)
        mark = uuid.uuid4().hex
        stdout, stderr = OutputPipe(self._config.max_output_bytes), OutputPipe(self._config.max_output_bytes)
        seal, told = os.pipe()
        os.set_blocking(seal, False)
        environment = evaluation_environment(os.environ, self._config.env) | {MARK: mark, VARIABLE: str(told)}
        if self.level == "sandbox":
            environment |= {"TMPDIR": "/tmp", "PYTHONDONTWRITEBYTECODE": "1"}
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command(program_path.resolve(), results_dir.resolve()),
                cwd=self._evaluator.parent,
                env=environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=stdout.write_end,
                stderr=stderr.write_end,
                pass_fds=[told],
                start_new_session=True,
                # A sandbox dies with its parent by itself.
                preexec_fn=None if self._limited_by_command else entering(self._limits),
            )
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            stdout.discard()
            stderr.discard()
            os.close(seal)
            raise LaunchError(f"the evaluation of {program_path} could not be started: {error}") from error
        finally:
            os.close(told)
        await stdout.start()
        await stderr.start()
        job = Job(f"{process.pid}:{start_of(process.pid)}", str(program_path), str(results_dir), time.time())
        self._running[job.id] = _Running(process, mark, stdout, stderr, seal)
        return job

    async def attach(self, job: Job) -> Job | None:
        """Finds the finished result of an earlier process, or ends what that process left running."""
        if job.id in self._running:
            return job
        pid, _, started = job.id.partition(":")
        if started and start_of(int(pid)) == started:
            os.killpg(int(pid), signal.SIGKILL)
        return job if complete(Path(job.results_dir)) else None

    async def wait(self, job: Job) -> Evaluation:
        """Waits for the evaluator, at most as long as the settings allow."""
        running = self._running.get(job.id)
        results_dir = Path(job.results_dir)
        if running is None:
            if not complete(results_dir):
                raise LaunchError(f"the evaluation in {results_dir} is lost")
            return collect(results_dir, 0.0)
        started = time.monotonic()
        try:
            passed = await self._until_end(running.process)
        finally:
            said = await self._end(job)
        seconds = time.monotonic() - started
        await asyncio.to_thread(_write_logs, running, results_dir)
        if passed:
            return failed(passed, self._explain(passed), seconds)
        if self._repair_evaluator():
            return failed("tampered", "the evaluator's own file was changed while it ran; it was put back", seconds)
        code = running.process.returncode or 0
        if self.level == "sandbox" and code > SIGNALLED:
            code = SIGNALLED - code  # as a shell says it
        forged = broken(said, results_dir)
        if -code in REQUESTS and (forged or not complete(results_dir)):
            # Cut off between writing and sealing its results, an honest evaluation looks like a forged one.
            for name in (METRICS, CORRECT):
                _remove(results_dir / name)
            return failed(TERMINATED, _crash(code, running.stderr.output.text()), seconds)
        if forged:
            return failed("forged", "the result files are not the ones that the evaluator wrote", seconds)
        if code != 0 and not complete(results_dir):
            return failed(_crash_reason(code), _crash(code, running.stderr.output.text()), seconds)
        return collect(results_dir, seconds)

    async def _until_end(self, process: Process) -> str:
        """Waits; returns the limit that was passed, or "" when the process ended by itself."""
        ended = asyncio.ensure_future(process.wait())
        waiting: set[asyncio.Future[Any]] = {ended}
        if self._watch is not None:
            waiting.add(self._watch.over(process.pid))
        try:
            done, _ = await asyncio.wait(waiting, timeout=self._config.time_limit, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ended.cancel()
            if self._watch is not None:
                self._watch.end(process.pid)
        if ended in done:
            return ""
        return next((str(future.result()) for future in done), "timeout")

    def _explain(self, passed: str) -> str:
        limits = self._limits
        if passed == "timeout" or limits is None:
            return f"the evaluation took longer than {self._config.time_limit:g} seconds and was ended"
        if passed == "too_many_processes":
            return f"the evaluation had more than {limits.processes} processes (max_processes) and was ended"
        return f"the evaluation used more than {limits.memory / MEGABYTE:.0f} MB (max_memory_mb) and was ended"

    def _repair_evaluator(self) -> bool:
        """Puts the evaluator's file back if it is not what it was; returns whether it had to.

        In a sandbox nothing can change it but its author, whose change is welcome.
        """
        if self.level == "sandbox" or not self._source:
            return False
        try:
            if self._evaluator.read_bytes() == self._source:
                return False
        except OSError:
            pass
        if self._evaluator.is_symlink():
            self._evaluator.unlink()
        self._evaluator.write_bytes(self._source)
        return True

    async def close(self) -> None:
        """Ends every evaluation that still runs."""
        for job_id in list(self._running):
            await self._end(Job(job_id, "", "", 0.0))
        if self._watch is not None:
            await self._watch.close()

    def _command(self, program_path: Path, results_dir: Path) -> list[str]:
        command = [self._config.python or sys.executable, str(self._evaluator)]
        command += ["--program_path", str(program_path), "--results_dir", str(results_dir)]
        for key, value in self._config.extra_cmd_args.items():
            if value is True:
                command.append(f"--{key}")
            elif value is not None and value is not False:
                command += [f"--{key}", str(value)]
        if self.level != "sandbox":
            return command
        readable = [self._evaluator.parent, *(Path(path).expanduser().resolve() for path in self._config.readable)]
        if self._config.python is not None:
            readable += interpreter_of(self._config.python)
        shown = Exposure(self._hidden, readable, results_dir, self._config.network)
        inside = enclosed(command, shown, self._evaluator.parent, program_path)
        return [*prefixed(self._limits), *inside] if self._limits is not None else inside

    async def _end(self, job: Job) -> bytes:
        """Kills whatever is left of the evaluation's processes; returns what came over the seal."""
        running = self._running.pop(job.id, None)
        if running is None:
            return b""
        code = running.process.returncode
        if self.level != "sandbox" or code is None or code < 0:
            # A sandbox that has ended by itself took everything with it; one that was killed is about to.
            kill_tree(running.process.pid, running.mark)
        await running.process.wait()
        await running.stdout.finish(PIPE_GRACE)
        await running.stderr.finish(PIPE_GRACE)
        try:
            return os.read(running.seal, 65_536)
        except BlockingIOError:
            return b""
        finally:
            os.close(running.seal)


def isolation_level(wanted: str) -> str:
    """The level that is wanted, or for `auto` the strongest there is, said in the log.

    Raises:
        ConfigError: A sandbox is asked for and cannot be had.
    """
    if wanted == "sandbox" and why_not():
        raise ConfigError(
            f"isolation='sandbox' cannot be had: {why_not()}; install bubblewrap and allow user namespaces, "
            "or choose isolation='limits'"
        )
    if wanted != "auto":
        return wanted
    if not why_not():
        return "sandbox"
    logger.warning(
        "evaluated programs run with limits but without a sandbox, so with network and your files: %s", why_not()
    )
    return "limits"


def limits_of(config: LocalJobConfig) -> Limits:
    """The settings' limits in the kernel's units."""
    memory = machine_share() if config.max_memory_mb is None else config.max_memory_mb * MEGABYTE
    return Limits(memory, config.max_processes, config.max_open_files, config.max_file_mb * MEGABYTE)


def _write_logs(running: _Running, results_dir: Path) -> None:
    if results_dir.is_symlink() or (results_dir.exists() and not results_dir.is_dir()):
        results_dir.unlink()
    results_dir.mkdir(parents=True, exist_ok=True)  # the candidate may have deleted it
    for name, pipe in ((STDOUT, running.stdout), (STDERR, running.stderr)):
        path = results_dir / name
        _remove(path)
        path.write_text(pipe.output.text(), encoding="utf-8")


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)  # it may be a link to somewhere else


def _crash_reason(code: int) -> str:
    return "killed" if code < 0 else "crashed"


def _crash(code: int, stderr: str) -> str:
    tail = stderr.strip()[-ERROR_TAIL:]
    if code < 0:
        try:
            ending = f"was killed by {signal.Signals(-code).name}"
        except ValueError:
            ending = f"was killed by signal {-code}"
    else:
        ending = f"ended with exit code {code}"
    return f"the evaluator {ending} and left no result" + (f":\n{tail}" if tail else "")
