"""Running a program's experiment function a few times, and writing down what came of it.

The contract is ShinkaEvolve's: `metrics.json` with `combined_score`, `public`, `private` and
`text_feedback`, and `correct.json` with `correct` and `error`.

Every evaluation starts an interpreter and loads this, so it loads little: what only some evaluations
need is imported where they need it.
"""

from __future__ import annotations

import importlib.util
import json
import math
import os
import sys
from time import perf_counter  # by name: a program may put another clock in its place

from shinka_core.evaluation.extras import keep_extras
from shinka_core.evaluation.functions import metrics_of, verdict
from shinka_core.evaluation.seal import SEALED, Seal
from shinka_core.evaluation.told import ToldError, told

TYPE_CHECKING = False  # a type checker takes it for True; `typing` itself takes milliseconds to load
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any

    from shinka_core.evaluation.sequential import Sequential

    Kwargs = dict[str, Any]

# The file of a folder that is imported, the first that is there.
MODULES = ("main.py", "__init__.py")
# Folders of programs that are on `sys.path`.
_folders: list[str] = []
DEFAULT_METRICS: dict[str, Any] = {"combined_score": 0.0}
# Runs that are told one by one; a program may have so many numbers by instance.
MOST_INSTANCES = 1_000
EARLY_STOPS = ("bayesian", "ci", "confidence_interval", "hybrid")
NO_STOP = ("none", "no_early_stop")
VERBOSE = "SHINKA_EVAL_VERBOSE"  # set for evaluators; "0" is no


class _Outcome:
    """All runs of one evaluation.

    Attributes:
        errors: What `validate_fn` said of each result it refused, by the number of the run.
    """

    __slots__ = ("errors", "results", "seconds")

    def __init__(self, results: list[Any], seconds: list[float], errors: dict[int, str]) -> None:
        self.results = results
        self.seconds = seconds
        self.errors = errors


