"""A recorded program, evaluated again: whether its score was luck."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from shinka_core.config import job_of
from shinka_core.launch import EvaluationRequest, launcher_of
from shinka_core.launch.terms import terms
from shinka_core.program import Evaluation, Trial
from shinka_core.source import Source
from shinka_core.source_folder import contents_of, place_of, write_program


async def evaluate_again(settings: Mapping[str, Any], source: Source, extension: str, repeats: int) -> list[Evaluation]:
    """Evaluates a program as often as that, one after the other, each with a seed of its own.

    Where evaluations have stages, it is the last one that is done.

    Args:
        settings: Of its evolution, as they are kept with it.
        extension: Of the file of a program that is one, with the dot.

    Raises:
        LaunchError: It could not be evaluated.
        ConfigError: The evaluator of the evolution is not there any more.
    """
    job, seed = job_of(settings["job"]), int(settings["evolution"].get("seed", 0))
    stage = job.stages[-1].name if job.stages else ""
    launcher = await asyncio.to_thread(launcher_of, job)
    found: list[Evaluation] = []
    try:
        with tempfile.TemporaryDirectory(prefix="shinka-validate-") as scratch:
            for repeat in range(repeats):
                folder = Path(scratch) / str(repeat)
                folder.mkdir()
                place = place_of(source, folder, extension)
                await asyncio.to_thread(write_program, place, contents_of(source))
                how = terms(job, seed, Trial(stage, repeat))
                begun = await launcher.submit(EvaluationRequest.of(job, place, folder / "results", how))
                try:
                    found.append(await launcher.result(begun))
                except BaseException:
                    await launcher.cancel(begun)
                    raise
    finally:
        await launcher.close()
    return found
