"""Evaluations in threads of this process: what comes of them, and what cannot be done about them."""

from __future__ import annotations

import asyncio
import threading
import time
from pathlib import Path

import pytest

from shinka_core import generation as steps
from shinka_core.config import DatabaseConfig, EvolutionConfig, InProcessJobConfig, LocalJobConfig
from shinka_core.errors import ConfigError, LaunchError
from shinka_core.launch import EvaluationRequest, JobState, Launcher, check_job, in_process, launcher_of
from shinka_core.program import Evaluation
from shinka_core.run import open_run
from shinka_core.settings import RunSettings
from tests.support.runs import rows

PACKING = Path(__file__).parents[3] / "examples" / "circle_packing"
# The program is what the function does.
BODY = """
import json, pathlib, runpy, sys, time
def evaluate(program_path, results_dir, **given):
    out = pathlib.Path(results_dir)
    scope = dict(out=out, json=json, sys=sys, time=time, given=given)
    exec(compile("def function():\\n " + pathlib.Path(program_path).read_text().replace("\\n", "\\n "), program_path, "exec"), scope)
    return scope["function"]()
"""


def config_in(folder: Path, **fields: object) -> InProcessJobConfig:
    (folder / "evaluate.py").write_text(BODY)
    return InProcessJobConfig(eval_program_path=str(folder / "evaluate.py"), **fields)  # type: ignore[arg-type]


async def run(launcher: Launcher, config: InProcessJobConfig, code: str, name: str = "gen_1") -> Evaluation:
    folder = Path(config.eval_program_path).parent / name
    folder.mkdir(exist_ok=True)
    (folder / "main.py").write_text(code)
    job = await launcher.submit(EvaluationRequest.of(config, folder / "main.py", folder / "results"))
    return await launcher.result(job)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("return {'combined_score': 2.0, 'public': {'a': 1}}", (2.0, True, "")),
        ("return {'combined_score': 2.0}, False, 'circles overlap'", (2.0, False, "not_correct")),
        ("(out / 'metrics.json').write_text('{\"combined_score\": 3}'); (out / 'correct.json').write_text('{\"correct\": true}')",
         (3.0, True, "")),
        ("(out / 'metrics.json').write_text('{\"combined_score\": 3}'); (out / 'correct.json').write_text('{\"correct\": true}'); sys.exit(0)",
         (3.0, True, "")),
        ("return {'combined_score': float(given['sleep'])}", (0.25, True, "")),
        ("pass", (None, False, "no_result")),
        ("return 3.0", (None, False, "bad_result")),
        ("return {'combined_score': object()}", (None, False, "bad_result")),
        ("return {'combined_score': float('inf')}", (None, False, "bad_score")),
        ("sys.exit(1)", (None, False, "crashed")),
        ("raise KeyboardInterrupt", (None, False, "crashed")),
        ("import shutil; shutil.rmtree(out); 1 / 0", (None, False, "crashed")),
    ],
)  # fmt: skip
async def test_what_the_function_writes_or_returns_is_the_result(
    tmp_path: Path, code: str, expected: tuple[float | None, bool, str]
) -> None:
    config = config_in(tmp_path, extra_cmd_args={"sleep": 0.25})
    found = await run(launcher_of(config), config, code)
    assert (found.score, found.correct, found.reason) == expected, found.error


async def test_a_function_of_the_path_alone_returns_numbers_by_name_and_its_score_may_be_named(tmp_path: Path) -> None:
    text = (
        "import numpy as np\nasync def evaluate(program_path, size=1):\n"
        "    return {'metrics': {'overall': np.float64(size), 'lag': 2}, 'artifacts': {'log': 'slow'}}\n"
    )
    (tmp_path / "evaluator.py").write_text(text)
    config = InProcessJobConfig(
        eval_program_path=str(tmp_path / "evaluator.py"), score="overall", extra_cmd_args={"size": 3}
    )
    check_job(config)
    found = await run(launcher_of(config), config, "")
    assert (found.score, found.correct, found.feedback.artifacts) == (3.0, True, {"log": "slow"}), found.error
    config = config.model_copy(update={"score": None})
    found = await run(launcher_of(config), config, "")
    assert (found.reason, "it returned overall, lag: say which" in found.error) == ("no_score", True)


