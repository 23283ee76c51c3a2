"""Stages, repeats, a repair and duplicates in whole runs, with real evaluators and a real Prefect server."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import uuid
from collections import Counter
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml

import shinka_core.generation as steps
from shinka_core.config import DatabaseConfig, EvolutionConfig, LocalJobConfig
from shinka_core.database.address import address_of
from shinka_core.database.reading import ProgramReader
from shinka_core.database.store import Store
from shinka_core.errors import RunStoppedError
from shinka_core.generation import OpenGeneration
from shinka_core.program import Program
from tests.flows.test_generation import task_runs_of
from tests.support import local_http
from tests.support.model_server import ModelServer, Script
from tests.support.prefect import ROOT, evolve
from tests.support.runs import begin, flow_runs, rows, settings_for, wait_until

PROGRAM = "# EVOLVE-BLOCK-START\nVALUE = {}\n# EVOLVE-BLOCK-END\n"
# Counts every evaluation in a file of its own, and does not end one of a stage that a file is there to hold.
EVALUATOR = """
import argparse, json, os, pathlib, random, re, runpy, time
parser = argparse.ArgumentParser()
for name in ("program_path", "results_dir", "stage", "seed", "noise", "cost"):
    parser.add_argument("--" + name)
a = parser.parse_args()
here, number = pathlib.Path(__file__).parent, re.search(r"gen_(\\d+)", a.program_path).group(1)
with open(here / "count", "a") as file:
    file.write(" ".join([number, *filter(None, (a.stage, a.seed))]) + "\\n")
while (here / f"hold-{number}-{a.stage}").exists():
    time.sleep(0.05)
value = runpy.run_path(a.program_path)["VALUE"]
score = value + float(a.noise or 0) * random.Random(a.seed).gauss(0, 1)
for name, said in (("metrics", {"combined_score": score, "public": {"value": value}}), ("correct", {"correct": True, "error": None})):
    (pathlib.Path(a.results_dir) / f"{name}.json").write_text(json.dumps(said))
"""


def make_task(folder: Path, value: str = "1.0") -> Path:
    folder.mkdir(parents=True)
    (folder / "initial.py").write_text(PROGRAM.format(value))
    (folder / "evaluate.py").write_text(EVALUATOR)
    return folder


def counted(task: Path) -> Counter[str]:
    """How often each evaluation was begun: by generation, stage and seed."""
    return Counter((task / "count").read_text().splitlines())


async def programs(results: Path, name: str, *generations: int) -> list[Program]:
    """What these generations made, read from the database."""
    store = Store(address_of(DatabaseConfig().db_path, results))
    await store.open()
    try:
        found = [await ProgramReader(store).by_generation(name, number) for number in generations]
    finally:
        await store.close()
    return [program for program in found if program is not None]


def full(value: str) -> str:
    return f"<NAME>v</NAME>\n<DESCRIPTION>d</DESCRIPTION>\n```python\n{PROGRAM.format(value)}```\n"


def runner(tmp_path: Path, server: ModelServer, job: dict[str, Any] | None = None, **more: Any) -> Any:
    """One generation after the other, on one island, by a model that writes whole programs."""
    from flows.runner import AsyncEvolutionRunner

    task = tmp_path / "task"
    evolution = {
        "num_generations": 1, "llm_models": ["m"], "llm_base_url": server.url, "patch_types": ["full"],
        "patch_type_probs": [1.0], "llm_prices": {"m": {"input": 1, "output": 1}, "e": {"input": 1, "output": 1}},
    } | more.pop("evolve", {})  # fmt: skip
    return AsyncEvolutionRunner(
        EvolutionConfig(init_program_path=str(task / "initial.py"), results_dir=str(tmp_path / "r"), **evolution),
        LocalJobConfig(eval_program_path=str(task / "evaluate.py"), isolation="limits", **(job or {})),
        db_config=DatabaseConfig(num_islands=1), verbose=False,
        **({"max_proposal_jobs": 1, "max_evaluation_jobs": 1, "name": f"judged-{uuid.uuid4().hex[:8]}"} | more),
    )  # fmt: skip


def answering(*values: str) -> Script:
    """Answers with these programs, the last one again and again."""
    return Script(answer=lambda _, number: full(values[min(number, len(values) - 1)]))


YAML = """
job:
  isolation: limits
  stages:
    - {name: quick, args: {cost: 1}, time: 60, continue_above: -1000, slots: 2}
    - {name: full, args: {cost: 9}}
