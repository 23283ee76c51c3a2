"""A person as a reviewer, in the Prefect UI: the generation's flow run is paused until its form is answered.

Prefect keeps the question and the answer (`pause_flow_run` with a typed input). Which flow run was asked is in the
generation's folder, so an answer that was given while no process ran is found by the next one and not asked for again.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID, uuid4

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun
from prefect.flow_runs import apause_flow_run
from prefect.input.actions import aread_flow_run_input
from prefect.settings import get_current_settings
from prefect.states import Running
from pydantic import Field, ValidationError

from flows.orchestrator.artifact_texts import Shown
from flows.orchestrator.early_run import EarlyRun
from flows.orchestrator.flow_run_artifacts import FlowRunArtifacts
from flows.orchestrator.identity import current_flow_run
from flows.orchestrator.review_form import ReviewAnswer, described, form_of, review_of
from flows.orchestrator.server_calls import ORCHESTRATOR_AWAY, PATIENCE
from shinka_core.edit.by_hand import editable
from shinka_core.errors import OrchestratorError
from shinka_core.program import Candidate, Review, Sampling, Verdict
from shinka_core.reviewers import Question

logger = logging.getLogger("shinka.review")

ASKED = "review.json"
TAG = "review"
# Prefect wants a limit for a pause: ten years are none.
TIMEOUT = 10 * 365 * 24 * 3600
# Seconds between two looks whether the generation was cancelled instead.
LOOK_PERIOD = 10.0
# What keys of inputs may not hold.
_UNFIT = re.compile(r"[^a-z0-9-]+")
CANCELLED = "the generation was cancelled in the Prefect UI"


@dataclass(frozen=True, slots=True)
class Person:
    """Asks in the Prefect UI.

    Attributes:
        poll: Seconds between two looks for the answer.
    """

    poll: Annotated[int, Field(ge=1, le=3600)] = 2

    async def review(self, sampling: Sampling, candidate: Candidate, verdict: Verdict, folder: Path) -> Review:
        """Asks without anything that only the run knows."""
        text = editable(candidate.source)
        return await self.ask(Question(folder.name, sampling, candidate, verdict, folder, text=text))

    async def ask(self, question: Question) -> Review:
        """Waits for the answer, and asks again where it holds no decision."""
        while True:
            answer = await _answered_before(question) or await self._answer(question)
            found = review_of(answer, question) if isinstance(answer, ReviewAnswer) else answer
            if isinstance(found, Review):
                return found
            question = replace(question, problem=found)

    async def _answer(self, question: Question) -> ReviewAnswer | Review:
        run = await _known_run()
        key = _UNFIT.sub("-", f"{question.subject.lower()}-{uuid4().hex[:8]}")
        await asyncio.to_thread(_note, question, run.id, key)
        await _show(run, question)
        pausing = asyncio.create_task(
            apause_flow_run(wait_for_input=form_of(question), timeout=TIMEOUT, poll_interval=self.poll, key=key)
        )
        watching = asyncio.create_task(_cancelled(run))
        logger.warning("%s waits for a review: %s", question.subject, url_of(run))
        try:
            await asyncio.wait([pausing, watching], return_when=asyncio.FIRST_COMPLETED)
            if pausing.done():
                return pausing.result()
            await _go_on(run)
            return Review.reject(CANCELLED)
        finally:
            for task in (pausing, watching):
                task.cancel()
            await asyncio.wait([pausing, watching])
            await _rename(run, run.name, [])


def url_of(run: FlowRun) -> str:
    """Where the UI shows a flow run."""
    settings: Any = get_current_settings()
    home = settings.ui_url or (settings.api.url or "").removesuffix("/").removesuffix("/api")
    return f"{home}/runs/flow-run/{run.id}"


async def _known_run() -> FlowRun:
    """The current flow run, once its server has said which it is."""
    run = current_flow_run()
    if run is None:
        raise OrchestratorError("a person is asked on the page of a flow run, and this is in none")
    if isinstance(run, EarlyRun) and not run.known:
        known = asyncio.Event()
        run.when_known(known.set)
        async with asyncio.timeout(PATIENCE):
            await known.wait()
    return run


def _note(question: Question, run: UUID, key: str) -> None:
    question.folder.mkdir(parents=True, exist_ok=True)
    new = question.folder / f".{ASKED}.new"
    new.write_text(json.dumps({"of": _mark(question), "flow_run": str(run), "key": key}))
    new.replace(question.folder / ASKED)


def _noted(question: Question) -> tuple[UUID, str] | None:
    try:
        asked = json.loads((question.folder / ASKED).read_bytes())
        return (UUID(asked["flow_run"]), str(asked["key"])) if asked["of"] == _mark(question) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _mark(question: Question) -> list[str]:
    return [question.subject, question.candidate.source.digest]


async def _answered_before(question: Question) -> ReviewAnswer | None:
    """An answer to this question that nobody was there to take; none to an answer that was refused."""
    asked = None if question.problem else await asyncio.to_thread(_noted, question)
    if asked is None:
        return None
    run, key = asked
    try:
        found = await aread_flow_run_input(f"paused-{key}-response", flow_run_id=run)
        return None if found is None else ReviewAnswer(**found)
    except (*ORCHESTRATOR_AWAY, ValidationError, TypeError):
        return None


async def _show(run: FlowRun, question: Question) -> None:
    """Names the flow run for who looks for what waits, with the change among its artifacts."""
    await _rename(run, f"{run.name} waits for a review", [TAG])
    shown = Shown("markdown", None, described(question), "What is to be reviewed")
    try:
        async with get_client() as client:
            await FlowRunArtifacts(run.id).put(client, shown)
    except ORCHESTRATOR_AWAY as error:
        logger.debug("the Prefect UI misses the change of %s: %s", question.subject, error)


async def _rename(run: FlowRun, name: str, tags: list[str]) -> None:
    try:
        async with get_client() as client:
            await client.update_flow_run(run.id, name=name, tags=tags)
    except ORCHESTRATOR_AWAY as error:
        logger.debug("the Prefect UI misses the name of %s: %s", name, error)


async def _cancelled(run: FlowRun) -> None:
    """Returns when somebody has cancelled the flow run, or called it over, instead of answering."""
    async with get_client() as client:
        while True:
            await asyncio.sleep(LOOK_PERIOD)
            try:
                state = (await client.read_flow_run(run.id)).state
            except ORCHESTRATOR_AWAY:
                continue
            if state is not None and (state.is_cancelling() or state.is_final()):
                return


async def _go_on(run: FlowRun) -> None:
    async with get_client() as client:
        await client.set_flow_run_state(run.id, Running(), force=True)
