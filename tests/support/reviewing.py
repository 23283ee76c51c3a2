"""What a person does who reviews candidates on a Prefect server, by its API."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import httpx
from prefect.flow_runs import aresume_flow_run

from tests.support.runs import generation_of


async def paused(api: str, evolution: str, count: int = 1, seconds: float = 60) -> list[dict[str, Any]]:
    """The generations of a run that wait, once there are so many of them whose form is there; by their names."""
    async with httpx.AsyncClient(trust_env=False, verify=False) as client, asyncio.timeout(seconds):
        while True:
            body = {"flow_runs": {"state": {"type": {"any_": ["PAUSED"]}}}}
            runs = (await client.post(f"{api}/flow_runs/filter", json=body)).json()
            found = [run for run in runs if run["parameters"].get("evolution") == evolution]
            found = [run for run in found if await form(api, run) is not None]
            if len(found) >= count:
                return sorted(found, key=generation_of)
            await asyncio.sleep(0.1)


async def form(api: str, run: dict[str, Any], what: str = "schema") -> Any:
    """The form of a run that waits, or its description; None while it is not there yet."""
    keys: dict[str, str] = run["state"]["state_details"]["run_input_keyset"] or {}
    async with httpx.AsyncClient(trust_env=False, verify=False) as client:
        answer = await client.get(f"{api}/flow_runs/{run['id']}/input/{keys.get(what)}")
        return answer.json() if answer.status_code == 200 else None


async def answer(run: dict[str, Any], decision: str = "accept", **fields: str) -> None:
    """What *Resume* and *Submit* do."""
    await aresume_flow_run(UUID(run["id"]), run_input={"decision": decision, **fields})
