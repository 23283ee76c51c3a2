"""Evaluations as subprocesses on this machine."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import subprocess
import time
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from shinka_core.config import LocalJobConfig
from shinka_core.errors import ConfigError, LaunchError
from shinka_core.evaluation.seal import VARIABLE
from shinka_core.feedback import Feedback
from shinka_core.launch import receipt
from shinka_core.launch.bytecode import compile_helpers
from shinka_core.launch.child import Child
from shinka_core.launch.environment import GivenKeys, evaluation_environment, withheld
from shinka_core.launch.evaluator import Evaluator
from shinka_core.launch.hints import Shut, hints
from shinka_core.launch.launcher import JobState
from shinka_core.launch.limits import entering, limits_of, prefixed
from shinka_core.launch.output import OutputPipe
from shinka_core.launch.request import EvaluationRequest
from shinka_core.launch.room import make_room
from shinka_core.launch.sandbox import homes, why_not
from shinka_core.launch.stage import Stage
from shinka_core.launch.verdict import ERROR_TAIL, cut_off, exit_code, never_began, remove, verdict, with_hints
from shinka_core.launch.watch import Report, Watch
from shinka_core.program import TERMINATED, Evaluation, Job
from shinka_core.warden.tree import MARK, start_of

logger = logging.getLogger("shinka.launch")

STDOUT = "stdout.log"
STDERR = "stderr.log"
# Once the process has ended, its pipes end too, unless a stray child holds them open.
PIPE_GRACE = 1.0
# Seconds after the time limit by which the warden has ended an evaluation, or there is none.
WARDEN_GRACE = 5.0
# Seconds that the warden's word may come later than the end itself.
WORD_GRACE = 2.0
# How often an evaluation is begun whose sandbox cannot be set up: what it was to cover may just have gone.
MOST_STARTS = 3
# Characters of stderr that are looked through for what may be behind a failure.
LAST_WORDS = 4_000


@dataclass(slots=True)
class _Running:
    child: Child
    mark: str
    report: asyncio.Future[Report]
    stdout: OutputPipe
    stderr: OutputPipe
    seal: int
    scratch: Path | None
    copied: bool
    request: EvaluationRequest
    start: int = 1
    cancelled: bool = False


class LocalLauncher:
    """Runs `evaluate.py --program_path P --results_dir D`, each in a session of its own.

    Attributes:
        level: Of isolation: `none`, `limits` or `sandbox`.
    """

    def __init__(self, config: LocalJobConfig, hidden: Sequence[Path] = ()) -> None:
        """Reads the evaluator and finds out how well evaluations can be isolated here; nothing is started.

        Args:
            hidden: Folders and files that evaluations have no business with, where a sandbox can
                hide them; an evaluation's own folder is shown all the same.

        Raises:
            ConfigError: The evaluator cannot be run, `isolation='sandbox'` cannot be had, `python` is no
                program, or `env` refers to a variable that is not set.
        """
        self._config = config
        self._evaluator = Evaluator(config.eval_program_path, config.python)
        self._running: dict[str, _Running] = {}
        self._concluding: set[str] = set()
        self._endings: set[asyncio.Task[bytes]] = set()
        self.level = isolation_level(config.isolation)
        self._limits = None if self.level == "none" else limits_of(config)
        self._prefix = prefixed(self._limits) if self.level == "sandbox" and self._limits else []
        self._stage = Stage(config, self._evaluator, hidden) if self.level == "sandbox" else None
        self._watch = Watch(self._limits)
        missing = withheld(os.environ, config.env)
        if missing:
            logger.warning(
                "evaluations do not get what looks like a secret: %s; an evaluator that needs one is given it by "
                "`env: {%s: $%s}` under `job`", ", ".join(missing), missing[0], missing[0],
            )  # fmt: skip
        self._shut = Shut(self.level == "sandbox", homes(), config.network, frozenset(missing))
        self._given = GivenKeys(os.environ, config.env)
        if self.level == "sandbox" and config.python is None:
            compile_helpers(self._evaluator.path)

    async def submit(self, request: EvaluationRequest) -> Job:
        """Starts the evaluator as it was when this was made, in an empty results folder; its time runs from here on.

        Raises:
            LaunchError: The process could not be started.
            EvaluatorChangedError: It can only run at its place, and is not what it was there.
        """
        scratch = await asyncio.to_thread(self._prepare, request.results_dir)
        # Nothing is awaited from here on, so that no cancellation comes between the start and who ends it.
        try:
            running = self._start(request, scratch)
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            raise LaunchError(f"the evaluation of {request.program_path} could not be started: {error}") from error
        pid = running.child.pid
        name = f"{pid}:{start_of(pid)}:{receipt.new_key()}"
        job = Job(name, str(request.program_path), str(request.results_dir), time.time())
        self._running[job.id] = running
        return job

    async def find(self, job: Job) -> JobState:
        """Looks for the process, or for the receipt."""
        if (running := self._running.get(job.id)) is not None:
            return JobState.DONE if running.child.ended.done() else JobState.RUNNING
        if job.id in self._concluding:
            return JobState.RUNNING
        if await asyncio.to_thread(receipt.read, job) is not None:
            return JobState.DONE
        return JobState.GONE if _process_of(job) is None else JobState.RUNNING

    async def attach(self, job: Job) -> bool:
        """Ends what an earlier process left running: how it ends could not be told from a forged end."""
        if job.id in self._running:
            return True
        if (pid := _process_of(job)) is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, 9)
        return await asyncio.to_thread(receipt.read, job) is not None

    async def result(self, job: Job) -> Evaluation:
        """Waits for the evaluator, at most as long as the settings allow.

        Raises:
            LaunchError: The evaluation of an earlier process is lost, or a sandbox could not be set up.
        """
        running = self._running.get(job.id)
        if running is None:
            found = await asyncio.to_thread(receipt.read, job)
            if found is None:
                raise LaunchError(f"the evaluation in {job.results_dir} is lost")
            return found
        self._concluding.add(job.id)
        try:
            return await self._result(job, running)
        finally:
            self._concluding.discard(job.id)

    async def _result(self, job: Job, running: _Running) -> Evaluation:
        while True:
            code = 0
            try:
                report = await self._until_end(running)
                if not report.passed:
                    code = exit_code(running.child.code(), shell=self.level == "sandbox")
            finally:
                said = await self._end(job)
            if running.cancelled:
                raise LaunchError(f"the evaluation in {job.results_dir} was cancelled")
            self._tell_of_changes()
            evaluation = await asyncio.to_thread(self._conclude, job, running, report, code, said)
            if evaluation is not None:
                return evaluation
            # What the attempt without a copy left is nothing that anyone has seen.
            await asyncio.to_thread(remove, Path(job.results_dir))
            scratch = await asyncio.to_thread(self._prepare, Path(job.results_dir))
            start = running.start + 1
            running = self._start(running.request, scratch)
            running.start = start
            self._running[job.id] = running

    async def cancel(self, job: Job) -> None:
        """Ends the evaluation with all its processes, and takes the receipt away."""
        if (running := self._running.get(job.id)) is not None:
            running.cancelled = True
            await self._end(job)
        else:
            await self.attach(job)
        await asyncio.to_thread(receipt.remove, Path(job.results_dir))

    async def close(self) -> None:
        """Ends every evaluation that still runs."""
        for job_id in list(self._running):
            await self._end(Job(job_id, "", "", 0.0))
        if self._endings:
            await asyncio.wait(self._endings)
        await self._watch.close()
        self._evaluator.close()

    def _tell_of_changes(self) -> None:
        if self._evaluator.newly_changed():
            logger.warning(
                "%s is not what it was when this run began; evaluations go on with what it was, so that scores compare",
                self._evaluator.path,
            )

    def _prepare(self, results_dir: Path) -> Path | None:
        make_room(results_dir)
        results_dir.mkdir(parents=True)
        receipt.remove(results_dir)
        return self._stage.prepare(results_dir.resolve()) if self._stage else None

    def _start(self, request: EvaluationRequest, scratch: Path | None) -> _Running:
        request = replace(
            request, program_path=request.program_path.resolve(), results_dir=request.results_dir.resolve()
        )
        mark = uuid.uuid4().hex
        stdout, stderr = OutputPipe(self._config.max_output_bytes), OutputPipe(self._config.max_output_bytes)
        seal, told = os.pipe()
        os.set_blocking(seal, False)
        environment = evaluation_environment(os.environ, {**self._config.env, **request.environment})
        environment |= {MARK: mark, VARIABLE: str(told)}
        given = [told]
        try:
            if self._stage is None:
                given.append(self._evaluator.descriptor)
                command = [*self._evaluator.command_from_memory(), *request.argv]
            else:
                environment |= {"TMPDIR": "/tmp", "PYTHONDONTWRITEBYTECODE": "1"}
                given.append(self._evaluator.reopened())
                command = [*self._evaluator.command(), *request.argv]
                places = (request.program_path, request.results_dir, scratch)
                command = [*self._prefix, *self._stage.enclose(command, *places, given[1])]
            child = Child(
                command,
                folder=self._evaluator.folder,
                environment=environment,
                stdout=stdout.write_end,
                stderr=stderr.write_end,
                descriptors=given,
                # A sandbox dies with its parent by itself.
                enter=None if self._prefix else entering(self._limits),
            )
        except BaseException:
            stdout.discard()
            stderr.discard()
            os.close(seal)
            raise
        finally:
            os.close(told)
            if self._stage is not None and len(given) > 1:
                os.close(given[1])
        report = self._watch.begin(child.pid, child.started, mark, request.time_limit)
        stdout.start()
        stderr.start()
        copied = self._stage is None or self._stage.copying
        return _Running(child, mark, report, stdout, stderr, seal, scratch, copied, request)

    async def _until_end(self, running: _Running) -> Report:
        """Waits until the process has ended, and tells how by the warden's word, which stands when this process does."""
        child, limit = running.child, running.request.time_limit
        latest = None if limit is None else child.started + limit + WARDEN_GRACE
        waiting: set[asyncio.Future[float] | asyncio.Future[Report]] = {child.ended, running.report}
        await asyncio.wait(waiting, timeout=_left_until(latest), return_when=asyncio.FIRST_COMPLETED)
        # In a process that was suspended the clock has run out before the loop looks what has come meanwhile.
        await asyncio.wait(waiting, timeout=WORD_GRACE, return_when=asyncio.FIRST_COMPLETED)
        if running.report.done() and not running.report.result().passed:
            await asyncio.wait({child.ended}, timeout=_left_until(latest))
        if not child.ended.done() and not (running.report.done() and running.report.result().passed):
            return Report("timeout", time.monotonic() - child.started)  # there is no warden, or it is mistaken
        if running.report.done():
            return running.report.result()
        seconds = child.ended.result() - child.started
        if child.code() in (-9, 137) or (limit is not None and seconds > limit):
            await asyncio.wait({running.report}, timeout=WORD_GRACE)  # ended by the warden, or noticed late
        else:
            await asyncio.sleep(0)
        return running.report.result() if running.report.done() else Report("", seconds)

    def _conclude(self, job: Job, running: _Running, report: Report, code: int, said: bytes) -> Evaluation | None:
        """The verdict, with a receipt; None when it is to be begun again.

        That is when it failed for want of a copy of its folder and has one now, or its sandbox was not set up.
        """
        results_dir, stderr = Path(job.results_dir), self._given.out_of(running.stderr.output.text())
        _write_logs(results_dir, self._given.out_of(running.stdout.output.text()), stderr)
        if report.passed:
            asked = running.request
            evaluation = cut_off(report.passed, self._limits, asked.time_limit, report.seconds, asked.limited_by)
        else:
            self._evaluator.refuse_if_changed_at_its_place(enclosed=self._stage is not None)
            evaluation = verdict(results_dir, code, said, stderr, report.seconds)
            if self._stage is not None and evaluation.reason == "crashed" and never_began(code, said, stderr):
                if running.start < MOST_STARTS:
                    return None
                raise LaunchError(f"the sandbox of an evaluation could not be set up: {stderr.strip()[-ERROR_TAIL:]}")
            if not evaluation.correct:
                words = f"{evaluation.error}\n{stderr[-LAST_WORDS:]}"
                if self._stage is not None and self._stage.copy_from_now_on(words) and not running.copied:
                    return None
                sentences = hints(words, self._shut, os.environ)
                evaluation = with_hints(evaluation, [*self._evaluator.contract(evaluation.reason), *sentences])
        told = self._given.out_of(asdict(evaluation))
        evaluation = Evaluation(**told | {"feedback": Feedback.load(told["feedback"])})
        if evaluation.reason != TERMINATED:
            receipt.write(job, code, evaluation)
        return evaluation

    async def _end(self, job: Job) -> bytes:
        """Kills whatever is left of the evaluation's processes; returns what came over the seal.

        Goes on to the end also when whoever waits for it is cancelled again.
        """
        running = self._running.pop(job.id, None)
        if running is None:
            return b""
        ending = asyncio.create_task(self._tear_down(running))
        self._endings.add(ending)
        ending.add_done_callback(self._endings.discard)
        return await asyncio.shield(ending)

    async def _tear_down(self, running: _Running) -> bytes:
        child = running.child
        try:
            if self.level == "sandbox" and child.ended.done() and child.code() >= 0:
                await child.collect()  # a sandbox that has ended by itself took everything with it
            else:
                await child.end(running.mark)
            self._watch.forget(child.pid)
            await running.stdout.finish(PIPE_GRACE)
            await running.stderr.finish(PIPE_GRACE)
            with suppress(BlockingIOError):
                return os.read(running.seal, 65_536)
            return b""
        finally:
            os.close(running.seal)
            if running.scratch is not None:
                await asyncio.to_thread(shutil.rmtree, running.scratch, ignore_errors=True)


