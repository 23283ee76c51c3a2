"""Evaluations as subprocesses on this machine."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
import time
import uuid
from asyncio.subprocess import Process
from dataclasses import dataclass
from pathlib import Path

from shinka_core.config import LocalJobConfig
from shinka_core.errors import LaunchError
from shinka_core.launch.collect import collect, complete, failed
from shinka_core.launch.environment import evaluation_environment
from shinka_core.launch.output import OutputPipe
from shinka_core.launch.process_tree import MARK, die_with_parent, kill_tree, start_of
from shinka_core.program import Evaluation, Job

STDOUT = "stdout.log"
STDERR = "stderr.log"
ERROR_TAIL = 2_000
# Once the process has ended, its pipes end too, unless a stray child holds them open.
PIPE_GRACE = 1.0


@dataclass(slots=True)
class _Running:
    process: Process
    mark: str
    stdout: OutputPipe
    stderr: OutputPipe


class LocalLauncher:
    """Runs `evaluate.py --program_path P --results_dir D`, each in a session of its own."""

    def __init__(self, config: LocalJobConfig) -> None:
        self._config = config
        self._evaluator = Path(config.eval_program_path).resolve()
        self._running: dict[str, _Running] = {}

    async def submit(self, program_path: Path, results_dir: Path) -> Job:
        """Starts the evaluator in an empty results folder.

        Raises:
            LaunchError: The process could not be started.
        """
        if results_dir.exists():
            shutil.rmtree(results_dir)  # of an evaluation that was cut off
        results_dir.mkdir(parents=True)
        mark = uuid.uuid4().hex
        stdout, stderr = OutputPipe(self._config.max_output_bytes), OutputPipe(self._config.max_output_bytes)
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command(program_path.resolve(), results_dir.resolve()),
                cwd=self._evaluator.parent,
                env=evaluation_environment(os.environ, self._config.env) | {MARK: mark},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=stdout.write_end,
                stderr=stderr.write_end,
                start_new_session=True,
                preexec_fn=die_with_parent,
            )
        except (OSError, ValueError) as error:
            stdout.discard()
            stderr.discard()
            raise LaunchError(f"the evaluation of {program_path} could not be started: {error}") from error
        await stdout.start()
        await stderr.start()
        job = Job(f"{process.pid}:{start_of(process.pid)}", str(program_path), str(results_dir), time.time())
        self._running[job.id] = _Running(process, mark, stdout, stderr)
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
        limit = self._config.time_limit
        started = time.monotonic()
        timed_out = False
        try:
            await asyncio.wait_for(running.process.wait(), limit)
        except TimeoutError:
            timed_out = True
        finally:
            await self._end(job)
        seconds = time.monotonic() - started
        await asyncio.to_thread(_write_logs, running, results_dir)
        if timed_out:
            return failed("timeout", f"the evaluation took longer than {limit:g} seconds and was ended", seconds)
        code = running.process.returncode or 0
        if code != 0 and not complete(results_dir):
            return failed(_crash_reason(code), _crash(code, running.stderr.output.text()), seconds)
        return collect(results_dir, seconds)

    async def close(self) -> None:
        """Ends every evaluation that still runs."""
        for job_id in list(self._running):
            await self._end(Job(job_id, "", "", 0.0))

    def _command(self, program_path: Path, results_dir: Path) -> list[str]:
        command = [self._config.python or sys.executable, str(self._evaluator)]
        command += ["--program_path", str(program_path), "--results_dir", str(results_dir)]
        for key, value in self._config.extra_cmd_args.items():
            if value is True:
                command.append(f"--{key}")
            elif value is not None and value is not False:
                command += [f"--{key}", str(value)]
        return command

    async def _end(self, job: Job) -> None:
        """Kills whatever is left of the evaluation's processes."""
        running = self._running.pop(job.id, None)
        if running is None:
            return
        kill_tree(running.process.pid, running.mark)
        await running.process.wait()
        await running.stdout.finish(PIPE_GRACE)
        await running.stderr.finish(PIPE_GRACE)


def _write_logs(running: _Running, results_dir: Path) -> None:
    results_dir.mkdir(parents=True, exist_ok=True)  # the candidate may have deleted it
    (results_dir / STDOUT).write_text(running.stdout.output.text(), encoding="utf-8")
    (results_dir / STDERR).write_text(running.stderr.output.text(), encoding="utf-8")


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