def run_shinka_eval(
    program_path: str,
    results_dir: str,
    experiment_fn_name: str,
    num_runs: int,
    get_experiment_kwargs: Callable[[int], Kwargs] | None = None,
    aggregate_metrics_fn: Callable[..., dict[str, Any]] | None = None,
    validate_fn: Callable[[Any], bool | tuple[bool, str | None]] | None = None,
    plotting_fn: Callable[[Any], list[Any]] | None = None,
    default_metrics_on_error: dict[str, Any] | None = None,
    early_stop_method: object | None = None,
    run_workers: int = 1,
    max_workers_cap: int | None = None,
    verbose: bool | None = None,
    early_stop_threshold: float | None = None,
    early_stop_score_fn: Callable[[Any], float] | None = None,
    early_stop_kwargs: Kwargs | None = None,
    program_module: str | None = None,
    instance_fn: Callable[[int, Any], float | tuple[float, str]] | None = None,
) -> tuple[dict[str, Any], bool, str | None]:
    """Evaluates a program and writes `metrics.json` and `correct.json`.

    Args:
        program_path: The Python program: a file, or a folder.
        results_dir: Folder for the two files; made when missing.
        experiment_fn_name: Function of the program to call.
        num_runs: How often, at least 1.
        get_experiment_kwargs: Arguments of run i, from 0; without it each run gets `seed=i + 1`.
        aggregate_metrics_fn: Metrics of all results, and of `seconds` of each run where it has a parameter of that name;
            without it their mean is the score, and they have to be numbers.
        validate_fn: Whether a result is valid, and what is wrong with it if not; or the first of these alone.
        plotting_fn: Figures and animations of the metrics' `extra_data`, as (figure, title); saved under `plots/`.
        default_metrics_on_error: Metrics of a program that fails.
        early_stop_method: "bayesian", "ci" or "hybrid" makes no more runs once they would not bring the mean over the
            threshold, or under it; or an object whose `check(scores, threshold)` has `should_stop`.
        run_workers: Processes to spread the runs over.
        max_workers_cap: Upper bound of `run_workers`.
        verbose: Print each run's time; None: as the variable SHINKA_EVAL_VERBOSE says.
        early_stop_threshold: What the mean score of all runs is compared with.
        early_stop_score_fn: Score of a result; without it the result itself, or its `score`.
        early_stop_kwargs: `prob_cutoff` (0.05), `ci_confidence` (0.9), `min_trials` (3).
        program_module: Which file of a folder has the function, by its path inside; None for `main.py`, else
            `__init__.py`, else the only Python file. The folder is on `sys.path`.
        instance_fn: Score of run i by its result, larger is better, or the score and a text for models to read. They
            are what `metrics.json` says by instance (`instance_scores`, `instance_texts`) where the metrics themselves
            do not; without it that is done for results that are numbers, and for runs that are not valid.

    Returns:
        (metrics, correct, first error or None).

    Raises:
        ValueError: An argument is out of range. A failing program raises nothing.
    """
    cap = run_workers if max_workers_cap is None else max_workers_cap
    if num_runs < 1 or run_workers < 1 or cap < 1:
        raise ValueError(
            f"num_runs={num_runs}, run_workers={run_workers} and max_workers_cap={max_workers_cap} must be at least 1"
        )
    workers = min(run_workers, num_runs, cap)
    stop = _early_stop(early_stop_method, early_stop_threshold, early_stop_score_fn, early_stop_kwargs or {}, num_runs)
    if stop is not None and workers > 1:
        raise ValueError(
            f"early_stop_method={early_stop_method!r} makes one run after the other; leave run_workers at 1"
        )
    seal = Seal()  # before the program is loaded, which then finds nothing to break
    started = perf_counter()
    try:
        calls = [
            get_experiment_kwargs(index) if get_experiment_kwargs else {"seed": index + 1} for index in range(num_runs)
        ]
        program = module_of(program_path, program_module)
        outcome = _run_all(program, experiment_fn_name, calls, workers, validate_fn, stop)
        metrics = _aggregate(outcome, aggregate_metrics_fn)
        if stop is not None:
            metrics["early_stop"] = stop.told(len(outcome.results))
        _tell_runs(metrics, outcome, instance_fn, summed=aggregate_metrics_fn is None)
        keep_extras(metrics, plotting_fn, results_dir)
        correct, error = not outcome.errors, next(iter(outcome.errors.values()), None)
        if verbose or (verbose is None and os.environ.get(VERBOSE, "0") not in ("", "0")):
            each = ", ".join(f"{seconds:.3f}" for seconds in outcome.seconds[:MOST_INSTANCES])
            whole = perf_counter() - started
            print(f"{len(outcome.results)} of {num_runs} runs in {whole:.3f} s: {each}")  # noqa: T201 - asked for
    except (Exception, SystemExit) as failure:  # noqa: BLE001
        # The program under test may raise anything at all; whatever it is, it is the result.
        metrics, correct = dict(default_metrics_on_error or DEFAULT_METRICS), False
        error = told(failure)
    try:
        written = contents_of(metrics, correct, error)
    except (TypeError, ValueError, OverflowError, RecursionError) as failure:
        correct, error = False, f"the metrics cannot be written as JSON: {failure}"
        metrics = dict(default_metrics_on_error or DEFAULT_METRICS)
        written = contents_of(metrics, correct, error)
    seal.close(write(results_dir, written))
    return metrics, correct, error


def module_of(program_path: str, name: str | None = None) -> str:
    """The file of a program to import: the program itself, or one in its folder, which is on `sys.path` from then on.

    Raises:
        ImportError: It is not there, or not clear which is meant.
    """
    if not os.path.isdir(program_path):
        return program_path
    found = sorted(entry for entry in os.listdir(program_path) if entry.endswith(".py"))
    likely = [name] if name is not None else [known for known in MODULES if known in found] or found
    path = os.path.join(program_path, likely[0]) if likely else ""
    if not os.path.isfile(path) or (len(likely) > 1 and likely[0] not in MODULES):
        raise ImportError(
            f"{program_path} has no {name}"
            if name is not None
            else f"{program_path} holds {', '.join(found) or 'no Python file'}: call one main.py, or say which has the "
            "function with program_module"
        )
    folder = os.path.abspath(program_path)
    if folder not in _folders:
        _folders.append(folder)
        sys.path.insert(0, folder)
    return path


