"""Evaluations as flow runs of their own deployment hold to the contract of launchers, with a real server and worker."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

import flows.evaluating  # noqa: F401 - makes the kind known
from shinka.testing.launchers import EVALUATOR
from shinka_core.config import PrefectJobConfig
from shinka_core.errors import LaunchError
from shinka_core.launch import EvaluationRequest, JobState, Launcher, launcher_of
from tests.support.contracts import SlowLauncherContract
from tests.support.deployed import EVALUATIONS, Server, make_task, quick, wait_until
from tests.support.runs import settings_for

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def evaluating(server: Server) -> Iterator[Server]:
    with server.worker(EVALUATIONS), settings_for(server.api, server.home):
        yield server


@pytest.mark.usefixtures("evaluating")
class TestRunsOfADeployment(SlowLauncherContract):
    def launcher(self, evaluator: Path) -> Launcher:
        return launcher_of(
            PrefectJobConfig(eval_program_path=str(evaluator), isolation="limits", files="shared", poll=0.3)
        )


async def test_without_shared_folders_program_task_and_results_are_sent(evaluating: Server, tmp_path: Path) -> None:
    task = tmp_path / "task"
    task.mkdir()
    (task / "evaluate.py").write_text(EVALUATOR)
    (task / "data.txt").write_text("7.5")
    launcher = launcher_of(PrefectJobConfig(eval_program_path=str(task / "evaluate.py"), isolation="limits", poll=0.3))
    gen = tmp_path / "gen_1"
    gen.mkdir()
    (gen / "main.py").write_text(
        "import sys\nscore = float(open(sys.argv[0].replace('evaluate.py', 'data.txt')).read())"
    )
    try:
        job = await launcher.submit(EvaluationRequest(gen / "main.py", gen / "results", task / "evaluate.py"))
        evaluation = await asyncio.wait_for(launcher.result(job), 180)
        assert (evaluation.score, evaluation.correct) == (7.5, True)
        assert json.loads((gen / "results" / "metrics.json").read_text())["combined_score"] == 7.5
        (run,) = evaluating.runs(name={"any_": [job.id.split(":")[1]]})
        assert (run["state"]["type"], run["state"]["message"]) == ("COMPLETED", "score 7.5")
        left = evaluating.post("artifacts/filter", {"artifacts": {"key": {"any_": [run["name"]]}}})
        assert left == [], "what came back is not kept on the server"
    finally:
        await launcher.close()


async def test_an_evaluation_whose_machine_is_gone_is_lost_and_no_failure_of_the_program(
    evaluating: Server, tmp_path: Path
) -> None:
    task, gen = tmp_path / "task", tmp_path / "gen_1"
    task.mkdir()
    gen.mkdir()
    (task / "evaluate.py").write_text(EVALUATOR)
    (gen / "main.py").write_text("import os\n(out.parent / 'starts').write_text(str(os.getppid()))\nbeat(600)")
    config = PrefectJobConfig(eval_program_path=str(task / "evaluate.py"), isolation="limits", files="shared", poll=0.3)
    launcher = launcher_of(config)
    try:
        job = await launcher.submit(EvaluationRequest(gen / "main.py", gen / "results", task / "evaluate.py"))
        await asyncio.to_thread(wait_until, (gen / "starts").exists)
        engine = psutil.Process(int((gen / "starts").read_text()))
        while "prefect.engine" not in engine.cmdline():
            engine = engine.parent()
            assert engine is not None
        engine.kill()
        with pytest.raises(LaunchError, match="ended as Crashed and left no outcome"):
            await asyncio.wait_for(launcher.result(job), 180)
        assert await launcher.find(job) is JobState.GONE
    finally:
        await launcher.close()


async def test_a_deployment_that_is_not_there_is_named(evaluating: Server, tmp_path: Path) -> None:
    (tmp_path / "evaluate.py").write_text(EVALUATOR)
    (tmp_path / "main.py").write_text("score = 1.0")
    evaluator = str(tmp_path / "evaluate.py")
    launcher = launcher_of(PrefectJobConfig(eval_program_path=evaluator, deployment="evaluate/gpu"))
    try:
        with pytest.raises(LaunchError, match=r"deployment=.evaluate/gpu. .* is none of this Prefect server's"):
            await launcher.submit(
                EvaluationRequest(tmp_path / "main.py", tmp_path / "results", tmp_path / "evaluate.py")
            )
    finally:
        await launcher.close()


def test_a_cancelled_evolution_ends_its_evaluations_wherever_they_run(evaluating: Server, tmp_path: Path) -> None:
    given = quick(make_task(tmp_path / "task"), 60.0, 20, stop_grace=1.0)
    given["job_config"] |= {"kind": "prefect", "files": "shared", "poll": 0.5}

    def evaluations(*kinds: str) -> list[str]:
        found = evaluating.runs(tags={"all_": ["evaluation"]}, state={"type": {"any_": list(kinds)}})
        return [run["name"] for run in found if run["parameters"]["errand"]["program_path"].startswith(str(results))]

    with evaluating.worker():
        flow_run = evaluating.start("circle-packing", **given)
        results = evaluating.results_of(flow_run)
        wait_until(lambda: evaluations("RUNNING"), lambda: evaluating.story(flow_run))
        evaluating.cancel(flow_run)
        assert evaluating.wait(flow_run)["state"]["type"] == "CANCELLED"
        wait_until(lambda: evaluations("CANCELLED"), lambda: evaluating.story(flow_run))
    assert evaluations("SCHEDULED", "PENDING", "RUNNING", "CANCELLING") == []
    assert [
        each for each in psutil.process_iter(["cmdline"]) if str(results) in " ".join(each.info["cmdline"] or [])
    ] == []
