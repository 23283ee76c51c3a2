"""What a function that evaluates a program returned, as the result that is kept.

OpenEvolve, SkyDiscover and what came of AlphaEvolve have evaluators that are one function, `evaluate(program_path)`. It
returns an object of metrics, the same inside `metrics` beside `artifacts`, an object that has the two as attributes, a pair
of the two, or a number alone; a script prints the whole as JSON. Their score is `combined_score`; where there is none a
person says which number it is. The mean of all of them, which others take then, may be one of numbers that are better small.
"""

from __future__ import annotations

import json

TYPE_CHECKING = False  # a type checker takes it for True; every evaluation loads this
if TYPE_CHECKING:
    from typing import Any

SCORE = "combined_score"
# Outcomes that an evaluator may put into words, in place of an `error`.
FAILED = ("error", "timeout", "failed", "failure")
# What is about an evaluation and is no number of the program.
_ABOUT = ("metrics", "artifacts", "error", "status", "text_feedback")
MOST_NAMED = 20


class Returned:
    """What was returned.

    Attributes:
        metrics: By name, as they are.
        artifacts: Texts by name.
        error: Why the program is not correct; "" when it is.
    """

    __slots__ = ("artifacts", "error", "metrics")

    def __init__(self, metrics: dict[str, Any], artifacts: dict[str, str], error: str) -> None:
        self.metrics = metrics
        self.artifacts = artifacts
        self.error = error

    @property
    def numbers(self) -> dict[str, float]:
        """The numbers among the metrics, those inside of others as `outer.inner`; what says yes or no is none."""
        return dict(_numbers(self.metrics))

    def score(self, name: str | None) -> Any:
        """The metric that is the score, whatever it is; None where there is none.

        Args:
            name: Which it is; None for `combined_score`.
        """
        wanted = name or SCORE
        return self.numbers.get(wanted, _plain(self.metrics.get(wanted)))


def read(found: Any) -> Returned:
    """What a function returned.

    Raises:
        TypeError: It is nothing that tells a score.
    """
    whole, artifacts = _in_two(found)
    metrics = {str(name): value for name, value in whole.items()}
    texts = {str(name): _text(value) for name, value in artifacts.items()}
    error = _error(metrics, texts)
    for name in [*metrics]:
        if isinstance(metrics[name], str | list | tuple) and name not in (*_ABOUT, SCORE):
            texts.setdefault(name, _text(metrics.pop(name)))
    return Returned(metrics, texts, error)


def as_result(returned: Returned, name: str | None) -> tuple[dict[str, Any], bool, str | None]:
    """What `metrics.json` and `correct.json` are to hold: metrics, whether the program is correct, and why not.

    Args:
        name: Which number is the score; None for `combined_score`.
    """
    public = {key: _plain(value) for key, value in returned.metrics.items() if key not in _ABOUT}
    if "error" in returned.numbers:  # of measurement
        public["error"] = returned.numbers["error"]
    metrics: dict[str, Any] = {"public": public}
    if returned.artifacts:
        metrics["artifacts"] = returned.artifacts
    if isinstance(feedback := returned.metrics.get("text_feedback"), str):
        metrics["text_feedback"] = feedback
    score = returned.score(name)
    if score is not None:
        metrics["combined_score"] = score
    if returned.error:
        return metrics, False, returned.error
    return metrics, True, None if score is not None else no_score(returned, name)


def no_score(returned: Returned, name: str | None) -> str:
    """What to say where the score is not among what was returned."""
    numbers = [*returned.numbers]
    known = ", ".join(numbers[:MOST_NAMED]) + (", ..." if len(numbers) > MOST_NAMED else "")
    missed = f"evaluate() returned no {name or SCORE}"
    if not numbers:
        return f"{missed}, and no other number; it returns numbers by name, the larger the better"
    return (
        f"{missed}, and the mean of its numbers would be none to climb; it returned {known}: say which of them is the "
        f"score, the larger the better, with --score NAME, or score: NAME in the section job"
    )


def merged(before: Returned, after: Returned) -> Returned:
    """Two stages of one evaluation: what the later one says counts."""
    return Returned(
        {**before.metrics, **after.metrics}, {**before.artifacts, **after.artifacts}, before.error or after.error
    )


