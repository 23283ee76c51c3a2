"""The propose task: a candidate of an operator that asks no model."""

from __future__ import annotations

from prefect import task

from shinka_core import generation as steps
from shinka_core.generation import OpenGeneration
from shinka_core.generation.proposing import TrialBench
from shinka_core.program import Candidate, Failure, Sampling
from tasks.policy import STATELESS


@task(name="propose", task_run_name="propose {generation} {sampling.patch_type}", **STATELESS)
async def propose(generation: OpenGeneration, sampling: Sampling, bench: TrialBench) -> Candidate | Failure:
    """Makes a candidate; that there is none is an outcome, not an error."""
    return await steps.propose(generation, sampling, bench)
