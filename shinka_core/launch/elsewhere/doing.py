"""Doing an errand, on the machine that it was carried to: as an evaluation of `kind: local` there."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import logging
import os
import shutil
import tempfile
import threading
from pathlib import Path

from shinka_core.config import LocalJobConfig
from shinka_core.errors import ConfigError, LaunchError, RunStoppedError
from shinka_core.launch.elsewhere.errand import Errand, Outcome
from shinka_core.launch.elsewhere.parcel import MOST_SENT, pack_results, unpack
from shinka_core.launch.local import LocalLauncher
from shinka_core.launch.request import EvaluationRequest
from shinka_core.program import TERMINATED

logger = logging.getLogger("shinka.launch")

# What an archive may come to once it is unpacked.
UNPACKED = 16 * MOST_SENT


async def do(errand: Errand) -> Outcome:
    """Evaluates; cancelling this ends the evaluation with all its processes."""
    if not errand.sent:
        return await _evaluated(errand, Path(errand.program_path), Path(errand.results_dir))
    place = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="shinka-errand-"))
    try:
        try:
            program, task = await asyncio.to_thread(_lay_out, errand, place)
        except (OSError, ValueError, LaunchError) as error:
            return Outcome(None, f"the program could not be laid out there: {error}")
        outcome = await _evaluated(errand, program, place / "results", task)
        results = await asyncio.to_thread(pack_results, place / "results", errand.most_back)
        return Outcome(outcome.evaluation, outcome.problem, results)
    finally:
        await asyncio.to_thread(shutil.rmtree, place, ignore_errors=True)


class Doing:
    """The errands that are done in this process, each in a thread, so that others can end them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tasks: dict[str, tuple[asyncio.AbstractEventLoop, asyncio.Task[Outcome]]] = {}

    def do(self, errand: Errand) -> Outcome:
        """Does it in a loop of its own; one that is ended meanwhile has a problem for an outcome."""

        async def doing() -> Outcome:
            task = asyncio.create_task(do(errand))
            with self._lock:
                self._tasks[errand.name] = asyncio.get_running_loop(), task
            try:
                return await task
            except asyncio.CancelledError:
                return Outcome(None, "it was ended from outside")
            finally:
                with self._lock:
                    del self._tasks[errand.name]

        return asyncio.run(doing())

    def end(self, name: str) -> bool:
        """Ends the errand of that name; False when it is not done here."""
        with self._lock:
            loop, task = self._tasks.get(name, (None, None))
        if loop is None or task is None:
            return False
        loop.call_soon_threadsafe(task.cancel)
        return True


async def _evaluated(errand: Errand, program: Path, results: Path, task: Path | None = None) -> Outcome:
    try:
        config = LocalJobConfig(**errand.settings)
        if task is not None:
            config = config.model_copy(update={"eval_program_path": str(task / config.eval_program_path)})
        _check_evaluator(config.eval_program_path, errand)
        launcher = LocalLauncher(config, hidden=[Path(each) for each in errand.hidden])
    except (ConfigError, LaunchError, ValueError) as error:
        return Outcome(None, f"{type(error).__name__}: {error}")
    request = EvaluationRequest(
        program_path=program,
        results_dir=results,
        evaluator=Path(config.eval_program_path),
        python=config.python,
        arguments=errand.arguments,
        environment=errand.environment,
        time_limit=errand.time_limit,
        limited_by=errand.limited_by,
    )
    try:
        evaluation = await launcher.result(await launcher.submit(request))
        if evaluation.reason == TERMINATED:
            return Outcome(None, f"it was ended from outside on {os.uname().nodename}: {evaluation.error}")
        return Outcome(evaluation)
    except (LaunchError, RunStoppedError, OSError) as error:
        return Outcome(None, f"{type(error).__name__}: {error}")
    finally:
        await launcher.close()


def _check_evaluator(path: str, errand: Errand) -> None:
    try:
        digest = hashlib.sha256(Path(path).read_bytes()).hexdigest()
    except OSError as error:
        raise LaunchError(
            f"the evaluator {path!r} cannot be read on {os.uname().nodename}: {error}; share its folder with that machine, "
            "or say files: sent (section 'job') where the kind has it"
        ) from error
    if digest != errand.evaluator_digest:
        raise LaunchError(
            f"the evaluator {path!r} on {os.uname().nodename} is not what it was here when this run began, so that scores "
            "would not compare; put it back"
        )


def _lay_out(errand: Errand, place: Path) -> tuple[Path, Path]:
    task, own = place / "task", place / "program"
    task.mkdir()
    own.mkdir()
    unpack(errand.folder, task, UNPACKED)
    for name, text in errand.program.items():
        path = own / name
        if not path.resolve().is_relative_to(own.resolve()):
            raise LaunchError(f"a program's file is named {name!r}, which is outside of its folder")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(text, validate=True))
    return own / errand.program_path, task
