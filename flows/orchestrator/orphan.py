"""A flow run whose worker has died goes on: nobody reads its console any more, and nobody has to.

Prefect writes the log of a flow run's process through Rich, which leaves the process with SystemExit at the
first line that nobody reads: in the middle of a generation, and without a word to the server.
"""

from __future__ import annotations

import logging
from functools import partial

from prefect.logging.handlers import PrefectConsoleHandler


def outlive_the_reader() -> None:
    """Lets this process go on in silence when its console is closed."""
    loggers = [logging.getLogger(), *map(logging.getLogger, logging.root.manager.loggerDict)]
    for handler in {handler for logger in loggers for handler in logger.handlers}:
        if isinstance(handler, PrefectConsoleHandler):
            handler.console.on_broken_pipe = partial(setattr, handler.console, "quiet", True)