"""


@pytest.mark.slow
def test_a_run_killed_between_two_stages_makes_the_second_and_not_the_first_again(
    tmp_path: Path, prefect_api: str, prefect_home: Path
) -> None:
    task, results = make_task(tmp_path / "task"), tmp_path / "r"
    (task / "evolve.yaml").write_text(YAML)
    hold = task / "hold-1-full"
    hold.touch()
    name = f"stages-{uuid.uuid4().hex[:8]}"
    arguments = ("--generations", "1", "--results", str(results), "--name", name)
    process = begin(str(task), *arguments, api=prefect_api, home=prefect_home)
    try:
        wait_until(lambda: (task / "count").exists() and counted(task)["1 full"])
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    began = counted(task)
    assert began == {"0 quick": 1, "0 full": 1, "1 quick": 1, "1 full": 1}
    assert rows(results, "SELECT step, turn FROM generation_steps WHERE generation = 1 AND turn >= 0 AND step IN "
                "('submitted', 'evaluated') ORDER BY turn, step DESC") == [
        ("submitted", 0), ("evaluated", 0), ("submitted", 1)
    ]  # fmt: skip
    hold.unlink()
    done = evolve("--resume", "--results", str(results), api=prefect_api, home=prefect_home)
    assert done.returncode == 0, done.stdout + done.stderr
    assert counted(task) == began + Counter({"1 full": 1})
    made = asyncio.run(programs(results, name, 0, 1))
    assert [(program.correct, program.public_metrics["evaluation_stage"]) for program in made] == [(True, "full")] * 2
    assert (results / "gen_1/results/metrics.json").is_file()
    assert (results / "gen_1/results-quick/metrics.json").is_file()
    (evolution,) = flow_runs(prefect_api, name={"any_": [name]}, state={"type": {"any_": ["COMPLETED"]}})
    (resumed,) = flow_runs(prefect_api, parent_flow_run_id={"any_": [evolution["id"]]})
    assert resumed["state"]["message"].startswith("score ")


@pytest.mark.slow
async def test_each_stage_and_repeat_is_a_task_run_of_its_own(
    tmp_path: Path, prefect_api: str, prefect_home: Path
) -> None:
    task = make_task(tmp_path / "task")
    stages = [{"name": "quick", "continue_above": 1.5}, {"name": "full"}]
    async with ModelServer(answering("1.25", "2.0")) as server:
        with settings_for(prefect_api, prefect_home):
            made = runner(
                tmp_path,
                server,
                {"stages": stages, "repeats": 2, "seed_argument": "seed"},
                evolve={"num_generations": 2, "incorrect_seed": "repair"},
            )
            summary = await made.run()
    # The seed program itself is below the threshold: it is no parent, so both proposals are to mend it.
    assert counted(task) == {"0 quick 0": 1, "1 quick 0": 1, "2 quick 0": 1, "2 full 0": 1, "2 full 1": 1}
    assert (summary.programs, summary.correct, summary.best_score) == (3, 1, 2.0)
    told = await programs(tmp_path / "r", made.name, 0, 1, 2)
    assert [(program.score, program.correct) for program in told] == [(None, False), (None, False), (2.0, True)]
    why = "the stage 'quick' gave {}; only a score above 1.5 leads on to the next stage"
    assert [program.error for program in told] == [why.format(1), why.format(1.25), ""]
    reached = [
        (program.public_metrics["evaluation_stage"], program.public_metrics.get("evaluation_stage_score"))
        for program in told
    ]
    assert reached == [("quick", 1.0), ("quick", 1.25), ("full", None)]
    (evolution,) = flow_runs(prefect_api, name={"any_": [made.name]})
    generations = flow_runs(prefect_api, parent_flow_run_id={"any_": [evolution["id"]]}, name={"like_": "gen-0002"})
    names = {step["name"] for step in await task_runs_of(prefect_api, generations[0]["id"], 11)}
    assert {
        f"{step} gen-0002{part}" for step in ("submit", "evaluate") for part in (" quick", " full", " full run 2")
    } <= names


@pytest.mark.slow
async def test_a_stage_with_its_own_slots_keeps_none_of_the_others(
    tmp_path: Path, prefect_api: str, prefect_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With one evaluation slot, held by the last stage, four candidates are in the first stage at once."""
    task, held, submit = make_task(tmp_path / "task"), Counter[str](), steps.submit
    most: Counter[str] = Counter()

    async def submitting(generation: OpenGeneration, code: str, trial: Any) -> Any:
        run = generation.run
        for name, slots in (("quick", run.slots_of("quick")), ("full", run.evaluations)):
            most[name] = max(most[name], slots.held)
        held[trial.stage] += 1
        return await submit(generation, code, trial)

    monkeypatch.setattr(steps, "submit", submitting)
    for number in range(1, 5):
        (task / f"hold-{number}-quick").touch()

    def release() -> bool:
        ready = (task / "count").exists() and sum(counted(task)[f"{number} quick"] for number in range(1, 5)) == 4
        if ready:
            for path in task.glob("hold-*"):
                path.unlink()
        return bool(ready)

    stages = [{"name": "quick", "slots": 4}, {"name": "full"}]
    async with ModelServer(Script(answer=lambda _, number: full(f"{number + 2}.5"))) as server:
        with settings_for(prefect_api, prefect_home):
            made = runner(tmp_path, server, {"stages": stages}, evolve={"num_generations": 4}, max_proposal_jobs=4)
            summary = await while_waiting(made, release)
    assert summary.programs == 5
    assert most == {"quick": 4, "full": 1}
    assert held == {"quick": 5, "full": 5}


