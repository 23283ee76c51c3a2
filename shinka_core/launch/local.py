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
from dataclasses import asdict, dataclass
from pathlib import Path

from shinka_core.config import LocalJobConfig
from shinka_core.errors import ConfigError, LaunchError
from shinka_core.evaluation.seal import VARIABLE
from shinka_core.launch import receipt
from shinka_core.launch.bytecode import compile_helpers
from shinka_core.launch.child import Child
from shinka_core.launch.environment import GivenKeys, evaluation_environment, refuse_keys, withheld
from shinka_core.launch.evaluator import Evaluator
from shinka_core.launch.hints import Shut, hints
from shinka_core.launch.limits import entering, limits_of, prefixed
from shinka_core.launch.output import OutputPipe
from shinka_core.launch.room import make_room
from shinka_core.launch.sandbox import homes, why_not
from shinka_core.launch.stage import Stage
from shinka_core.launch.terms import AS_SET, Terms
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
    terms: Terms
    limit: float | None
    start: int = 1


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

    async def submit(self, program_path: Path, results_dir: Path, terms: Terms = AS_SET) -> Job:
        """Starts the evaluator in an empty results folder; its time runs from here on.

        Raises:
            LaunchError: The process could not be started.
            EvaluatorChangedError: It can only run at its place, and is not what it was there.
        """
        scratch = await asyncio.to_thread(self._prepare, results_dir)
        # Nothing is awaited from here on, so that no cancellation comes between the start and who ends it.
        try:
            running = self._start(program_path.resolve(), results_dir.resolve(), scratch, terms)
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            raise LaunchError(f"the evaluation of {program_path} could not be started: {error}") from error
        pid = running.child.pid
        name = f"{pid}:{start_of(pid)}:{receipt.new_key()}"
        job = Job(name, str(program_path), str(results_dir), time.time())
        self._running[job.id] = running
        return job

    async def attach(self, job: Job) -> Job | None:
        """Finds the receipt that an earlier process left, or ends what that process left running."""
        if job.id in self._running:
            return job
        pid, _, rest = job.id.partition(":")
        started = rest.partition(":")[0]
        if started and start_of(int(pid)) == started:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(int(pid), 9)
        found = await asyncio.to_thread(receipt.read, job)
        return job if found is not None else None

    async def wait(self, job: Job) -> Evaluation:
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
        while True:
            code = 0
            try:
                report = await self._until_end(running)
                if not report.passed:
                    code = exit_code(running.child.code(), shell=self.level == "sandbox")
            finally:
                said = await self._end(job)
            self._tell_of_changes()
            evaluation = await asyncio.to_thread(self._conclude, job, running, report, code, said)
            if evaluation is not None:
                return evaluation
            # What the attempt without a copy left is nothing that anyone has seen.
            await asyncio.to_thread(remove, Path(job.results_dir))
            scratch = await asyncio.to_thread(self._prepare, Path(job.results_dir))
            start, terms = running.start + 1, running.terms
            running = self._start(Path(job.program_path).resolve(), Path(job.results_dir).resolve(), scratch, terms)
            running.start = start
            self._running[job.id] = running

    async def discard(self, job: Job) -> None:
        """Takes the receipt away."""
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

    def _start(self, program_path: Path, results_dir: Path, scratch: Path | None, terms: Terms) -> _Running:
        mark = uuid.uuid4().hex
        stdout, stderr = OutputPipe(self._config.max_output_bytes), OutputPipe(self._config.max_output_bytes)
        seal, told = os.pipe()
        os.set_blocking(seal, False)
        environment = evaluation_environment(os.environ, {**self._config.env, **terms.environment})
        environment |= {MARK: mark, VARIABLE: str(told)}
        arguments = self._arguments(program_path, results_dir, terms)
        limit = self._config.time_limit if terms.time_limit is None else terms.time_limit
        given = [told]
        try:
            if self._stage is None:
                given.append(self._evaluator.descriptor)
                command = [*self._evaluator.command_from_memory(), *arguments]
            else:
                environment |= {"TMPDIR": "/tmp", "PYTHONDONTWRITEBYTECODE": "1"}
                given.append(self._evaluator.reopened())
                command = [*self._evaluator.command(), *arguments]
                command = [*self._prefix, *self._stage.enclose(command, program_path, results_dir, scratch, given[1])]
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
        report = self._watch.begin(child.pid, child.started, mark, limit)
        stdout.start()
        stderr.start()
        copied = self._stage is None or self._stage.copying
        return _Running(child, mark, report, stdout, stderr, seal, scratch, copied, terms, limit)

    def _arguments(self, program_path: Path, results_dir: Path, terms: Terms) -> list[str]:
        arguments = ["--program_path", str(program_path), "--results_dir", str(results_dir)]
        for key, value in {**self._config.extra_cmd_args, **terms.arguments}.items():
            if value is True:
                arguments.append(f"--{key}")
            elif value is not None and value is not False:
                arguments += [f"--{key}", str(value)]
        return arguments

    async def _until_end(self, running: _Running) -> Report:
        """Waits until the process has ended, and tells how by the warden's word, which stands when this process does."""
        child, limit = running.child, running.limit
        patience = None if limit is None else max(0.0, limit + WARDEN_GRACE - (time.monotonic() - child.started))
        waiting: set[asyncio.Future[float] | asyncio.Future[Report]] = {child.ended, running.report}
        await asyncio.wait(waiting, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
        if not child.ended.done() and not running.report.done():
            return Report("timeout", time.monotonic() - child.started)  # there is no warden
        if running.report.done():
            if not running.report.result().passed:
                await asyncio.shield(child.ended)
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
            evaluation = cut_off(report.passed, self._limits, running.limit, report.seconds, running.terms.limited_by)
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
        evaluation = Evaluation(**self._given.out_of(asdict(evaluation)))
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


def check_job(config: LocalJobConfig) -> None:
    """Everything that can be found wrong with evaluations before the first one.

    Raises:
        ConfigError: The evaluator cannot be run, `isolation='sandbox'` cannot be had, a setting holds a key,
            or `env` refers to a variable that is not set.
    """
    for arguments in (config.extra_cmd_args, *(stage.args for stage in config.stages)):
        refuse_keys(config.env, arguments)
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