def passes(returned: Returned, name: str | None, threshold: float) -> bool:
    """Whether a stage leads on to the next: by the score, or the only number; where it is not clear which, it does."""
    if returned.error:
        return False
    numbers = returned.numbers
    score = numbers.get(name or SCORE)
    if score is None and len(numbers) == 1:
        score = next(iter(numbers.values()))
    return score is None or score >= threshold


def told(artifacts: dict[str, str]) -> str:
    """What artifacts say of a failure, in the evaluator's own words."""
    return "\n".join(filter(None, (artifacts.get(name, "") for name in ("error", "traceback", "stderr"))))


def plain_json(value: Any) -> str:
    """JSON of what was returned, with numpy's values as numbers and lists, and what JSON has no word for as text."""
    try:
        return json.dumps(value, default=_plain_or_text)
    except TypeError:  # a key that is no text
        return json.dumps(_with_text_keys(value), default=_plain_or_text)


def _in_two(found: Any) -> tuple[dict[Any, Any], dict[Any, Any]]:
    """Metrics and artifacts, in whichever form they come."""
    if _is_pair(found):
        whole, artifacts = _in_two(found[0])
        return whole, {**artifacts, **found[1]}
    if _is_mapping(found):
        whole: dict[Any, Any] = dict(found)
        artifacts = whole.pop("artifacts", None)
        inner: Any = whole.get("metrics")
        if _is_mapping(inner):
            whole |= dict(inner)
            del whole["metrics"]
        return whole, _as_mapping(artifacts)
    if _is_mapping(getattr(found, "metrics", None)):
        return dict(found.metrics), _as_mapping(getattr(found, "artifacts", None))
    number = _plain(found)
    if isinstance(number, int | float) and not isinstance(number, bool):
        return {SCORE: number}, {}
    raise TypeError(
        f"evaluate() returned {type(found).__name__}; it returns numbers by name, combined_score among them"
    )


def _is_pair(value: Any) -> bool:
    return isinstance(value, tuple) and len(value) == 2 and _is_mapping(value[1])  # pyright: ignore[reportUnknownArgumentType]


def _as_mapping(value: Any) -> dict[Any, Any]:
    return dict(value) if _is_mapping(value) else {}


def _is_mapping(value: Any) -> bool:
    return isinstance(value, dict) or (hasattr(value, "keys") and hasattr(value, "__getitem__"))


def _numbers(metrics: dict[str, Any], before: str = "") -> list[tuple[str, float]]:
    found: list[tuple[str, float]] = []
    for name, value in metrics.items():
        number = _plain(value)
        if isinstance(number, dict):
            inner: dict[Any, Any] = number  # pyright: ignore[reportUnknownVariableType]
            found += _numbers({str(key): member for key, member in inner.items()}, f"{before}{name}.")
        elif isinstance(number, int | float) and not isinstance(number, bool):
            found.append((f"{before}{name}", number))
    return found


def _error(metrics: dict[str, Any], artifacts: dict[str, str]) -> str:
    """Why a program is not correct: an `error` in words, or a `status`; a number of that name is a measurement."""
    said = metrics.get("error")
    if isinstance(said, str) and said.strip():
        return said
    if isinstance(said, bool | dict | list) and said:
        return _text(said)
    if isinstance(status := metrics.get("status"), str) and status.lower() in FAILED:
        return told(artifacts) or f"the evaluator says {status!r}"
    if metrics.get("timeout") is True:
        return "the evaluator says that its time was over"
    return ""


def _plain(value: Any) -> Any:
    """A numpy scalar as the number it is."""
    if isinstance(value, int | float | str | dict) or value is None:
        return value  # pyright: ignore[reportUnknownVariableType]
    if hasattr(value, "item") and getattr(value, "size", 1) == 1:
        return value.item()
    return float(value) if hasattr(value, "__float__") and not hasattr(value, "__len__") else value


def _plain_or_text(value: Any) -> Any:
    if hasattr(value, "tolist"):
        return value.tolist()
    plain = _plain(value)
    return str(plain) if plain is value else plain


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value if isinstance(value, str) else plain_json(value)


def _with_text_keys(value: Any) -> Any:
    if isinstance(value, dict):
        items: Any = value.items()  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        return {str(key): _with_text_keys(inner) for key, inner in items}
    if isinstance(value, list | tuple):
        members: Any = value  # pyright: ignore[reportUnknownVariableType]
        return [_with_text_keys(inner) for inner in members]
    return value