@pytest.mark.slow
async def test_a_limit_on_a_stage_holds_for_that_stage_alone(
    tmp_path: Path, prefect_api: str, prefect_home: Path
) -> None:
    task = make_task(tmp_path / "task")
    clocked = EVALUATOR.replace("score = value", "began = time.time(); time.sleep(0.3); score = value") + CLOCK
    (task / "evaluate.py").write_text(clocked)
    stages = [{"name": "quick", "slots": 4, "shared_limit": 1}, {"name": "full"}]
    async with ModelServer(Script(answer=lambda _, number: full(f"{number + 2}.5"))) as server:
        with settings_for(prefect_api, prefect_home):
            made = runner(
                tmp_path, server, {"stages": stages}, evolve={"num_generations": 4}, max_proposal_jobs=4,
                max_evaluation_jobs=4,
            )  # fmt: skip
            assert (await made.run()).programs == 5
    times = [line.split() for line in (task / "clock").read_text().splitlines()]
    overlaps = {
        stage: sum(
            float(one[1]) < float(two[2]) and float(two[1]) < float(one[2])
            for one, two in combinations([line for line in times if line[0] == stage], 2)
        )
        for stage in ("quick", "full")
    }
    assert len(times) == 10
    assert overlaps["quick"] == 0
    name = f"evaluation:{task.name}:quick"
    found = local_http.get(f"{prefect_api}/v2/concurrency_limits/{name}")
    assert found.json()["limit"] == 1
    assert found.json()["active_slots"] == 0, "given back"


CLOCK = """
with open(here / "clock", "a") as file:
    file.write(f"{a.stage} {began} {time.time()}\\n")
"""


async def while_waiting(made: Any, release: Callable[[], bool]) -> Any:
    """Runs an evolution and looks now and then whether something can be released."""
    running = asyncio.create_task(made.run())
    while not running.done() and not release():
        await asyncio.sleep(0.05)
    return await running


async def test_repeats_are_made_with_seeds_of_their_own_until_they_would_decide_nothing(
    tmp_path: Path, prefect_api: str, prefect_home: Path
) -> None:
    task, results = make_task(tmp_path / "task", "100.0"), tmp_path / "r"
    job = {
        "repeats": 8, "early_stop": "bayesian", "seed_argument": "seed", "extra_cmd_args": {"noise": 0.5}
    }  # fmt: skip
    async with ModelServer(answering("1.0")) as server:
        with settings_for(prefect_api, prefect_home):
            made = runner(tmp_path, server, job, evolve={"seed": 5})
            summary = await made.run()
    assert summary.best_generation == 0
    # Nothing to compare the seed program with: it has all repeats. The candidate is far below it.
    assert [line for line in counted(task) if line[0] == "0"] == [f"0 {5 + repeat}" for repeat in range(8)]
    assert [line for line in counted(task) if line[0] == "1"] == ["1 5", "1 6", "1 7"]
    told = await programs(results, made.name, 0, 1)
    assert [program.public_metrics["evaluation_repeats"] for program in told] == [8, 3]
    assert all(0.05 < program.public_metrics["evaluation_score_std"] < 2 for program in told)
    assert told[1].score == pytest.approx(1.0, abs=1.5)
    compared = rows(results, "SELECT DISTINCT json_extract(payload, '$.against') FROM generation_steps "
                    "WHERE step = 'submitted' AND generation = 1")  # fmt: skip
    assert compared == [(told[0].score,)], "what it was compared with is in the journal"
    assert (results / "gen_1/results.3/metrics.json").is_file()


PURPOSES = "SELECT purpose, attempt, turn FROM model_calls ORDER BY id"