def load_program(program_path: str) -> ModuleType:
    """Imports a program from its file, under a name of its own.

    Raises:
        ImportError: The file is no Python source.
    """
    inside = os.path.dirname(os.path.abspath(program_path))
    places = [inside] if inside in _folders else None  # its other files may be imported relative to it
    spec = importlib.util.spec_from_file_location("program", program_path, submodule_search_locations=places)
    if spec is None or spec.loader is None:
        raise ImportError(f"{program_path} is no Python program")
    module = importlib.util.module_from_spec(spec)
    sys.modules["program"] = module  # dataclasses and pickling look the module up by name
    spec.loader.exec_module(module)
    return module


def _run_all(
    program_path: str,
    function: str,
    calls: list[Kwargs],
    workers: int,
    validate_fn: Callable[[Any], bool | tuple[bool, str | None]] | None,
    stop: Sequential | None,
) -> _Outcome:
    # Loaded here in any case: results may be of classes that the program defines.
    experiment = _experiment(load_program(program_path), function, program_path)
    if workers > 1:
        timed = _spread(program_path, function, calls, workers)
    else:
        timed: list[tuple[Any, float]] = []
        for kwargs in calls:
            timed.append(_timed(experiment, kwargs))
            if stop is not None and stop.settled(timed[-1][0]):
                break
    results = [result for result, _ in timed]
    errors: dict[int, str] = {}
    for index, result in enumerate(results):
        valid, message = verdict(validate_fn(result)) if validate_fn else (True, "")
        if not valid:
            errors[index] = message or f"run {index} is not valid"
    return _Outcome(results, [seconds for _, seconds in timed], errors)


def _spread(program_path: str, function: str, calls: list[Kwargs], workers: int) -> list[tuple[Any, float]]:
    """The runs in processes of their own, forked where that can be: others would run the evaluator's file again."""
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    method = "fork" if sys.platform == "linux" else None
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context(method)) as pool:
        running = [pool.submit(_run_one, program_path, function, kwargs) for kwargs in calls]
        return [future.result() for future in running]


def _run_one(program_path: str, function: str, kwargs: Kwargs) -> tuple[Any, float]:
    try:
        return _timed(_experiment(load_program(program_path), function, program_path), kwargs)
    except (Exception, SystemExit) as failure:  # noqa: BLE001 - as in this process
        raise ToldError(told(failure)) from None


def _experiment(module: ModuleType, function: str, program_path: str) -> Callable[..., Any]:
    experiment = getattr(module, function, None)
    if not callable(experiment):
        raise AttributeError(f"{program_path} defines no function {function!r}")
    return experiment


def _timed(experiment: Callable[..., Any], kwargs: Kwargs) -> tuple[Any, float]:
    started = perf_counter()
    result = experiment(**kwargs)
    return result, perf_counter() - started


def _early_stop(
    method: object, threshold: float | None, score_fn: Callable[[Any], float] | None, kwargs: Kwargs, runs: int
) -> Sequential | None:
    if method is None or (isinstance(method, str) and method.lower() in NO_STOP):
        return None
    known = method.lower() in EARLY_STOPS if isinstance(method, str) else hasattr(method, "check")
    if not known:
        raise ValueError(f"early_stop_method={method!r} is none of {', '.join((*NO_STOP, *EARLY_STOPS))}")
    if threshold is None:
        raise ValueError(f"early_stop_method={method!r} needs early_stop_threshold, the score to be reached")
    from shinka_core.evaluation.sequential import Sequential

    return Sequential(method, threshold, score_fn, kwargs, runs)


def _aggregate(outcome: _Outcome, aggregate: Callable[..., dict[str, Any]] | None) -> dict[str, Any]:
    metrics: dict[str, Any]
    if aggregate is not None:
        metrics = metrics_of(aggregate, outcome.results, outcome.seconds)
    else:
        metrics = {"combined_score": _mean([_number(result) for result in outcome.results])}
    mean = _mean(outcome.seconds)
    metrics.setdefault("execution_time_mean", mean)
    metrics.setdefault("execution_time_std", math.sqrt(_mean([(one - mean) ** 2 for one in outcome.seconds])))
    metrics.setdefault("num_valid_runs", len(outcome.results) - len(outcome.errors))
    metrics.setdefault("num_invalid_runs", len(outcome.errors))
    metrics.setdefault("all_validation_errors", list(dict.fromkeys(outcome.errors.values()))[:MOST_INSTANCES])
    return metrics


