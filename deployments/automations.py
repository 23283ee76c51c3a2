"""Ready automations on what evolutions tell the Prefect server: `python deployments/automations.py`.

It makes those that are not there yet on the server of PREFECT_API_URL, and brings those that are there to what stands
here; switched on or off they stay. The UI lists them under Automations.

    python deployments/automations.py                               a new best, the budget
    python deployments/automations.py --notify slack-webhook/team   failures, outages and standstills too, by that block

`prefect deploy --all` makes the deployment `validate/best`; a notification block is made in the UI (Blocks).
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from datetime import timedelta
from typing import Any

from prefect.client.orchestration import PrefectClient, get_client
from prefect.events.actions import ActionTypes, ChangeFlowRunState, RunDeployment, SendNotification
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture
from prefect.exceptions import ObjectNotFound

VALIDATION = "validate/best"
# Nobody is woken twice for the same thing: an event is one of a kind.
ONCE = {"posture": Posture.Reactive, "threshold": 1, "within": timedelta(0)}
EVOLUTIONS = {"prefect.resource.id": "shinka.evolution.*"}
BODY = """{{ event.event }}: {{ event.resource.name }}
{% for name, figure in event.payload.items() %}{{ name }}: {{ figure }}
{% endfor %}"""


def on(
    events: set[str], name: str, action: ActionTypes, about: str, match: dict[str, Any] | None = None
) -> AutomationCore:
    """An automation that acts once for each of these events."""
    trigger = EventTrigger.model_validate({"expect": events, "match": EVOLUTIONS if match is None else match, **ONCE})
    return AutomationCore(name=name, description=about, trigger=trigger, actions=[action])


async def wanted(client: PrefectClient, validation: str, notify: str | None) -> list[AutomationCore]:
    """All of them, with the names of a deployment and a block looked up.

    Raises:
        SystemExit: There is none of that name.
    """
    try:
        deployment = await client.read_deployment_by_name(validation)
    except ObjectNotFound:
        sys.exit(
            f"there is no deployment {validation!r}; make it with `prefect deploy --all`, or name another (--validate)"
        )
    found = [
        on(
            {"shinka.best"},
            "shinka: validate a new best",
            RunDeployment.model_validate(
                {
                    "source": "selected",
                    "deployment_id": deployment.id,
                    "parameters": {
                        "results_dir": "{{ event.payload.results_dir }}",
                        "generation": {
                            "__prefect_kind": "json",
                            "value": {"__prefect_kind": "jinja", "template": "{{ event.payload.generation }}"},
                        },
                    },
                }
            ),
            "Evaluates a program that raised the best score again, several times.",
        ),
        on(
            {"shinka.budget"},
            "shinka: pause at the budget alert",
            ChangeFlowRunState.model_validate(
                {"state": "PAUSED", "name": "Paused", "message": "80 % of max_api_costs is used; resume to go on"}
            ),
            "Pauses an evolution that has used 80 % of its budget: what is in flight ends, nothing new begins.",
        ),
    ]
    if notify is None:
        return found
    kind, _, name = notify.partition("/")
    try:
        block = await client.read_block_document_by_name(name, kind)
    except ObjectNotFound:
        sys.exit(f"there is no block {notify!r}; `prefect block ls` lists them, or make one in the UI (Blocks)")
    send = SendNotification(block_document_id=block.id, subject="shinka", body=BODY)
    failed = SendNotification(
        block_document_id=block.id,
        subject="An evolution failed",
        body="{{ flow_run.name }}: {{ flow_run.state.message }}",
    )
    return [
        *found,
        on(
            {"shinka.outage", "shinka.stagnation"}, "shinka: tell of trouble", send, "Tells of outages and standstills."
        ),
        AutomationCore(
            name="shinka: tell of failures",
            description="Tells of evolutions that failed or crashed.",
            trigger=EventTrigger.model_validate(
                {
                    "expect": {"prefect.flow-run.Failed", "prefect.flow-run.Crashed"},
                    "match": {"prefect.resource.id": "prefect.flow-run.*"},
                    "match_related": {"prefect.resource.role": "flow", "prefect.resource.name": "evolve"},
                    **ONCE,
                }
            ),
            actions=[failed],
        ),
    ]


async def make(validation: str, notify: str | None) -> None:
    """Makes or changes them, and says so."""
    async with get_client() as client:
        for automation in await wanted(client, validation, notify):
            known = await client.read_automations_by_name(automation.name)
            if known:
                automation.enabled = known[0].enabled
                await client.update_automation(known[0].id, automation)
            else:
                await client.create_automation(automation)
            print(f"{'changed' if known else 'made'}: {automation.name}")  # noqa: T201 - what the command says


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--validate", default=VALIDATION, metavar="FLOW/NAME", help="the deployment that a new best starts"
    )
    parser.add_argument("--notify", metavar="TYPE/NAME", help="a notification block, as slack-webhook/team")
    given = parser.parse_args()
    asyncio.run(make(given.validate, given.notify))


if __name__ == "__main__":
    main()
