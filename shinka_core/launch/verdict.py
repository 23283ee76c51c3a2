"""What the end of an evaluation's process says about the program."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from shinka_core.evaluation.seal import broken
from shinka_core.launch.collect import CORRECT, ERROR_LIMIT, METRICS, collect, complete, failed
from shinka_core.launch.limits import MEGABYTE, Limits
from shinka_core.program import TERMINATED, Evaluation

ERROR_TAIL = 2_000
SIGNALLED = 128
# What asks a process to end, where SIGKILL and faults are no request.
REQUESTS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def verdict(results_dir: Path, code: int, said: bytes, stderr: str, seconds: float) -> Evaluation:
    """The evaluation of a program whose process ended by itself.

    Args:
        code: Exit code, negative for a signal.
        said: All that came over the seal.
    """
    forged = broken(said, results_dir)
    if -code in REQUESTS and (forged or not complete(results_dir)):
        # Cut off between writing and sealing its results, an honest evaluation looks like a forged one.
        for name in (METRICS, CORRECT):
            remove(results_dir / name)
        return failed(TERMINATED, _crash(code, stderr), seconds)
    if forged:
        return failed("forged", "the result files are not the ones that the evaluator wrote", seconds)
    if code != 0 and not complete(results_dir):
        return failed("killed" if code < 0 else "crashed", _crash(code, stderr), seconds)
    return collect(results_dir, seconds)


def cut_off(
    passed: str, limits: Limits | None, time_limit: float | None, seconds: float, limited_by: str = "job.time"
) -> Evaluation:
    """The evaluation of a program that was ended for passing a limit.

    Args:
        passed: `timeout`, `too_many_processes` or `too_much_memory`.
        limited_by: The setting that holds the time limit.
    """
    if passed == "timeout" or limits is None:
        why = f"took longer than {time_limit or 0.0:g} seconds ({limited_by})"
    elif passed == "too_many_processes":
        why = f"had more than {limits.processes} processes (max_processes)"
    else:
        why = f"used more than {limits.memory / MEGABYTE:.0f} MB (max_memory_mb)"
    return failed(passed, f"the evaluation {why} and was ended", seconds)


def never_began(code: int, said: bytes, stderr: str) -> bool:
    """Whether what a process that left no result says is that its sandbox could not be set up.

    A place that is to be hidden or covered may go between being found and being covered: no fault of the program.
    """
    return code == 1 and not said and stderr.startswith("bwrap: ")


def exit_code(code: int, *, shell: bool) -> int:
    """The code with signals negative.

    Args:
        shell: Whether signals are told as a shell does, as 128 and more; a sandbox does. A request to end
            is told so by many who catch it.
    """
    if code > SIGNALLED and (shell or code - SIGNALLED in REQUESTS):
        return SIGNALLED - code
    return code


def with_hints(evaluation: Evaluation, sentences: Sequence[str]) -> Evaluation:
    """The same evaluation, with what may be behind its failure at the end of its error."""
    if not sentences:
        return evaluation
    told = "\n[" + "; ".join(sentences) + "]"
    return replace(evaluation, error=evaluation.error[: ERROR_LIMIT - len(told)] + told)


def remove(path: Path) -> None:
    """Deletes whatever is there, never through a link."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


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
