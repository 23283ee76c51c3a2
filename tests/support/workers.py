"""How tests are spread over workers: file by file, one worker more than there are processors, since many tests wait.

Of the quick tests, those of the flows are all on one worker if there are others: they need a Prefect server, which
takes seconds to start and some time for as long as it lives. Of the slow ones most need one, and take longer than it
takes to start, so that each file is a portion of its own, but for those that share deployments. The many come first that
take a second or two, then the deployments, which are the longest portion, then the others, in an order that
`SHINKA_TEST_ORDER` decides: where the time for all ends before they do, it is not always the same ones that are left.
"""

from __future__ import annotations

import hashlib
import os
from typing import Any

MOST = 4
TOGETHER = "tests/flows/"
DEPLOYMENTS = "tests/deployments/"
# Each as long as many others: minutes, and with servers of their own or none.
APART = (
    *(
        f"{TOGETHER}test_{name}.py"
        for name in ("kill", "many_drivers", "machines", "elsewhere", "review_pause", "outages")
    ),
    *(f"{DEPLOYMENTS}test_{name}.py" for name in ("automations", "on_postgres")),
)
QUICK = "not slow"
# Whose tests take minutes.
LONG = tuple(f"tests/{name}/" for name in ("benchmarks", "browser", "deployments", "docs", "examples", "flows"))


def count(config: Any) -> int:
    """As many as there are processors for this process and one more, within bounds."""
    here = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(MOST, here + 1)


def portion(test: str, *, quick: bool) -> str:
    """What is run in one go, by one worker, of all that has the same portion.

    Args:
        quick: Whether these are the quick tests, all of them.
    """
    if not test.startswith(APART):
        if quick and test.startswith(TOGETHER):
            return TOGETHER
        if not quick and test.startswith(DEPLOYMENTS):
            return DEPLOYMENTS
    return test.partition("::")[0]


def in_turn(tests: list[Any], config: Any) -> None:
    """Brings what was collected into the order in which it is given out; the same for all workers."""
    if config.getoption("markexpr") == QUICK:
        return
    order = os.environ.get("SHINKA_TEST_ORDER", "")

    def turn(test: Any) -> tuple[int, str]:
        own = portion(test.nodeid, quick=False)
        if not own.startswith(LONG):
            return 0, ""
        return (1, "") if own == DEPLOYMENTS else (2, hashlib.sha256(f"{order} {own}".encode()).hexdigest())

    tests.sort(key=turn)


def scheduling(config: Any, log: Any) -> Any:
    """The scheduler of pytest-xdist: of the quick tests the largest portion is given out first."""
    from xdist.scheduler import LoadScopeScheduling

    quick = config.getoption("markexpr") == QUICK
    # The others in their turn.
    config.option.loadscopereorder = quick

    class ByPortion(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return portion(nodeid, quick=quick)

    return ByPortion(config, log)
