"""The launcher of evaluations elsewhere: folders, receipts and cancellation here, over an engine that runs errands."""

from __future__ import annotations

import asyncio
import base64
import logging
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from shinka_core.config.clusters import ElsewhereSettings
from shinka_core.config.evaluations import ProcessSettings
from shinka_core.errors import LaunchError
from shinka_core.launch import receipt
from shinka_core.launch.elsewhere.errand import Errand, Outcome, Ticket
from shinka_core.launch.elsewhere.parcel import pack_folder, unpack
from shinka_core.launch.evaluator import Evaluator
from shinka_core.launch.launcher import JobState
from shinka_core.launch.request import EvaluationRequest
from shinka_core.launch.room import make_room
from shinka_core.program import TERMINATED, Evaluation, Job
from shinka_core.source_folder import list_files

logger = logging.getLogger("shinka.launch")

# Bytes of an evaluation's results that are sent back.
MOST_BACK = 10_000_000
# Seconds that a cancelled run waits for an engine to end an evaluation.
LAST_CALL = 10.0


class Engine(Protocol):
    """What runs errands: a batch system, a cluster, an orchestrator.

    Another process finds an errand again by its ticket, while the engine has it.
    """

    async def start(self, errand: Errand, ticket: Ticket) -> None:
        """Has it run.

        Raises:
            LaunchError: The engine does not take it.
        """
        ...

    async def knows(self, ticket: Ticket) -> bool:
        """Whether the errand waits, runs, or has an outcome that can be fetched.

        Raises:
            LaunchError: The engine cannot be asked.
        """
        ...

    async def outcome(self, ticket: Ticket) -> Outcome:
        """Waits for what comes of it, also after another process started it.

        Raises:
            LaunchError: It is lost.
        """
        ...

    async def end(self, ticket: Ticket) -> None:
        """Ends it and forgets it; of one that is gone there is nothing to do."""
        ...

    async def close(self) -> None:
        """Lets go of the engine."""
        ...


@dataclass(slots=True)
class _Running:
    ticket: Ticket
    outcome: asyncio.Task[Evaluation]
    cancelled: bool = False


