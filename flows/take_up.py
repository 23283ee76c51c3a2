"""What a killed worker left is handed to the next one: a flow for a schedule, whose late runs the next worker finds first.

Each evolution that begins does the same; this is for a server on which none does.
"""

# Annotations are not postponed here: a flow that is deployed is loaded from a copy that could not find their names.
from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from flows.orchestrator.crashed_runs import take_up as close_lost_runs
from flows.orchestrator.late_runs import stand_for_late_runs


@flow(name="take-up", persist_result=False)
async def take_up() -> State[None]:
    """Finds evolutions whose process ended without a word, and has the next worker continue them.

    Returns:
        Completed; its message says which ones.
    """
    await stand_for_late_runs()
    taken = await close_lost_runs()
    return Completed(message=", ".join(flow_run.name for flow_run in taken) or "nothing was left")