async def test_a_candidate_that_does_not_run_is_mended_once_with_its_error(
    tmp_path: Path, prefect_api: str, prefect_home: Path
) -> None:
    task, results = make_task(tmp_path / "task"), tmp_path / "r"
    async with ModelServer(answering("undefined_name", "3.0")) as server:
        with settings_for(prefect_api, prefect_home):
            summary = await runner(tmp_path, server, evolve={"max_repairs": 1}).run()
        said = server.bodies[-1]["messages"]
    assert (summary.programs, summary.correct, summary.best_score) == (2, 2, 3.0)
    assert counted(task) == {"0": 1, "1": 2}
    assert rows(results, PURPOSES) == [("proposal", 0, 0), ("repair", 0, 1)]
    assert summary.costs["repair"] > 0
    assert rows(results, "SELECT cost FROM programs WHERE generation = 1") == [(pytest.approx(summary.cost),)]
    assert [message["role"] for message in said] == ["system", "user", "assistant", "user"]
    assert "NameError: name 'undefined_name' is not defined" in said[-1]["content"]
    assert "undefined_name" in (results / "gen_1/unrepaired/main.py").read_text()
    assert "NameError" in (results / "gen_1/unrepaired/results/stderr.log").read_text()
    assert "VALUE = 3.0" in (results / "gen_1/main.py").read_text()


@pytest.mark.slow
async def test_what_is_not_mended_is_recorded_and_not_asked_about_again(
    tmp_path: Path, prefect_api: str, prefect_home: Path
) -> None:
    task, results = make_task(tmp_path / "task"), tmp_path / "r"
    mended = {
        "first": full("1 / 0"),
        "second": "I am sorry",
        "third": full("1.0"),
        "fourth": full("fourth"),
    }  # the text of the parent
    proposals = iter(mended)

    def answer(messages: list[dict[str, str]], _: int) -> str:
        crashed = next((name for name in mended if f"'{name}' is not defined" in messages[-1]["content"]), None)
        return full(next(proposals)) if len(messages) == 2 or crashed is None else mended[crashed]

    async with ModelServer(Script(answer=answer)) as server:
        with settings_for(prefect_api, prefect_home):
            made = runner(tmp_path, server, evolve={"max_repairs": 1, "num_generations": 4})
            summary = await made.run()
    assert (summary.programs, summary.correct, summary.failures) == (5, 1, {})
    assert sorted(counted(task).values()) == [1, 1, 1, 1, 2], "one repair was another program"
    assert Counter(purpose for purpose, *_ in rows(results, PURPOSES)) == {"proposal": 4, "repair": 4}
    assert len(list(results.glob("gen_*/unrepaired"))) == 1
    assert len(list(results.glob("gen_*/main.py"))) == 5
    found = {program.error.split()[-1]: program.code for program in await programs(results, made.name, 1, 2, 3, 4)}
    for last, text in (("zero", "1 / 0"), ("defined", "VALUE = ")):
        assert text in found[last]


async def test_a_model_that_cannot_mend_leaves_a_judged_candidate(
    tmp_path: Path, prefect_api: str, prefect_home: Path
) -> None:
    task, results = make_task(tmp_path / "task"), tmp_path / "r"
    script = answering("undefined_name")
    script.sequence = ["", "error_400"]
    async with ModelServer(script) as server:
        with settings_for(prefect_api, prefect_home):
            summary = await runner(tmp_path, server, evolve={"max_repairs": 1, "llm_retries": 0}).run()
    assert (summary.programs, summary.correct, summary.failures, summary.stopped_early) == (2, 1, {}, "")
    assert counted(task) == {"0": 1, "1": 1}
    assert rows(results, "SELECT purpose, status FROM model_calls ORDER BY id") == [
        ("proposal", "answered"), ("repair", "failed")
    ]  # fmt: skip


@pytest.mark.slow
async def test_money_that_does_not_pay_a_repair_leaves_the_generation_to_a_resume_with_more(
    tmp_path: Path, prefect_api: str, prefect_home: Path
) -> None:
    task, results = make_task(tmp_path / "task"), tmp_path / "r"
    dear = {"max_repairs": 1, "llm_prices": {"m": {"input": 1000, "output": 1000}}, "llm_kwargs": {"max_tokens": 4000}}
    async with ModelServer(answering("undefined_name", "3.0")) as server:
        with settings_for(prefect_api, prefect_home):
            made = runner(tmp_path, server, evolve=dear | {"max_api_costs": 7.0})
            assert "max_api_costs" in (await made.run()).stopped_early
            assert rows(results, "SELECT number, state FROM generations ORDER BY 1") == [
                (0, "recorded"),
                (1, "evaluated"),
            ]
            more = {"num_generations": 1, "max_api_costs": 100.0}
            summary = await runner(tmp_path, server, evolve=dear | more, resume=True, name=made.name).run()
        assert len(server.requests) == 2
    assert (summary.programs, summary.best_score) == (2, 3.0)
    assert counted(task) == {"0": 1, "1": 2}


