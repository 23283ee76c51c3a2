"""The runs that this process has open, by name.

A generation's flow run takes the name of its evolution and a number, which Prefect can store and
show; the open database, client and launcher behind the name stay in the process.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager

from shinka_core.errors import ConfigError
from shinka_core.run import Run

_open: dict[str, Run] = {}
# Who is to be told, by the name of the run.
_expected: dict[str, Callable[[Run], None]] = {}


@contextmanager
def registered(run: Run) -> Generator[None, None, None]:
    """Makes the run known to the generations that this process starts.

    Raises:
        ConfigError: This process has another one of that name open.
    """
    if run.evolution in _open and run.database.together is not None:
        raise ConfigError(
            f"this process takes part in evolution {run.evolution!r} already; give it more at once "
            "(max_proposal_jobs, max_evaluation_jobs), or start another driver as a process of its own"
        )
    if run.evolution in _open:
        raise ConfigError(
            f"this process runs another evolution {run.evolution!r}, in {_open[run.evolution].settings.results_dir}; "
            "give them names of their own"
        )
    _open[run.evolution] = run
    try:
        if (told := _expected.get(run.evolution)) is not None:
            told(run)
        yield
    finally:
        del _open[run.evolution]


@contextmanager
def expecting(evolution: str, told: Callable[[Run], None]) -> Generator[None, None, None]:
    """Has somebody told of the run of that name when it is opened inside the block: before any of it happens.

    Args:
        told: Called in the run's event loop.
    """
    _expected[evolution] = told
    try:
        yield
    finally:
        _expected.pop(evolution, None)


def open_run_of(evolution: str) -> Run:
    """The open run of that name.

    Raises:
        ConfigError: This process has not opened it.
    """
    run = find_open_run(evolution)
    if run is None:
        raise ConfigError(
            f"evolution {evolution!r} is not open in this process; run or retry the `evolve` flow, "
            "which continues each of its generations"
        )
    return run


def find_open_run(evolution: str) -> Run | None:
    """The open run of that name, or None."""
    return _open.get(evolution)
