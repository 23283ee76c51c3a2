"""The Prefect settings this project runs with, as defaults under the user's own.

A generation is a flow run of about seven task runs, so the orchestrator's own work decides how
many generations a small machine can keep in flight. The figures behind each line are in
`docs/orchestration.md`. What is set in the environment, in a profile or in a `prefect.toml` wins.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager

from prefect.exceptions import MissingContextError
from prefect.logging.configuration import setup_logging
from prefect.logging.handlers import APILogHandler, APILogWorker
from prefect.settings import PREFECT_LOGGING_TO_API_ENABLED, get_current_settings, temporary_settings

CLIENT = {
    # A busy or restarting server is waited for, whatever it answers meanwhile.
    # Eight pauses, each twice the last, are about ten minutes; every further one would double that.
    "client.max_retries": 8,
    "client.retry_jitter_factor": 0.5,
    "client.retry_extra_codes": "500,504",
    "api.request_timeout": 120.0,
}

# In the context of a flow run, for the local server: its parent task run is not its own.
SHARED_PARENT = "shinka-shared-parent"

# Loggers of Prefect that would write two lines for each of thousands of flow and task runs.
_CHATTY = ("prefect.flow_runs", "prefect.task_runs")
_OWN = "shinka"


@contextmanager
def profile() -> Generator[None, None, None]:
    """Runs with these settings inside the block, in this context alone; nothing of the host's is changed."""
    _begin_to_send_log_lines()
    with temporary_settings(set_defaults=CLIENT), _logging():  # pyright: ignore[reportArgumentType]
        yield


def _begin_to_send_log_lines() -> None:
    """Has lines for the UI sent with the settings that hold outside.

    Prefect's sender keeps the settings of its first line, and the interpreter does not end before it has
    sent the last: with the patience of a run it would wait for days for a server that is gone.
    """
    if PREFECT_LOGGING_TO_API_ENABLED.value():
        APILogWorker.instance()


def quiet_process() -> None:
    """Turns Prefect's own log down in a process that is ours, unless the user has set its level.

    What a reader wants to know, the run itself says through the logger `shinka`.
    """
    import prefect.main  # noqa: F401  # pyright: ignore[reportUnusedImport] - sets the log up when it is first loaded

    with temporary_settings(set_defaults={"logging.level": "CRITICAL"}):  # pyright: ignore[reportArgumentType]
        setup_logging(incremental=True)


class _NotOfGenerations(logging.Filter):
    """Leaves out what Prefect says about the runs of generations and their tasks."""

    def filter(self, record: logging.LogRecord) -> bool:
        return getattr(record, "flow_name", None) != "generation"


class _ToTheUI(APILogHandler):
    """Sends lines to the Prefect UI; one that belongs to no flow run has no place there."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - its name in the standard library
        if not isinstance(sys.exc_info()[1], MissingContextError):
            super().handleError(record)


_users = 0
_lock = threading.Lock()
_filter = _NotOfGenerations()
_to_api = _ToTheUI()


@contextmanager
def _logging() -> Generator[None, None, None]:
    """Shows the lines of the logger `shinka` in the Prefect UI, and keeps generations out of Prefect's own."""
    global _users
    with _lock:
        _users += 1
        if _users == 1:
            logging.getLogger(_OWN).addHandler(_to_api)
            if "level" not in get_current_settings().logging.model_fields_set:
                for name in _CHATTY:
                    logging.getLogger(name).addFilter(_filter)
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if _users == 0:
                logging.getLogger(_OWN).removeHandler(_to_api)
                for name in _CHATTY:
                    logging.getLogger(name).removeFilter(_filter)
