"""What befalls evaluations elsewhere: drivers and workers that die, nodes that leave, folders that are not shared."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shinka_core.errors import LaunchError
from shinka_core.launch import EvaluationRequest, JobState, Launcher, launcher_of
from shinka_core.program import Job
from tests.shinka_core.launch.elsewhere.conftest import Settings
from tests.support.prefect import ROOT
from tests.support.slurm import Slurm

SOON = 60.0

# Submits a program as a driver does, says which, and waits to be killed.
DRIVER = """
import asyncio, json, sys
from dataclasses import asdict
from pathlib import Path
from shinka_core.config import job_of
from shinka_core.launch import EvaluationRequest, launcher_of

async def drive():
    config = job_of(json.loads(sys.argv[1]))
    launcher = launcher_of(config)
    folder = Path(sys.argv[2])
    job = await launcher.submit(EvaluationRequest.of(config, folder / "main.py", folder / "results"))
    print(json.dumps(asdict(job)), flush=True)
    await asyncio.sleep(600)

asyncio.run(drive())
"""


async def until(happened: Callable[[], bool]) -> None:
    async with asyncio.timeout(SOON):
        while not happened():
            await asyncio.sleep(0.05)


async def submitted(launcher: Launcher, folder: Path, code: str, evaluator: Path, **options: Any) -> Job:
    folder.mkdir(exist_ok=True)
    (folder / "main.py").write_text(code)
    return await launcher.submit(EvaluationRequest(folder / "main.py", folder / "results", evaluator, **options))


@pytest.mark.slow
async def test_a_driver_that_dies_leaves_its_evaluations_to_who_resumes(
    settings: Settings, task: Path, tmp_path: Path
) -> None:
    config = settings(eval_program_path=str(task / "evaluate.py"), isolation="limits")
    folder = tmp_path / "gen_1"
    folder.mkdir()
    (folder / "main.py").write_text("beat(4.0)\nscore = 5.0")
    told = json.dumps(config.model_dump(exclude_unset=True) | {"kind": config.kind})  # type: ignore[attr-defined]
    driver = subprocess.Popen(
        [sys.executable, "-c", DRIVER, told, str(folder)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert driver.stdout is not None
    job = Job(**json.loads(await asyncio.to_thread(driver.stdout.readline)))
    await until((folder / "results" / "beat").exists)
    driver.kill()
    driver.wait()
    launcher = launcher_of(config)
    try:
        assert await launcher.find(job) is JobState.RUNNING
        assert await launcher.attach(job)
        evaluation = await asyncio.wait_for(launcher.result(job), SOON)
        assert (evaluation.score, evaluation.correct) == (5.0, True)
        assert await launcher.find(job) is JobState.DONE
    finally:
        await launcher.close()
    assert (
        sorted(path.name for path in folder.iterdir()) == ["main.py", "results", "results.receipt.json"]
        or config.kind == "slurm"
    )  # type: ignore[attr-defined]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["dask", "ray"])
async def test_without_shared_folders_program_task_and_results_are_sent(
    kind: str, request: pytest.FixtureRequest, task: Path, tmp_path: Path
) -> None:
    settings: Settings = request.getfixturevalue(kind)
    (task / "data.txt").write_text("7.5")
    (task / "evaluate.py").write_text(
        (task / "evaluate.py").read_text().replace(
            'scope = {', 'import os; data = pathlib.Path(__file__).with_name("data.txt").read_text(); scope = {"data": data, "place": os.getcwd(), '
        )
    )  # fmt: skip
    launcher = launcher_of(settings(eval_program_path=str(task / "evaluate.py"), files="sent"))
    try:
        code = "score = float(data)\n(out / 'plot.txt').write_text(place)"
        job = await submitted(launcher, tmp_path / "gen_1", code, task / "evaluate.py")
        evaluation = await asyncio.wait_for(launcher.result(job), SOON)
        assert (evaluation.score, evaluation.correct) == (7.5, True)
        results = tmp_path / "gen_1" / "results"
        assert not (results / "plot.txt").read_text().startswith(str(tmp_path))
        assert json.loads((results / "metrics.json").read_text())["combined_score"] == 7.5
        assert await launcher.find(job) is JobState.DONE
        # What is no regular file inside the results does not come back.
        hostile = "import os\nos.symlink('/etc/passwd', out / 'link')\nos.mkfifo(out / 'pipe')\nscore = 1.0"
        job = await submitted(launcher, tmp_path / "gen_2", hostile, task / "evaluate.py")
        assert (await asyncio.wait_for(launcher.result(job), SOON)).score == 1.0
        assert {path.name for path in (tmp_path / "gen_2" / "results").iterdir()} >= {"metrics.json", "correct.json"}
        assert not os.path.lexists(tmp_path / "gen_2" / "results" / "link")
        assert not os.path.lexists(tmp_path / "gen_2" / "results" / "pipe")
    finally:
        await launcher.close()


@pytest.mark.slow
async def test_an_evaluator_that_is_another_one_there_is_no_failure_of_the_program(
    dask: Settings, task: Path, tmp_path: Path
) -> None:
    launcher = launcher_of(dask(eval_program_path=str(task / "evaluate.py"), isolation="limits"))
    (task / "evaluate.py").write_text((task / "evaluate.py").read_text() + "\n# mended\n")
    try:
        job = await submitted(launcher, tmp_path / "gen_1", "score = 1.0", task / "evaluate.py")
        with pytest.raises(LaunchError, match="is not what it was here when this run began"):
            await asyncio.wait_for(launcher.result(job), SOON)
    finally:
        await launcher.close()


@pytest.mark.slow
async def test_a_worker_of_dask_that_dies_has_its_evaluations_run_elsewhere(
    dask: Settings, dask_cluster: Any, task: Path, tmp_path: Path
) -> None:
    launcher = launcher_of(dask(eval_program_path=str(task / "evaluate.py"), isolation="limits"))
    try:
        code = "import os\nlog = out.parent / 'starts'\nlog.open('a').write(f'{os.getppid()} ')\nbeat(3.0)\nscore = 2.0"
        job = await submitted(launcher, tmp_path / "gen_1", code, task / "evaluate.py")
        starts = tmp_path / "gen_1" / "starts"
        await until(starts.exists)
        os.kill(int(starts.read_text().split()[0]), signal.SIGKILL)
        assert (await asyncio.wait_for(launcher.result(job), SOON)).score == 2.0
        assert len(starts.read_text().split()) == 2
    finally:
        await launcher.close()


@pytest.mark.slow
async def test_an_actor_of_ray_that_dies_is_a_lost_evaluation(ray: Settings, task: Path, tmp_path: Path) -> None:
    launcher = launcher_of(ray(eval_program_path=str(task / "evaluate.py"), isolation="limits"))
    try:
        code = "import os\n(out.parent / 'starts').write_text(f'{os.getppid()}')\nbeat(600)"
        job = await submitted(launcher, tmp_path / "gen_1", code, task / "evaluate.py")
        await until((tmp_path / "gen_1" / "starts").exists)
        await asyncio.sleep(0.2)
        os.kill(int((tmp_path / "gen_1" / "starts").read_text()), signal.SIGKILL)
        with pytest.raises(LaunchError, match="lost an evaluation"):
            await asyncio.wait_for(launcher.result(job), SOON)
        assert await launcher.find(job) is JobState.GONE
    finally:
        await launcher.close()


@pytest.mark.slow
async def test_a_hundred_jobs_of_slurm_a_drained_node_and_a_cancelled_job(
    by_slurm: Settings, slurm_controller: Slurm, task: Path, tmp_path: Path
) -> None:
    launcher = launcher_of(by_slurm(eval_program_path=str(task / "evaluate.py"), isolation="limits"))
    try:
        began = time.monotonic()
        jobs = [
            await submitted(launcher, tmp_path / f"gen_{number}", f"beat(0.2)\nscore = {number}", task / "evaluate.py")
            for number in range(100)
        ]
        waiting = [asyncio.create_task(launcher.result(job)) for job in jobs]
        await asyncio.to_thread(
            slurm_controller.call, "scontrol", "update", "nodename=node2", "state=drain", "reason=maintenance"
        )
        last = jobs[-1].id.split(":")[1]
        await asyncio.to_thread(slurm_controller.call, "scancel", f"--name={last}")
        found = await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), 280)
        assert [each.score for each in found[:-1]] == list(range(99))  # type: ignore[union-attr]
        assert isinstance(found[-1], LaunchError)
        assert "ended as CANCELLED" in str(found[-1])
        print(f"a hundred jobs on two and then one node: {time.monotonic() - began:.0f} s")
    finally:
        await launcher.close()
        slurm_controller.call("scontrol", "update", "nodename=node2", "state=resume")


@pytest.mark.slow
async def test_what_slurm_ends_at_its_own_limit_is_told_from_what_is_lost(
    by_slurm: Settings, slurm_controller: Slurm, task: Path, tmp_path: Path
) -> None:
    missing = launcher_of(by_slurm(eval_program_path=str(task / "evaluate.py"), agent_python="/no/such/python"))
    refused = launcher_of(by_slurm(eval_program_path=str(task / "evaluate.py"), partition="nowhere"))
    try:
        job = await submitted(missing, tmp_path / "gen_1", "score = 1.0", task / "evaluate.py")
        with pytest.raises(LaunchError, match=r"ended as FAILED.*left no outcome(.|\n)*/no/such/python"):
            await asyncio.wait_for(missing.result(job), SOON)
        with pytest.raises(LaunchError, match="invalid partition"):
            await submitted(refused, tmp_path / "gen_2", "score = 1.0", task / "evaluate.py")
    finally:
        await missing.close()
        await refused.close()