class ElsewhereLauncher:
    """Carries evaluations to an engine and back.

    A driver that dies leaves them running; who resumes the run takes them up.
    """

    def __init__(self, kind: str, config: ElsewhereSettings, engine: Engine, hidden: Sequence[Path] = ()) -> None:
        """Reads the evaluator, and packs its folder where that is sent.

        Args:
            hidden: Shared folders that evaluations have no business with.

        Raises:
            ConfigError: The evaluator cannot be run, or its folder is too large to be sent.
        """
        self._kind = kind
        self._engine = engine
        self._hidden = tuple(str(path.resolve()) for path in hidden)
        evaluator = Evaluator(config.eval_program_path, None)
        self._digest, self._evaluator = evaluator.digest, evaluator.path
        evaluator.close()
        sent = config.files == "sent"
        self._folder = pack_folder(self._evaluator.parent, tuple(hidden)) if sent else ""
        place = self._evaluator.name if sent else str(self._evaluator)
        fields = {
            name: getattr(config, name) for name in ProcessSettings.model_fields if name in config.model_fields_set
        }
        self._settings = fields | {"eval_program_path": place}
        self._running: dict[str, _Running] = {}

    async def submit(self, request: EvaluationRequest) -> Job:
        """Has the engine take the evaluation.

        Raises:
            LaunchError: It does not, or is out of reach.
        """
        await asyncio.to_thread(self._prepare, request.results_dir)
        errand = await asyncio.to_thread(self._errand, request)
        key = receipt.new_key()
        job = Job(f"{self._kind}:{errand.name}:{key}", str(request.program_path), str(request.results_dir), time.time())
        starting = asyncio.ensure_future(self._engine.start(errand, _ticket(job)))
        try:
            await asyncio.shield(starting)
        except asyncio.CancelledError:
            await self._end_once_started(_ticket(job), starting)
            raise
        self._take_up(job)
        return job

    async def result(self, job: Job) -> Evaluation:
        """Waits for the outcome, however long the engine has the evaluation wait.

        Raises:
            LaunchError: It is lost, or was cancelled.
        """
        running = self._running.get(job.id)
        if running is None:
            found = await asyncio.to_thread(receipt.read, job)
            if found is None:
                raise LaunchError(f"the evaluation in {job.results_dir} is lost")
            return found
        try:
            return await asyncio.shield(running.outcome)
        except asyncio.CancelledError:
            if running.cancelled:
                raise LaunchError(f"the evaluation in {job.results_dir} was cancelled") from None
            await self.cancel(job)  # whoever waits is cancelled
            raise
        finally:
            if running.outcome.done():
                self._running.pop(job.id, None)  # from now on its receipt tells

    async def find(self, job: Job) -> JobState:
        """Looks for the receipt, and asks the engine."""
        if (running := self._running.get(job.id)) is not None:
            return JobState.DONE if running.outcome.done() else JobState.RUNNING
        if await asyncio.to_thread(receipt.read, job) is not None:
            return JobState.DONE
        if not self._is_mine(job):
            return JobState.GONE
        return JobState.RUNNING if await self._engine.knows(_ticket(job)) else JobState.GONE

    async def attach(self, job: Job) -> bool:
        """Takes up what an earlier process started."""
        if job.id in self._running or await asyncio.to_thread(receipt.read, job) is not None:
            return True
        if not self._is_mine(job) or not await self._engine.knows(_ticket(job)):
            return False
        self._take_up(job)
        return True

    async def cancel(self, job: Job) -> None:
        """Has the engine end it, and takes the receipt away."""
        running = self._running.pop(job.id, None)
        if running is not None:
            running.cancelled = True
            running.outcome.cancel()
            await asyncio.wait([running.outcome])
        if running is not None or self._is_mine(job):
            await self._ended(_ticket(job))
        await asyncio.to_thread(receipt.remove, Path(job.results_dir))

    async def close(self) -> None:
        """Ends what runs, and lets go of the engine."""
        left = [running for running in self._running.values() if not running.outcome.done()]
        for running in left:
            running.cancelled = True
            running.outcome.cancel()
        if left:
            await asyncio.wait([running.outcome for running in left])
            await asyncio.gather(*(self._ended(running.ticket) for running in left))
        self._running.clear()
        await self._engine.close()

    def _take_up(self, job: Job) -> None:
        self._running[job.id] = running = _Running(_ticket(job), asyncio.create_task(self._outcome(job)))
        running.outcome.add_done_callback(lambda task: task.cancelled() or task.exception())  # seen, whoever asks

    async def _outcome(self, job: Job) -> Evaluation:
        results_dir = Path(job.results_dir)
        outcome = await self._engine.outcome(_ticket(job))
        if outcome.results:
            await asyncio.to_thread(unpack, outcome.results, results_dir, MOST_BACK)
        if outcome.evaluation is None:
            raise LaunchError(f"the evaluation in {job.results_dir} was not run: {outcome.problem}")
        if outcome.evaluation.reason != TERMINATED:
            await asyncio.to_thread(receipt.write, job, 0 if outcome.evaluation.correct else 1, outcome.evaluation)
        await self._ended(_ticket(job))  # its outcome is here; the engine may forget it
        return outcome.evaluation

    async def _ended(self, ticket: Ticket) -> None:
        try:
            async with asyncio.timeout(LAST_CALL):
                await asyncio.shield(self._engine.end(ticket))
        except (LaunchError, TimeoutError) as error:
            logger.warning(
                "the evaluation %s could not be ended: %s; end it by hand", ticket.name, error or "no answer"
            )

    async def _end_once_started(self, ticket: Ticket, starting: asyncio.Future[None]) -> None:
        await asyncio.wait([starting], timeout=LAST_CALL)
        if not starting.done() or starting.exception() is None:
            await self._ended(ticket)

    def _is_mine(self, job: Job) -> bool:
        return job.id.partition(":")[0] == self._kind and bool(receipt.key_of(job))

    def _prepare(self, results_dir: Path) -> None:
        make_room(results_dir)
        results_dir.mkdir(parents=True)
        receipt.remove(results_dir)

    def _errand(self, request: EvaluationRequest) -> Errand:
        program, sent = request.program_path.resolve(), {}
        path = str(program)
        if self._folder:
            # A program of several files is a folder, or a file in one.
            files = list_files(program) if program.is_dir() else {program.name: program}
            sent = {name: base64.b64encode(file.read_bytes()).decode() for name, file in files.items()}
            path = "." if program.is_dir() else program.name
        return Errand(
            name=f"shinka-{uuid.uuid4().hex[:20]}",
            settings=self._settings,
            program_path=path,
            results_dir="" if self._folder else str(request.results_dir.resolve()),
            evaluator_digest=self._digest,
            arguments=dict(request.arguments),
            environment=dict(request.environment),
            time_limit=request.time_limit,
            limited_by=request.limited_by,
            hidden=self._hidden,
            program=sent,
            folder=self._folder,
            most_back=MOST_BACK if self._folder else 0,
        )


def _ticket(job: Job) -> Ticket:
    return Ticket(job.id.split(":")[1], receipt.key_of(job), Path(job.results_dir))