def _left_until(moment: float | None) -> float | None:
    """Seconds until a moment of the monotonic clock; enough to hear what was said while this process stood still."""
    return None if moment is None else max(WORD_GRACE, moment - time.monotonic())


def _process_of(job: Job) -> int | None:
    """The process that a job's id names, while it is there."""
    pid, _, rest = job.id.partition(":")
    started = rest.partition(":")[0]
    return int(pid) if started and start_of(int(pid)) == started else None


def check_local(config: LocalJobConfig) -> None:
    """Everything that can be found wrong with evaluations before the first one.

    Raises:
        ConfigError: The evaluator cannot be run, `isolation='sandbox'` cannot be had, or `env` refers to a
            variable that is not set.
    """
    evaluation_environment(os.environ, config.env)
    Evaluator(config.eval_program_path, config.python).close()
    if config.isolation == "sandbox":
        isolation_level(config.isolation)


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


def _write_logs(results_dir: Path, stdout: str, stderr: str) -> None:
    if results_dir.is_symlink() or (results_dir.exists() and not results_dir.is_dir()):
        results_dir.unlink()
    results_dir.mkdir(parents=True, exist_ok=True)  # the candidate may have deleted it
    for name, text in ((STDOUT, stdout), (STDERR, stderr)):
        remove(results_dir / name)
        (results_dir / name).write_text(text, encoding="utf-8")