def _tell_runs(
    metrics: dict[str, Any],
    outcome: _Outcome,
    instance_fn: Callable[[int, Any], float | tuple[float, str]] | None,
    *,
    summed: bool,
) -> None:
    """Scores and texts by run, of several runs or as `instance_fn` has them; what the metrics say already stays.

    Args:
        summed: Whether the score is the mean of the results.
    """
    scores: dict[str, float] = {}
    texts: dict[str, str] = {}
    several = len(outcome.results) > 1
    for index, result in enumerate(outcome.results[:MOST_INSTANCES]):
        name = f"run {index}"
        if index in outcome.errors:
            if several or instance_fn is not None:
                texts[name] = f"not valid: {outcome.errors[index]}"
        elif instance_fn is not None:
            told = instance_fn(index, result)
            score, texts[name] = told if isinstance(told, tuple) else (told, "")
            scores[name] = float(score)
        elif summed and several:
            scores[name] = _number(result)
    texts = {name: text for name, text in texts.items() if text}
    finite = {name: score for name, score in scores.items() if math.isfinite(score)}
    for key, told_by_run in (("instance_scores", finite), ("instance_texts", texts)):
        if told_by_run:
            metrics.setdefault(key, told_by_run)


def _number(result: Any) -> float:
    """A result that stands for itself: any number, also numpy's."""
    if hasattr(result, "__float__"):
        return float(result)
    raise TypeError(
        f"a run gave {type(result).__name__}, which is no number; "
        "give run_shinka_eval an aggregate_metrics_fn that makes a combined_score of the results"
    )


def _mean(numbers: list[float]) -> float:
    return math.fsum(numbers) / len(numbers)


def contents_of(metrics: dict[str, Any], correct: bool, error: str | None) -> list[bytes]:
    """What the two files are to hold, in the order of `SEALED`."""
    try:
        first = json.dumps(metrics, indent=1, default=_plain)
    except TypeError:  # a key that is no text
        first = json.dumps(_with_text_keys(metrics), indent=1, default=_plain)
    return [first.encode(), json.dumps({"correct": correct, "error": error}, default=_plain).encode()]


def write(folder: str, contents: list[bytes]) -> list[bytes]:
    """Writes the two files; returns what they hold."""
    os.makedirs(folder, exist_ok=True)
    for name, content in zip(SEALED, contents, strict=True):  # correct.json last: then the result is complete
        _replace(folder, name, content)
    return contents


def _replace(folder: str, name: str, content: bytes) -> None:
    """Writes a file so that no reader ever sees half of it."""
    temporary = os.path.join(folder, f".{name}.{os.getpid()}")
    with open(temporary, "wb") as file:
        file.write(content)
    os.replace(temporary, os.path.join(folder, name))


def _plain(value: Any) -> Any:
    """What JSON has no word for: numpy's values and other numbers as numbers, sets as lists, the rest as text."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if hasattr(value, "__float__"):  # fractions, decimals
        return float(value)
    if isinstance(value, set | frozenset):
        members: Any = value  # pyright: ignore[reportUnknownVariableType]
        return sorted(members, key=repr)
    return value.decode("utf-8", "replace") if isinstance(value, bytes | bytearray) else str(value)


def _with_text_keys(value: Any) -> Any:
    if isinstance(value, dict):
        items: Any = value.items()  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        return {key if isinstance(key, str) else str(_key(key)): _with_text_keys(inner) for key, inner in items}
    if isinstance(value, list | tuple):
        members: Any = value  # pyright: ignore[reportUnknownVariableType]
        return [_with_text_keys(inner) for inner in members]
    return value


def _key(key: Any) -> Any:
    return key.item() if hasattr(key, "item") else key
