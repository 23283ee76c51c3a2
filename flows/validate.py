"""The best program of an evolution, evaluated again several times: what an automation starts on a new best.

A score that comes from luck, or from a program that games its evaluator now and then, does not come again.
"""

# Annotations are not postponed here: a flow that is deployed is loaded from a copy that could not find their names.
import logging
from collections.abc import Sequence
from pathlib import Path

from prefect import flow
from prefect.artifacts import Artifact
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from flows.orchestrator.ui_text import in_table
from shinka_core.database import EvolutionReader
from shinka_core.errors import ConfigError
from shinka_core.program import Evaluation
from shinka_core.validating import evaluate_again

logger = logging.getLogger("shinka.validate")


@flow(name="validate", persist_result=False)
async def validate(
    results_dir: str, repeats: int = 5, generation: int | None = None, tolerance: float = 1e-6
) -> State[list[float | None]]:
    """Evaluates a program of an evolution again, and compares the scores with the one that is recorded.

    Args:
        results_dir: Results folder of the evolution.
        repeats: Times to evaluate it.
        generation: Whose program; None: the best one's.
        tolerance: By how much a score may be below the recorded one, as a share of it.

    Returns:
        Completed with the scores when all of them are as good as the recorded one, else Failed.

    Raises:
        ConfigError: There is no such program, or repeats is none.
    """
    if repeats < 1:
        raise ConfigError(f"repeats={repeats} must be at least 1")
    async with EvolutionReader.open(Path(results_dir)) as reader:
        settings = await reader.settings()
        program = await (reader.best(()) if generation is None else reader.program(generation, ()))
        if program is None or program.score is None:
            raise ConfigError(f"the evolution in {results_dir!r} has no correct program yet; validate it later")
        source = await reader.source(program.id)
    extension = Path(settings["evolution"]["init_program_path"]).suffix or ".py"
    found = await evaluate_again(settings, source, extension, repeats)
    await Artifact(type="markdown", key="validation", data=_page(program.generation, program.score, found)).acreate()
    scores = [one.score if one.correct else None for one in found]
    told = f"generation {program.generation}, score {program.score:.6g}: again {_told(scores)}"
    logger.info("%s", told)
    least = program.score - tolerance * abs(program.score)
    if all(score is not None and score >= least for score in scores):
        return Completed(message=told, data=scores)
    return Failed(message=told)


def _told(scores: Sequence[float | None]) -> str:
    return ", ".join("not correct" if score is None else f"{score:.6g}" for score in scores)


def _page(generation: int, recorded: float, found: Sequence[Evaluation]) -> str:
    rows = [
        f"| {number} | {'' if one.score is None else f'{one.score:.6g}'} | {in_table(one.error)} | {one.seconds:.1f} |"
        for number, one in enumerate(found, start=1)
    ]
    head = [f"Generation {generation} was recorded with score **{recorded:.6g}**.", ""]
    return "\n".join([*head, "| again | score | not correct because | seconds |", "|---|---|---|---|", *rows])
