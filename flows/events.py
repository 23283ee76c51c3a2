"""Events of an evolution on the Prefect server, for automations: `shinka.best`, `shinka.budget` and the like.

They are told of by the fold that decides what is worth one (`shinka_core/milestones.py`), sent by Prefect's own thread,
and missed by nobody: a server that is away costs the event and nothing else.
"""

from __future__ import annotations

import logging
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import copy_context
from functools import partial
from uuid import NAMESPACE_OID, uuid5

from prefect.events import emit_event

from shinka_core.milestones import Milestone
from shinka_core.run import Run

logger = logging.getLogger("shinka.events")


@contextmanager
def events_of(run: Run) -> Generator[None, None, None]:
    """Emits what happens in the run inside the block, as events that belong to the current flow run."""
    here = copy_context()  # milestones are reached inside of generations, whose flow runs are others

    def told(milestone: Milestone) -> None:
        try:
            here.run(partial(_emit, run, milestone))
        except Exception as error:  # noqa: BLE001 - whatever it is, the run goes on
            logger.warning("the event shinka.%s was not sent: %s", milestone.kind.value, error)

    run.milestones.listen(told, run.control)
    try:
        yield
    finally:
        run.milestones.listen(None, run.control)


def _emit(run: Run, milestone: Milestone) -> None:
    place = {"evolution": run.evolution, "results_dir": str(run.settings.results_dir)}
    emit_event(
        event=f"shinka.{milestone.kind.value}",
        resource={
            "prefect.resource.id": f"shinka.evolution.{run.evolution}",
            "prefect.resource.name": run.evolution,
            "prefect.resource.role": "evolution",
        },
        payload=place | milestone.figures,
        id=uuid5(NAMESPACE_OID, milestone.key) if milestone.key else None,  # one that is known is told to nobody again
    )
