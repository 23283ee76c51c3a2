"""The artifacts of one flow run, each made once and then changed in place.

Prefect keeps whatever is made under a key as a further version of it. A change in place is none, so a key has one
version for each flow run of its evolution, however often what it shows has changed: also when Prefect runs the flow
run again, since what it has is asked of the server first.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from prefect.client.orchestration import PrefectClient

from flows.orchestrator.artifact_texts import Shown
from flows.orchestrator.server_calls import is_final

PAGE = 200

Kind = tuple[str, str | None]


class FlowRunArtifacts:
    """Shows artifacts on the page of a flow run. Not to be asked for two things at once."""

    def __init__(self, flow_run: UUID) -> None:
        """Asks nothing yet."""
        self._flow_run = flow_run
        self._ids: dict[Kind, str] | None = None

    def forget(self) -> None:
        """A request may have been cut off: what there is has to be asked again."""
        self._ids = None

    async def put(self, client: PrefectClient, shown: Shown) -> None:
        """Makes an artifact, or changes it where the flow run has it already.

        Raises:
            PrefectException: The server refuses it.
        """
        if self._ids is None:
            self._ids = await self._find(client)
        kind, body = (shown.type, shown.key), {"data": shown.data, "description": shown.description}
        if kind in self._ids:
            try:
                await client.request("PATCH", "/artifacts/{id}", path_params={"id": self._ids[kind]}, json=body)
            except Exception as error:
                if not is_final(error):
                    raise
                del self._ids[kind]  # somebody has deleted it, or all that the server had
            else:
                return
        body |= {"type": shown.type, "key": shown.key, "flow_run_id": str(self._flow_run)}
        response = await client.request("POST", "/artifacts/", json=body)
        self._ids[kind] = response.json()["id"]

    async def _find(self, client: PrefectClient) -> dict[Kind, str]:
        wanted = {"artifacts": {"flow_run_id": {"any_": [str(self._flow_run)]}}, "limit": PAGE}
        found: list[dict[str, Any]] = (await client.request("POST", "/artifacts/filter", json=wanted)).json()
        return {(artifact["type"], artifact["key"]): artifact["id"] for artifact in found}
