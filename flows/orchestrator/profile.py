"""The Prefect settings this project runs with, as defaults under the user's own.

A generation is a flow run of about seven task runs, so the orchestrator's own work decides how
many generations a small machine can keep in flight. The figures behind each line are in
`docs/orchestration.md`. A variable that is already set in the environment always wins.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

CLIENT = {
    # Two lines for each of thousands of task and flow runs would be most of what the server
    # stores; what a reader wants to know, the run itself says through the logger `shinka`.
    "PREFECT_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_EXTRA_LOGGERS": "shinka",
    # A busy or restarting server is waited for; about ten minutes with the client's back-off.
    "PREFECT_CLIENT_MAX_RETRIES": "20",
    "PREFECT_CLIENT_RETRY_JITTER_FACTOR": "0.5",
    "PREFECT_API_REQUEST_TIMEOUT": "120",
    # One request less in front of every write to a local server.
    "PREFECT_CLIENT_CSRF_SUPPORT_ENABLED": "false",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
}

SERVER = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    # Task runs reach the server as events; recording them one by one is most of its work.
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "200",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_READ_BATCH_SIZE": "200",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
    # Leases of concurrency limits outlive a restart of the server, or their slots would never come back.
    "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
    # One writer at a time: a queue in front of SQLite is better than `database is locked`.
    "PREFECT_SERVER_DATABASE_TIMEOUT": "60",
}

# In the context of a flow run, for the local server: its parent task run is not its own.
SHARED_PARENT = "shinka-shared-parent"


def apply_profile() -> None:
    """Sets every default that the environment does not set, also in an imported Prefect."""
    if home := os.environ.get("PREFECT_HOME"):
        Path(home).expanduser().mkdir(parents=True, exist_ok=True)  # Prefect makes the last folder only
    missing = {name: value for name, value in (CLIENT | SERVER).items() if name not in os.environ}
    os.environ.update(missing)
    if "prefect" in sys.modules and missing:
        from prefect.context import refresh_global_settings_context

        refresh_global_settings_context()
