"""How the tests are spread over workers: file by file, but the tests of the flows all on one if there are others.

They need a Prefect server, which takes seconds to start and some time for as long as it lives, and their runs keep
more than one processor busy. The other workers come without. Some take as long as many others, so each of these is a
portion of its own.
"""

from __future__ import annotations

import os
from typing import Any

MOST = 4
TOGETHER = "tests/flows/"
# Each as long as many others: minutes, and with servers of their own or none.
APART = tuple(
    f"{TOGETHER}test_{name}.py" for name in ("kill", "many_drivers", "machines", "elsewhere", "review_pause", "outages")
)
QUICK = "not slow"
OTHER_PREFECT = "other_prefect"


def count(config: Any) -> int:
    """As many as there are processors for this process, within bounds; for the quick tests, of which many wait, one more."""
    here = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(MOST, here + (config.getoption("markexpr") == QUICK))


def portion(test: str, *, flows_alone: bool) -> str:
    """What is run in one go, by one worker, of all that has the same portion.

    Args:
        flows_alone: Whether there are no tests but those of the flows.
    """
    together = test.startswith(TOGETHER) and not test.startswith(APART) and not flows_alone
    return TOGETHER if together else test.partition("::")[0]


def scheduling(config: Any, log: Any) -> Any:
    """The scheduler of pytest-xdist, which the largest portion is given out by first."""
    from xdist.scheduler import LoadScopeScheduling

    flows_alone = OTHER_PREFECT in config.getoption("markexpr")

    class ByPortion(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return portion(nodeid, flows_alone=flows_alone)

    return ByPortion(config, log)
