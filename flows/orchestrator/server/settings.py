"""The settings of our own server, and what it need not do at its start.

They are defaults under the user's own: a variable that is set, or a setting in a profile, wins.
"""

from __future__ import annotations

import os
from typing import Any

from flows.orchestrator.server.lease import ServerState
from flows.orchestrator.server.schema import lay_down, sqlite_path

MIGRATE = "PREFECT_SERVER_DATABASE_MIGRATE_ON_START"

SERVER = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    # Task runs reach the server as events; recording them one by one is most of its work.
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "200",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_READ_BATCH_SIZE": "200",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
    # Leases of concurrency limits outlive a restart of the server, or their slots would never come back.
    "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
    # Seconds until who waits for a slot asks again, at most: half a minute by default, in which the slot is nobody's.
    "PREFECT_SERVER_CONCURRENCY_MAXIMUM_CONCURRENCY_SLOT_WAIT_SECONDS": "2",
    "PREFECT_SERVER_TASKS_TAG_CONCURRENCY_SLOT_WAIT_SECONDS": "2",
    # Whoever connects is told the events of the last minute again, and the process of a retry would take the cancellation
    # before it for its own. What was asked for in a longer silence is in the state of the flow run.
    "PREFECT_SERVER_EVENTS_MAXIMUM_WEBSOCKET_BACKFILL": "PT3S",
    # One writer at a time: a queue in front of SQLite is better than `database is locked`.
    "PREFECT_SERVER_DATABASE_TIMEOUT": "60",
}

# The server of one run, which ends with it.
PRIVATE = {
    **SERVER,
    # Fifty kinds of blocks that no run uses, for a second or two of every first start; a lasting server has them.
    "PREFECT_SERVER_REGISTER_BLOCKS_ON_START": "false",
    # Or Prefect would note down that they are there.
    "PREFECT_SERVER_MEMOIZE_BLOCK_AUTO_REGISTRATION": "false",
    # The event feed would store every event a second time, for a third of the server's work. Runs,
    # task runs and their states come from the recorder.
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_ENABLED": "false",
    # Automations are evaluated against every event; a server that ends with its run has none to serve.
    "PREFECT_SERVER_SERVICES_TRIGGERS_ENABLED": "false",
}

# A server that stays keeps the event feed and the automations, with the feed written in batches.
LASTING = {
    **SERVER,
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_BATCH_SIZE": "500",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_READ_BATCH_SIZE": "500",
}

_ALWAYS = {
    "PREFECT__SERVER_FINAL": "1",
    # Types are checked at run time in every function of a library of Prefect's; to define the checks takes
    # half a second of every start.
    "PY_KEY_VALUE_DISABLE_BEARTYPE": "true",
}


def environment(given: dict[str, str], *, lasting: bool) -> dict[str, str]:
    """The environment for a server process.

    Args:
        given: The environment as it is, with the user's own settings.
        lasting: For a server that stays.
    """
    made = (LASTING if lasting else PRIVATE) | given | _ALWAYS
    made.pop("PREFECT_API_URL", None)  # the server is asked, it asks nobody
    return made


def settle(state: ServerState) -> None:
    """Settles, in the server's own process, what depends on its port and on the state of its database.

    Raises:
        ConfigError: The database is another Prefect's.
    """
    if not (state.lasting and {"PREFECT_UI_API_URL", "PREFECT_SERVER_UI_API_URL"} & os.environ.keys()):
        os.environ["PREFECT_UI_API_URL"] = state.url
    os.environ["PREFECT_SERVER_API_PORT"] = str(state.port)
    from prefect.context import refresh_global_settings_context
    from prefect.settings import get_current_settings

    settings: Any = get_current_settings()
    url = settings.server.database.connection_url.get_secret_value()
    database = sqlite_path(url)
    if database is not None and MIGRATE not in os.environ and lay_down(database, state.version):
        os.environ[MIGRATE] = "false"
        refresh_global_settings_context()
