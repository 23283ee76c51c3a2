"""A generation is closed whatever happens inside it; and what a pool of them holds to."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import uuid
from pathlib import Path
from typing import Any

import httpx
import pytest
from prefect.exceptions import PrefectException

import shinka_core.generation as steps
from flows.orchestrator import parent_run
from flows.orchestrator.parent_run import begin_flow_run
from shinka_core.config import EvolutionConfig, LocalJobConfig
from shinka_core.errors import Blame, ConfigError
from shinka_core.generation import OpenGeneration
from shinka_core.program import Evaluation, Failure, Job, Program, Trial
from shinka_core.run import Run
from tests.support.model_server import ModelServer, Script
from tests.support.prefect import evolve
from tests.support.runs import TASK, flow_runs, generation_of, rows, settings_for


def runner(
    results: Path, *, sleep: float = 0.0, name: str | None = None, jobs: dict[str, Any] | None = None, **evolution: Any
) -> Any:
    """The seed document's runner on the benchmark's task."""
    from flows.runner import AsyncEvolutionRunner

    return AsyncEvolutionRunner(
        EvolutionConfig(init_program_path=str(TASK / "initial.py"), results_dir=str(results), **evolution),
        LocalJobConfig(eval_program_path=str(TASK / "evaluate.py"), extra_cmd_args={"sleep": sleep}),
        verbose=False, name=name, **(jobs or {}),
    )  # fmt: skip


async def test_a_bug_is_a_recorded_failure_and_a_cut_off_flow_run_is_repeated(
    tmp_path: Path, prefect_api: str, prefect_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results, submit, cut_off = tmp_path / "r", steps.submit, []

    async def breaking(generation: OpenGeneration, code: str, *trial: Trial) -> Any:
        number = generation.context.number
        if number == 3:
            raise ZeroDivisionError("a bug")
        if number == 5 and not cut_off:
            cut_off.append(number)
            raise PrefectException("the server went away")
        return await submit(generation, code, *trial)

    monkeypatch.setattr(steps, "submit", breaking)
    with settings_for(prefect_api, prefect_home):
        summary = await runner(results, num_generations=8, jobs={"max_proposal_jobs": 3}).run()
    assert cut_off == [5]
    assert summary.programs == 8
    assert rows(results, "SELECT state, count(*) FROM generations GROUP BY 1 ORDER BY 1") == [
        ("failed", 1),
        ("recorded", 8),
    ]
    assert rows(results, "SELECT number, failure_step, failure_reason FROM generations WHERE state = 'failed'") == [
        (3, "generation", "ZeroDivisionError")
    ]
    assert json.loads((results / "summary.json").read_text())["failures"] == {"generation: ZeroDivisionError": 1}


async def test_what_closed_a_generation_may_be_cut_off_before_it_says_so(
    tmp_path: Path, prefect_api: str, prefect_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results, name = tmp_path / "r", f"closed-{uuid.uuid4().hex[:8]}"
    submit, record, give_up = steps.submit, steps.record, steps.give_up
    runs: list[Run] = []
    to_cut = {0, 2, 3}

    def cut_off(generation: OpenGeneration) -> None:
        if generation.context.number in to_cut:
            to_cut.remove(generation.context.number)
            raise PrefectException("the server went away")

    async def breaking(generation: OpenGeneration, code: str, *trial: Trial) -> Any:
        runs.append(generation.run)
        if generation.context.number == 3:
            raise ZeroDivisionError("a bug")
        return await submit(generation, code, *trial)

    async def recording(generation: OpenGeneration, *arguments: Any) -> Program:
        program = await record(generation, *arguments)
        cut_off(generation)
        return program

    async def giving_up(generation: OpenGeneration, failure: Failure, blame: Blame | None) -> None:
        await give_up(generation, failure, blame)
        cut_off(generation)

    for step, stand_in in (("submit", breaking), ("record", recording), ("give_up", giving_up)):
        monkeypatch.setattr(steps, step, stand_in)
    with settings_for(prefect_api, prefect_home):
        summary = await runner(results, name=name, num_generations=4).run()
    assert to_cut == set()
    assert (summary.programs, summary.failures, summary.stopped_early) == (4, {"generation: ZeroDivisionError": 1}, "")
    progress = runs[0].progress
    assert (progress.recorded, progress.failed, progress.finished) == (3, 1, progress.total)
    assert progress.seed_score == summary.seed_score is not None
    assert progress.failures == summary.failures
    (evolution,) = flow_runs(prefect_api, name={"any_": [name]})
    children = flow_runs(prefect_api, parent_flow_run_id={"any_": [evolution["id"]]})
    last = {
        generation_of(child): (child["state_type"], child["state"]["message"])
        for child in sorted(children, key=lambda child: child["start_time"])
    }
    assert last["gen-0002"][0] == "COMPLETED"
    assert "score" in last["gen-0002"][1]
    assert last["gen-0003"] == ("FAILED", "generation: ZeroDivisionError: a bug")


async def test_a_seed_program_without_a_result_is_told_even_if_its_flow_run_was_cut_off(
    tmp_path: Path, prefect_api: str, prefect_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record, cut_off = steps.record, []

    async def recording(generation: OpenGeneration, *arguments: Any) -> Program:
        program = await record(generation, *arguments)
        if not cut_off:
            cut_off.append(generation.context.number)
            raise PrefectException("the server went away")
        return program

    async def evaluate(generation: OpenGeneration, job: Job) -> Evaluation:
        return Evaluation(score=None, correct=False, error="no module named 'data'")

    monkeypatch.setattr(steps, "record", recording)
    monkeypatch.setattr(steps, "evaluate", evaluate)
    with settings_for(prefect_api, prefect_home), pytest.raises(ConfigError, match="no module named 'data'"):
        await runner(tmp_path / "r", num_generations=4).run()
    assert cut_off == [0]


# The slower the model, the surer are evaluations to wait for it, on a busy machine too.
@pytest.mark.parametrize(
    ("most", "peak", "latency"), [(1.0, 2, 0.3), pytest.param(3.0, 6, 1.0, marks=pytest.mark.slow)]
)
async def test_more_proposals_are_made_while_evaluations_wait_for_them_but_no_more_than_allowed(
    tmp_path: Path, prefect_api: str, prefect_home: Path, most: float, peak: int, latency: float
) -> None:
    jobs = {"max_proposal_jobs": 2, "max_evaluation_jobs": 8}
    async with ModelServer(Script(latency=latency)) as server:
        with settings_for(prefect_api, prefect_home):
            summary = await runner(
                tmp_path / "r", num_generations=16, llm_models=["m"], llm_base_url=server.url, jobs=jobs,
                max_oversubscription=most, ideas=None,
            ).run()  # fmt: skip
        assert summary.programs == 17
        assert server.peak == peak


@pytest.mark.slow
async def test_two_evolutions_in_one_process_are_two(tmp_path: Path, prefect_api: str, prefect_home: Path) -> None:
    names = [f"twin-{uuid.uuid4().hex[:8]}" for _ in range(2)]
    with settings_for(prefect_api, prefect_home):
        runners = [
            runner(tmp_path / name, num_generations=4, name=name, seed=number) for number, name in enumerate(names)
        ]
        summaries = await asyncio.gather(*(one.run() for one in runners))
    for name, summary in zip(names, summaries, strict=True):
        assert (summary.evolution, summary.programs, summary.failures) == (name, 5, {})
        assert rows(tmp_path / name, "SELECT count(*), count(DISTINCT evolution), max(generation) FROM programs") == [
            (5, 1, 4)
        ]
        (evolution,) = flow_runs(prefect_api, name={"any_": [name]})
        assert evolution["state_type"] == "COMPLETED"
        children = flow_runs(prefect_api, parent_flow_run_id={"any_": [evolution["id"]]})
        assert sorted(map(generation_of, children)) == [f"gen-{number:04d}" for number in range(5)]
    codes = [
        rows(tmp_path / name, "SELECT text FROM programs JOIN sources ON digest = source ORDER BY generation")
        for name in names
    ]
    assert codes[0][0] == codes[1][0], "the same seed program"
    assert codes[0][1:] != codes[1][1:], "each with its own seed"


async def test_a_resumed_run_knows_what_it_had_come_to(
    tmp_path: Path, prefect_api: str, prefect_home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    options: dict[str, Any] = {"name": f"on-{uuid.uuid4().hex[:8]}", "jobs": {"max_proposal_jobs": 2}}
    with settings_for(prefect_api, prefect_home):
        first = await runner(tmp_path / "r", num_generations=4, **options).run()
        caplog.clear()
        with caplog.at_level(logging.INFO, "shinka.generation"):
            options["jobs"]["resume"] = True
            second = await runner(tmp_path / "r", num_generations=8, **options).run()
    assert first.best_score is not None
    told = [float(found.group(1)) for found in re.finditer(r"is the new best: score (\S+)", caplog.text)]
    assert all(score > first.best_score for score in told), (first.best_score, told)
    assert (told[-1:] or [first.best_score]) == [pytest.approx(second.best_score, rel=1e-5)]


@pytest.mark.slow
@pytest.mark.other_prefect
async def test_a_server_that_does_not_answer_keeps_no_generation_waiting_and_hears_everything_afterwards(
    tmp_path: Path, prefect_api: str, prefect_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results, name = tmp_path / "r", f"early-{uuid.uuid4().hex[:8]}"

    async def begun_once_all_is_recorded(request: Any, client: Any) -> Any:
        while rows(results, "SELECT count(*) FROM programs") != [(9,)]:
            await asyncio.sleep(0.1)
        return await begin_flow_run(request, client)

    monkeypatch.setattr(parent_run, "begin_flow_run", begun_once_all_is_recorded)
    with settings_for(prefect_api, prefect_home):
        summary = await runner(results, num_generations=8, name=name, jobs={"max_proposal_jobs": 3}).run()
    assert summary.programs == 9
    (evolution,) = flow_runs(prefect_api, name={"any_": [name]})
    generations = flow_runs(prefect_api, parent_flow_run_id={"any_": [evolution["id"]]})
    assert sorted((generation_of(run), run["state_type"]) for run in generations) == [
        (f"gen-{number:04d}", "COMPLETED") for number in range(9)
    ]
    for run in generations:
        steps_of_it = await task_runs_of(prefect_api, run["id"], 3 if generation_of(run) == "gen-0000" else 7)
        assert {step["state_type"] for step in steps_of_it} == {"COMPLETED"}, run["name"]


async def task_runs_of(api: str, flow_run: str, expected: int) -> list[dict[str, Any]]:
    """The task runs of a flow run, which the server records a moment after they end."""
    async with httpx.AsyncClient(trust_env=False, verify=False) as client:
        for _ in range(100):
            answer = await client.post(f"{api}/task_runs/filter", json={"flow_runs": {"id": {"any_": [flow_run]}}})
            found: list[dict[str, Any]] = answer.json()
            if len(found) >= expected:
                break
            await asyncio.sleep(0.1)
    assert len(found) == expected, [step["name"] for step in found]
    return found


@pytest.mark.slow
def test_generations_run_as_ordinary_subflows_too(tmp_path: Path, prefect_api: str, prefect_home: Path) -> None:
    results = tmp_path / "r"
    name = f"plain-{uuid.uuid4().hex[:8]}"
    done = evolve(
        str(TASK), "--generations", "4", "--results", str(results), "--name", name,
        api=prefect_api, home=prefect_home, SHINKA_PLAIN_SUBFLOWS="1",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert rows(results, "SELECT state, count(*) FROM generations GROUP BY 1") == [("recorded", 5)]
    (evolution,) = flow_runs(prefect_api, name={"any_": [name]})
    children = flow_runs(prefect_api, parent_flow_run_id={"any_": [evolution["id"]]})
    assert {generation_of(child): child["state_type"] for child in children} == {
        f"gen-{number:04d}": "COMPLETED" for number in range(5)
    }
    assert len({child["parent_task_run_id"] for child in children}) == 5