@pytest.mark.slow
async def test_what_is_merely_wrong_is_mended_only_when_the_settings_say_so(
    tmp_path: Path, prefect_api: str, prefect_home: Path
) -> None:
    task = make_task(tmp_path / "task")
    (task / "evaluate.py").write_text(EVALUATOR.replace('"correct": True', '"correct": value < 5'))
    for after, calls in ((["crash"], ["proposal"]), (["crash", "incorrect"], ["proposal", "repair"])):
        here = tmp_path / str(len(after))
        here.mkdir()
        (here / "task").symlink_to(task)
        async with ModelServer(answering("9.0", "2.0")) as server:
            with settings_for(prefect_api, prefect_home):
                await runner(here, server, evolve={"max_repairs": 1, "repair_after": after}).run()
        assert [purpose for purpose, *_ in rows(here / "r", PURPOSES)] == calls


@pytest.mark.slow
async def test_a_run_that_ends_while_a_candidate_is_being_mended_goes_on_from_there(
    tmp_path: Path, prefect_api: str, prefect_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    task, results = make_task(tmp_path / "task"), tmp_path / "r"

    async def stopping(generation: OpenGeneration, code: str) -> None:
        raise RunStoppedError("the plug is pulled")

    async with ModelServer(answering("undefined_name", "3.0")) as server:
        with settings_for(prefect_api, prefect_home):
            made = runner(tmp_path, server, evolve={"max_repairs": 1})
            with monkeypatch.context() as patched:
                patched.setattr(steps, "set_unrepaired_aside", stopping)
                assert "plug" in (await made.run()).stopped_early
            assert counted(task) == {"0": 1, "1": 1}
            again = runner(tmp_path, server, evolve={"max_repairs": 1}, resume=True, name=made.name)
            summary = await again.run()
        assert len(server.requests) == 2, "both answers are read back"
    assert (summary.programs, summary.best_score) == (2, 3.0)
    assert counted(task) == {"0": 1, "1": 2}
    assert rows(results, PURPOSES) == [("proposal", 0, 0), ("repair", 0, 1)]


async def test_a_duplicate_costs_no_embedding_no_question_and_no_evaluation(
    tmp_path: Path, prefect_api: str, prefect_home: Path
) -> None:
    task, results = make_task(tmp_path / "task"), tmp_path / "r"
    judged = {"embedding_model": "e", "novelty_llm_models": ["judge"], "unknown_prices": "warn"}
    script = answering("0.5")  # below the seed program, which so remains the parent
    async with ModelServer(script) as server:
        with settings_for(prefect_api, prefect_home):
            made = runner(tmp_path, server, evolve=judged | {"exact_duplicates": "reuse"})
            await made.run()
            more = judged | {"exact_duplicates": "reuse", "num_generations": 2}
            summary = await runner(tmp_path, server, evolve=more, resume=True, name=made.name).run()
        assert server.embedded.count(["VALUE = 0.5\n"]) == 1, "for the first program with that text"
    assert counted(task) == {"0": 1, "1": 1}
    assert (summary.programs, summary.correct) == (3, 3)
    assert [purpose for purpose, *_ in rows(results, PURPOSES) if purpose != "embedding"] == ["proposal"] * 2
    one, two = await programs(results, made.name, 1, 2)
    assert (one.score, one.code) == (two.score, two.code)
    assert "evaluation_copied_from" not in one.public_metrics
    assert two.public_metrics["evaluation_copied_from"] == 1
    assert one.evaluation_seconds > two.evaluation_seconds == 0.0
    assert not (results / "gen_2").exists()


def test_the_example_in_the_document_is_one(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "evaluations.md").read_text()
    (block,) = [part for part in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL) if "stages:" in part]
    sections = yaml.safe_load(block)
    job, evolution = LocalJobConfig(**sections["job"]), EvolutionConfig(**sections["evolution"])
    assert [stage.name for stage in job.stages] == ["quick", "full"]
    assert job.repeats > job.min_repeats
    assert evolution.max_repairs == 1
    assert sections.keys() == {"job", "evolution"}
