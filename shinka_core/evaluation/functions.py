"""What an evaluator's own functions return, in the forms that people have them return it."""

from __future__ import annotations

TYPE_CHECKING = False  # a type checker takes it for True; every evaluation loads this
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def verdict(found: Any) -> tuple[bool, str]:
    """What `validate_fn` says of a result: whether it is valid, and why not.

    Raises:
        TypeError: It says neither.
    """
    if isinstance(found, tuple | list):
        pair: Any = found  # pyright: ignore[reportUnknownVariableType]
        if len(pair) == 2:
            return bool(pair[0]), "" if pair[1] is None else str(pair[1])
    elif found is not None and not isinstance(found, str):  # also numpy's truths
        return bool(found), ""
    raise TypeError(
        f"validate_fn returned {found!r:.100}; it returns whether a result is valid, and what is wrong with it"
    )


def metrics_of(aggregate: Callable[..., Any], results: list[Any], seconds: list[float]) -> dict[str, Any]:
    """The metrics that `aggregate_metrics_fn` makes of all results, and of the seconds where it has such a parameter.

    Raises:
        TypeError: It returned none.
    """
    timed = {"seconds": list(seconds)} if "seconds" in _parameters(aggregate) else {}
    found: Any = aggregate(results, **timed)
    if not hasattr(found, "keys"):
        raise TypeError(
            f"aggregate_metrics_fn returned {found!r:.100}; it returns metrics by name, combined_score among them"
        )
    return dict(found)


def _parameters(function: Any) -> tuple[str, ...]:
    """The names of what a function takes, or an object that is called like one."""
    inner = getattr(function, "func", function)  # of functools.partial
    code = getattr(inner, "__code__", None) or getattr(inner.__call__, "__code__", None)
    return code.co_varnames[: code.co_argcount + code.co_kwonlyargcount] if code is not None else ()
