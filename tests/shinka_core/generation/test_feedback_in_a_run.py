"""Feedback in pieces and earlier attempts on their way through whole runs: shown, recorded, and the same after a resume."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from shinka_core import generation as steps
from shinka_core.database.reader import EvolutionReader
from shinka_core.generation.feedback import IMAGES
from shinka_core.launch.telling import read_feedback
from shinka_core.program import Evaluation, Failure, GenerationState, Job, Sampling
from shinka_core.prompts.attempts import HEADING
from shinka_core.run import Run, open_run
from shinka_core.settings import RunSettings
from tests.shinka_core.test_resume_settings import make_task, settings
from tests.support.bare import FakeLauncher, evolve
from tests.support.model_server import ModelServer, Script

PNG = b"\x89PNG\r\n\x1a\n"
MODELS: dict[str, Any] = {
    "llm_models": ["sees", "blind"],
    "llm_vision_models": ["sees"],
    "llm_prices": {model: {"input": 1.0, "output": 1.0, "cached_input": 0.1} for model in ("sees", "blind")},
    "embedding_model": None,
    "task_sys_msg": "Bring the numbers near to what the evaluator wants. " * 60,
    "seed": 3,
}


class Telling(FakeLauncher):
    """Scores by the text, and tells of two instances, prints something and draws."""

    async def result(self, job: Job) -> Evaluation:
        folder = Path(job.results_dir)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "plot.png").write_bytes(PNG + Path(job.program_path).read_bytes())
        (folder / "stderr.log").write_text("overflow encountered")
        metrics = {"instance_texts": {"a": "too wide"}, "artifacts": {"trace": "seven steps"}, "images": ["plot.png"]}
        found = await super().result(job)
        instances = {"a": found.score or 0.0, "b": 1.0}
        return Evaluation(found.score, True, instance_scores=instances, feedback=read_feedback(metrics, folder))


def given(folder: Path, url: str, **evolve: Any) -> RunSettings:
    settled = MODELS | {"llm_base_url": url, "num_generations": 8} | evolve
    return settings(folder / "r", make_task(folder / "task"), evolve=settled, widths=(1, 1))


async def test_what_an_evaluator_tells_in_pieces_is_shown_kept_and_paid_for_once(tmp_path: Path) -> None:
    async with ModelServer(Script(cache=True)) as server:
        told = given(tmp_path, server.url, shown_feedback=["instances", "artifacts", "images", "stderr"])
        async with open_run(told) as run:
            run.launcher = Telling()
            await evolve(run)
            summary = await run.database.summary()
        bodies = server.bodies
        counted = server.prompts.totals()
    users = {body["model"]: body["messages"][1]["content"] for body in bodies}
    text, *images = users["sees"]
    assert [part["type"] for part in images] == ["image_url"]
    for words in ("a: ", "too wide", "'trace'", "seven steps", "'stderr'", "overflow encountered", "plot.png"):
        assert words in text["text"], words
    assert isinstance(users["blind"], str)
    assert "attached" not in users["blind"]
    programs = [path.stem for path in (tmp_path / "r" / IMAGES).iterdir()]
    async with EvolutionReader.open(tmp_path / "r") as reader:
        feedback = [program.texts["feedback"] async for program in reader.programs(columns=["feedback"])]
        assert {one["images"][0]["digest"] for one in feedback} == set(programs)
        calls = [call async for call in reader.calls(texts=True)]
    assert all(len(json.dumps(call.messages)) < 20_000 for call in calls), "their bytes are files alone"
    with_images = [call for call in calls if call.images]
    assert {call.model for call in with_images} == {"sees"}
    assert {image["digest"] for call in with_images for image in call.images} <= set(programs)
    # The cost of what was read before is a tenth.
    read = sum(model.input_tokens for model in summary.models.values())
    cached = sum(model.cached_tokens for model in summary.models.values())
    assert (read, cached) == (counted["tokens"], counted["cached"])
    assert cached > 0
    output = sum(model.output_tokens for model in summary.models.values())
    assert abs(summary.cost - (read - 0.9 * cached + output) / 1_000_000) < 1e-9


async def _sampled(run: Run, number: int, attempt: int = 0) -> Sampling:
    opened = await steps.open_generation(run, number)
    sampling = await steps.sample(opened, attempt)
    await opened.see_written()
    return sampling


async def test_what_was_tried_from_a_parent_is_told_and_the_same_after_a_resume(tmp_path: Path) -> None:
    async with ModelServer() as server:
        told = given(tmp_path, server.url, num_generations=7, shown_attempts=4)
        async with open_run(told) as run:
            run.launcher = FakeLauncher()
            await evolve(run)
            told_before = [body["messages"][1]["content"] for body in server.bodies if HEADING in str(body)]
            assert told_before, "some parent had several children"
            opened = await steps.open_generation(run, 8)
            rejected = await steps.sample(opened, 0)
            await opened.see_written()
            await steps.give_up(opened, Failure("novelty", "not_novel", "identical to generation 2"))
            first = await _sampled(run, 9)
            keys = run.database.attempts.newest(rejected.parent.id, 4)
            assert keys[0] == 8
            assert (await run.database.attempts.read(keys))[0].why == "novelty: identical to generation 2"
        async with open_run(told, resume=True) as run:
            assert run.database.attempts.newest(rejected.parent.id, 4) == keys, "a fold over the record"
            await _lose(run, first)
            again = await _sampled(run, 9)
            assert again == first
            assert again.after == 8
    async with EvolutionReader.open(tmp_path / "r") as reader:
        payload = next(step.payload for step in await reader.steps(9) if step.step == GenerationState.SAMPLED)
        assert payload.get("tried", []) == [tried.key for tried in first.tried]
        programs = [program async for program in reader.programs()]
    assert programs[0].age is None
    assert all(program.age is not None and program.age >= 0 for program in programs[1:])


async def _lose(run: Run, first: Sampling) -> None:
    """Another program from the same parent, recorded between a sampling and the resume of its generation."""
    opened = await steps.open_generation(run, 10)
    sampling = replace(await steps.sample(opened, 0), parent=first.parent)
    candidate = steps.seed_candidate(run)
    evaluation = Evaluation(0.5, True)
    await steps.record(opened, sampling, candidate, evaluation)


async def test_nothing_of_it_is_shown_where_that_is_not_wanted(tmp_path: Path) -> None:
    async with ModelServer() as server:
        told = given(tmp_path, server.url, shown_feedback=[], shown_attempts=0, num_generations=4)
        async with open_run(told) as run:
            run.launcher = Telling()
            await evolve(run)
        said = str([body["messages"] for body in server.bodies])
    assert HEADING not in said
    assert not [words for words in ("too wide", "seven steps", "overflow", "image_url") if words in said]
