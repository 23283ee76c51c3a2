"""A candidate's judgement, and one answer that may mend a candidate which does not run."""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import cache
from typing import Any

from prefect import Task

from flows.evaluating import judgement
from flows.proposal import NOVEL, Proposal, echo
from flows.reviewing import reviewed
from shinka_core import generation as steps
from shinka_core.errors import ModelError
from shinka_core.generation import OpenGeneration
from shinka_core.llm.question import Message
from shinka_core.program import Answer, Candidate, Evaluation, Failure
from shinka_core.prompts import repair_message
from tasks import novelty, patch, repair
from tasks.policy import unopened

logger = logging.getLogger("shinka.repairing")


async def judged(opened: OpenGeneration, proposal: Proposal) -> tuple[Proposal, Evaluation]:
    """Evaluates a candidate; one that does not run is mended once, if the settings say so and the model can.

    Returns:
        The candidate that was judged last, and its judgement: there is one in any case.
    """
    evaluation = await _evaluation(opened, proposal)
    if not proposal.sampling.model or proposal.by_hand or not steps.is_repairable(opened, evaluation):
        return proposal, evaluation
    embedding, model = opened.embedding, opened.model
    mended = await _mended(opened, proposal, evaluation)
    if mended is None:
        opened.embedding, opened.model = embedding, model
        return proposal, evaluation
    await steps.set_unrepaired_aside(opened, proposal.candidate.source)
    return mended, await _evaluation(opened, mended)


async def _evaluation(opened: OpenGeneration, proposal: Proposal) -> Evaluation:
    if proposal.verdict.twin is not None:
        return await steps.reuse(opened, proposal.verdict.twin)
    return await judgement(opened, proposal.sampling, proposal.candidate)


async def _mended(opened: OpenGeneration, proposal: Proposal, evaluation: Evaluation) -> Proposal | None:
    """What the model makes of the error; None where that is nothing new, or nothing at all."""
    run, given, turn = opened.run, unopened(proposal.sampling), proposal.turn + 1
    history = (*proposal.history, Message("user", repair_message(evaluation)))
    async with run.proposals.hold(begun=True) as slot:
        run.control.check()
        try:
            answer: Answer = await _asking(run.settings.evolve.llm_retries)(opened, given, turn, unopened(history))
            candidate = await patch(opened, given, unopened(answer), turn)
            if isinstance(candidate, Failure):
                logger.info("%s is not mended: %s: %.200s", opened, candidate.reason, candidate.detail)
                return None
            if candidate.source == proposal.candidate.source:
                logger.info("%s is not mended: the answer is the same program", opened)
                return None
            verdict = await novelty(opened, given, unopened(candidate), turn)
            found = await reviewed(opened, slot, proposal.sampling, candidate, verdict, turn) if verdict.novel else None
        except ModelError as error:
            if error.step != "query":
                raise  # the answer is there; whoever compares it has failed
            # The candidate is judged, so the generation needs no model any more.
            logger.info("%s is not mended: %s", opened, error)
            return None
    if not isinstance(found, Candidate):
        why = verdict.explanation if found is None else f"{found.reason}: {found.detail}"
        logger.info("%s is not mended: %.200s", opened, why)
        return None
    if found is not candidate:
        return replace(proposal, candidate=found, turn=turn, verdict=NOVEL, by_hand=True)
    return replace(proposal, candidate=candidate, turn=turn, history=(*history, echo(answer)), verdict=verdict)


@cache
def _asking(retries: int) -> Task[..., Any]:
    """The repair task, repeated so often after a passing fault."""
    return repair.with_options(retries=retries)
