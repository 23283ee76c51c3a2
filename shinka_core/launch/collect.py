"""Reading what an evaluator left behind.

The files come from evaluated code, so nothing about them is taken for granted: they may be
missing, half written, huge, of the wrong shape, or full of NaN. This is the one place where their
texts enter: what no database can store and no request can carry ends here.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from shinka_core.bounds import as_float, bounded, within
from shinka_core.evaluation.seal import LARGEST_FILE, SEALED
from shinka_core.launch.telling import read_feedback
from shinka_core.program import Evaluation
from shinka_core.storable import storable

METRICS, CORRECT = SEALED
SCORE = "combined_score"
# Where no number is named so, every program would lack it: the evaluator gives no result.
NO_SCORE = "no_score"
# Characters that are kept with a program, beginning and end: of its error and feedback, and of the JSON of its public
# and private metrics, each.
ERROR_LIMIT = 4_000
FEEDBACK_LIMIT = 20_000
METRICS_LIMIT = 100_000
# Characters of a file up to which it is read in one go, while all other threads wait: some ten milliseconds.
AT_ONCE = 500_000
# Numbers of a program by instance, and by feature: all of them are in memory as long as the run lasts.
MOST_NUMBERS = 1_000
LONGEST_NAME = 200
DEEPEST = 50
NAMED_KEYS = 10


class BadResult(ValueError):
    """A result file is not what the contract says."""


def collect(results_dir: Path, seconds: float) -> Evaluation:
    """Reads `metrics.json` and `correct.json`.

    Args:
        seconds: Wall time of the evaluation.

    Returns:
        The evaluation; `reason` is `no_result`, `bad_result`, `no_score`, `bad_score` or `not_correct` when
        it is not correct.
    """
    try:
        correct = _read(results_dir / CORRECT)
        metrics = _read(results_dir / METRICS)
        accepted = correct.get("correct")
        if not isinstance(accepted, bool):
            raise BadResult(f"{CORRECT}: 'correct' is {accepted!r}; it must be true or false")
        public = _mapping(metrics, "public")
        private = _mapping(metrics, "private")
        instances, features = _numbers(metrics, "instance_scores"), _numbers(metrics, "features")
    except FileNotFoundError as error:
        return failed("no_result", f"the evaluator wrote no {Path(str(error.filename)).name}", seconds)
    except BadResult as error:
        return failed("bad_result", str(error), seconds)
    score, problem = _score(metrics)
    error_text = within(_text(correct.get("error")), ERROR_LIMIT)
    reason = ""
    if not accepted:
        reason, error_text = "not_correct", error_text or "the evaluator did not accept the program"
    elif SCORE not in metrics:
        return failed(NO_SCORE, error_text or problem, seconds)
    elif problem:
        reason, error_text, accepted = "bad_score", problem, False
    return Evaluation(
        score=score,
        correct=accepted,
        public_metrics=public,
        private_metrics=private,
        text_feedback=within(_text(metrics.get("text_feedback")), FEEDBACK_LIMIT),
        error=error_text,
        reason=reason,
        seconds=seconds,
        instance_scores=instances,
        features=features,
        feedback=read_feedback(metrics, results_dir),
    )


def complete(results_dir: Path) -> bool:
    """Whether both files are there and well formed."""
    try:
        return isinstance(_read(results_dir / CORRECT).get("correct"), bool) and bool(_read(results_dir / METRICS))
    except (OSError, BadResult):
        return False


def failed(reason: str, error: str, seconds: float) -> Evaluation:
    """The evaluation of a program that gave no result."""
    error = within(storable(error), ERROR_LIMIT)
    return Evaluation(score=None, correct=False, error=error, reason=reason, seconds=seconds)


def _read(path: Path) -> dict[str, Any]:
    if path.is_symlink() or (path.exists() and not path.is_file()):
        raise BadResult(f"{path.name} is not a regular file")
    with path.open("rb") as file:
        data = file.read(LARGEST_FILE + 1)
    if len(data) > LARGEST_FILE:
        raise BadResult(f"{path.name} is larger than {LARGEST_FILE} bytes")
    try:
        value = _loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise BadResult(f"{path.name} is not JSON: {str(error)[:200]}") from error
    if not isinstance(value, dict):
        raise BadResult(f"{path.name} holds a {type(value).__name__}; it must be an object")
    return _clean(value, path.name)


def _clean(value: Any, name: str, depth: int = 0) -> Any:
    """The value with texts that can be stored, in keys too, and None for numbers that JSON has no word for."""
    if depth > DEEPEST:
        raise BadResult(f"{name} is nested deeper than {DEEPEST} levels")
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        items: Any = value.items()  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        return {
            storable(key): inner if depth == 0 and key == SCORE else _clean(inner, name, depth + 1)
            for key, inner in items
        }
    if isinstance(value, list):
        return [_clean(inner, name, depth + 1) for inner in value]  # pyright: ignore[reportUnknownVariableType]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _text(value: Any) -> str:
    """What is told in words, or in a list of texts; anything else is written as JSON."""
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, list) and all(isinstance(line, str) for line in value):  # pyright: ignore[reportUnknownVariableType]
        return "\n".join(value)  # pyright: ignore[reportUnknownArgumentType]
    return json.dumps(value, ensure_ascii=False)


def _loads(text: str) -> Any:
    """The value of a JSON text; a long one is read by Python and not by C, which would hold up every other thread."""
    if len(text) <= AT_ONCE:
        return json.loads(text)
    reader: Any = json.JSONDecoder()
    in_python: Any = json.decoder
    reader.parse_object, reader.parse_array = in_python.JSONObject, in_python.JSONArray
    reader.scan_once = in_python.scanner.py_make_scanner(reader)
    return reader.decode(text)


def _mapping(metrics: dict[str, Any], key: str) -> dict[str, Any]:
    value = metrics.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise BadResult(f"{METRICS}: {key!r} holds a {type(value).__name__}; it must be an object")
    return bounded(value, METRICS_LIMIT)  # pyright: ignore[reportUnknownArgumentType]


def _numbers(metrics: dict[str, Any], key: str) -> dict[str, float]:
    """Finite numbers by name; what says yes or no counts as 1 or 0."""
    value: Any = metrics.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise BadResult(f"{METRICS}: {key!r} holds a {type(value).__name__}; it must be an object of numbers by name")
    named: dict[str, Any] = value  # pyright: ignore[reportUnknownVariableType]
    if len(named) > MOST_NUMBERS:
        raise BadResult(f"{METRICS}: {key!r} holds {len(named)} numbers; it may hold {MOST_NUMBERS}")
    numbers: dict[str, float] = {}
    for name, number in named.items():
        if len(name) > LONGEST_NAME:
            raise BadResult(f"{METRICS}: {key!r} has the name {name[:60]!r}...; it may have {LONGEST_NAME} characters")
        numbers[name] = as_float(number) if isinstance(number, int | float) else math.nan
        if not math.isfinite(numbers[name]):
            told = "null or no finite number" if number is None else storable(repr(number))[:200]
            raise BadResult(f"{METRICS}: {key}[{name!r}] is {told}; it must be a finite number")
    return numbers


def _score(metrics: dict[str, Any]) -> tuple[float | None, str]:
    value = metrics.get(SCORE)
    if value is None and SCORE not in metrics:
        known = ", ".join(list(metrics)[:NAMED_KEYS]) or "nothing"
        return None, f"{METRICS} has no combined_score, the number to be made larger; it has {known}"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None, f"{METRICS}: combined_score is {storable(repr(value))[:200]}; it must be a number"
    score = as_float(value)
    if not math.isfinite(score):
        return None, f"{METRICS}: combined_score is {score}; it must be finite"
    return score, ""