@pytest.mark.slow
async def test_a_program_in_python_is_ended_at_its_time_limit_and_one_that_sleeps_elsewhere_is_left_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(in_process, "GRACE", 0.2)
    config = config_in(tmp_path, time=0.3)
    launcher = launcher_of(config)
    before = threading.active_count()
    found = await run(launcher, config, "while True: pass")
    assert (found.reason, "0.3 seconds (job.time)" in found.error) == ("timeout", True)
    async with asyncio.timeout(10):
        while threading.active_count() > before + 1:  # the one that writes files stays
            await asyncio.sleep(0.05)
    for number in range(in_process.MOST_LEFT):
        assert (await run(launcher, config, "return {'combined_score': 1.0}")).correct, "the others go on"
        assert (await run(launcher, config, "time.sleep(5)", f"gen_{number}")).reason == "timeout"
    with pytest.raises(LaunchError, match=r"4 evaluations go on .* kind: local"):
        await run(launcher, config, "return {'combined_score': 1.0}")
    await asyncio.sleep(5)  # they end after all
    assert (await run(launcher, config, "return {'combined_score': 1.0}")).correct


async def test_one_runs_after_the_other_and_its_time_counts_from_its_beginning(tmp_path: Path) -> None:
    config = config_in(tmp_path, time=1.5)
    launcher = launcher_of(config)
    found = await asyncio.gather(
        *(run(launcher, config, "time.sleep(0.4); return {'combined_score': 1.0}", f"gen_{n}") for n in range(5))
    )
    assert all(each.correct and each.seconds < 1.0 for each in found)


async def test_the_example_gives_what_it_gives_in_a_process_of_its_own(tmp_path: Path) -> None:
    found = []
    for kind in (InProcessJobConfig, LocalJobConfig):
        config = kind(eval_program_path=str(PACKING / "evaluate.py"))
        check_job(config)
        launcher = launcher_of(config)
        request = EvaluationRequest.of(config, PACKING / "initial.py", tmp_path / kind.__name__ / "results")
        (tmp_path / kind.__name__).mkdir()
        found.append(await launcher.result(await launcher.submit(request)))
        await launcher.close()
    here, there = found
    assert here.correct
    assert (here.score, here.text_feedback) == (there.score, there.text_feedback)


async def test_what_was_under_way_when_the_run_was_killed_is_run_again(tmp_path: Path) -> None:
    config = config_in(tmp_path)
    (tmp_path / "initial.py").write_text("time.sleep(0.5); return {'combined_score': 1.0}")
    evolution = EvolutionConfig(num_generations=1, init_program_path=str(tmp_path / "initial.py"), embedding_model=None)
    chosen = RunSettings("here", tmp_path / "r", evolution, config, DatabaseConfig(), 1, 1)
    async with open_run(chosen) as first:
        opened = await steps.open_generation(first, 0)
        seed = steps.seed_candidate(first)
        evaluation = await steps.evaluate(opened, await steps.submit(opened, seed.source))
        await steps.record(opened, None, seed, evaluation)
        opened = await steps.open_generation(first, 1)
        job = await steps.submit(opened, steps.seed_candidate(first).source)
        assert await first.launcher.find(job) is JobState.RUNNING
    async with open_run(chosen, resume=True) as second:
        assert await second.launcher.find(job) is JobState.GONE
        opened = await steps.open_generation(second, 1)
        again = await steps.submit(opened, steps.seed_candidate(second).source)
        assert (await steps.evaluate(opened, again)).correct
    assert again.id != job.id
    assert rows(
        tmp_path / "r", "SELECT count(*) FROM generation_steps WHERE step = 'submitted' AND generation = 1"
    ) == [(2,)]


@pytest.mark.parametrize(
    ("text", "fields", "words"),
    [
        ("x = 1", {}, "has no function for kind: in_process; give it `def evaluate(program_path, results_dir)`"),
        ("def evaluate(): pass", {}, "has no function"),
        ("def main(arguments): pass", {}, "has no function"),
        ("x = ", {}, "is no Python"),
        ("import nothing_of_this_name\ndef main(a, b): pass", {}, "cannot be imported: ModuleNotFoundError"),
        ("def main(a, b): pass", {"function": "score"}, "no function 'score' of"),
        ("def main(a, b): pass", {"seed_variable": "SEED", "repeats": 2}, "seed_variable='SEED' cannot be set"),
    ],
)
def test_an_evaluator_that_cannot_be_called_is_told_with_the_remedy(
    tmp_path: Path, text: str, fields: dict[str, object], words: str
) -> None:
    (tmp_path / "evaluate.py").write_text(text)
    config = InProcessJobConfig(eval_program_path=str(tmp_path / "evaluate.py"), **fields)  # type: ignore[arg-type]

    def both() -> None:
        check_job(config)
        launcher_of(config)

    with pytest.raises(ConfigError) as told:
        both()
    assert words in str(told.value)


async def test_an_evaluation_costs_little_more_than_its_function(tmp_path: Path) -> None:
    config = config_in(tmp_path)
    launcher = launcher_of(config)
    await run(launcher, config, "return {'combined_score': 1.0}")
    began = time.monotonic()
    for _ in range(20):
        await run(launcher, config, "return {'combined_score': 1.0}")
    assert (time.monotonic() - began) / 20 < 0.1, "starting an interpreter alone takes longer on a busy machine"
