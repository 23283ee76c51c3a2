"""Results of evaluators that run the program in a process of its own, under the same seal as the harness's."""

from __future__ import annotations

from shinka_core.evaluation.harness import DEFAULT_METRICS, contents_of, write
from shinka_core.evaluation.seal import Seal
from shinka_core.evaluation.told import told

TYPE_CHECKING = False  # a type checker takes it for True; every evaluation loads this
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def run_judge(
    judge: Callable[[str], dict[str, Any]], program_path: str, results_dir: str
) -> tuple[dict[str, Any], bool, str | None]:
    """Judges a program by a function of its path, and writes `metrics.json` and `correct.json`.

    For programs that the evaluator starts as processes, or only reads: `run_shinka_eval` imports them. What a process that
    the program left behind writes in the place of the results is found out, as it is there.

    Args:
        judge: Metrics of the program, `combined_score` among them. A ValueError says in words for its author what is wrong
            with it; any other exception is told with its traceback.
        program_path: A file, or a folder.
        results_dir: Folder for the two files; made when missing.

    Returns:
        (metrics, correct, what is wrong or None).
    """
    seal = Seal()  # before anything of the program runs
    metrics, error = dict(DEFAULT_METRICS), None
    try:
        metrics = dict(judge(program_path))
        written = contents_of(metrics, True, None)
    except Exception as failure:  # noqa: BLE001
        # The evaluator's own mistakes are told as the program's: what it does with one may be what makes them.
        metrics, error = (
            dict(DEFAULT_METRICS),
            str(failure) if isinstance(failure, ValueError) else told(failure),
        )
        written = contents_of(metrics, False, error)
    seal.close(write(results_dir, written))
    return metrics, error is None, error
