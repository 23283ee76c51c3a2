"""The runs that this process has open, by name.

A generation's flow run takes the name of its evolution and a number, which Prefect can store and
show; the open database, client and launcher behind the name stay in the process.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from shinka_core.errors import ConfigError
from shinka_core.run import Run

_open: dict[str, Run] = {}


@contextmanager
def registered(run: Run) -> Generator[None, None, None]:
    """Makes the run known to the generations that this process starts.

    Raises:
        ConfigError: This process has another one of that name open.
    """
    if run.evolution in _open:
        raise ConfigError(
            f"this process runs another evolution {run.evolution!r}, in {_open[run.evolution].settings.results_dir}; "
            "give them names of their own"
        )
    _open[run.evolution] = run
    try:
        yield
    finally:
        del _open[run.evolution]


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
