"""One evaluation, as a run of its own on any work pool: what `kind: prefect` (section 'job') asks a deployment for.

Not for use by hand: an evolution fills in what is to be evaluated, and reads the outcome.
"""

# Annotations are not postponed here: a flow that is deployed is loaded from a copy that could not find their names.
from pathlib import Path
from typing import Any

from prefect import flow
from prefect.artifacts import Artifact
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from shinka_core.launch.elsewhere import Errand
from shinka_core.launch.elsewhere.agent import OUTCOME, beside
from shinka_core.launch.elsewhere.doing import do
from shinka_core.launch.elsewhere.errand import leave


@flow(name="evaluate", persist_result=False)
async def evaluate(errand: dict[str, Any], key: str = "") -> State[None]:
    """Evaluates one program.

    Args:
        errand: What is evaluated and how, as an evolution says it.
        key: Signs the outcome where that is left in a shared folder.

    Returns:
        Completed, whatever the program is worth, or Failed when it could not be evaluated there.
    """
    asked = Errand.load(errand)
    outcome = await do(asked)
    if asked.sent:
        await Artifact(type="outcome", key=asked.name, data=outcome.dump()).acreate()
    else:
        leave(beside(Path(asked.results_dir), OUTCOME), outcome, key)
    if outcome.evaluation is None:
        return Failed(message=outcome.problem[:1000])
    found = outcome.evaluation
    return Completed(message=f"score {found.score}" if found.correct else f"{found.reason}: {found.error[:200]}")
