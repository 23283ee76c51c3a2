"""A generation with stages, repeats and a repair is cut off at each of its rows, before and after it is written."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from flows.generation import run_generation
from shinka_core import generation as steps
from shinka_core.errors import RunStoppedError
from shinka_core.program import Evaluation, Job, Program
from shinka_core.run import Run, open_run
from shinka_core.settings import RunSettings
from tests.flows.test_evaluating import full
from tests.shinka_core.test_resume_settings import make_task, settings
from tests.support.bare import FakeLauncher
from tests.support.model_server import ModelServer, Script
from tests.support.runs import rows, settings_for

STAGES = [{"name": "quick", "continue_above": 0.5}, {"name": "full", "repeats": 2}]
CUT = "cut off here"


class Scripted(FakeLauncher):
    """Evaluates by the text, and forgets everything with its process, as a machine that is switched off."""

    def __init__(self, ended: Counter[str]) -> None:
        super().__init__()
        self.ended = ended

    async def result(self, job: Job) -> Evaluation:
        text = Path(job.program_path).read_text()
        self.ended[f"{'crash' if 'crash' in text else 'fine'} {Path(job.results_dir).name}"] += 1
        if "crash" in text:
            return Evaluation(None, False, error="NameError: crash", reason="crashed", seconds=1.0)
        return Evaluation(1.0 + job.repeat, True, seconds=1.0)


def cut_at(run: Run, row: int, before: bool, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Lets the process end at that row of the journal; returns the rows that were to be written."""
    write, seen = run.database.journal.write, list[Any]()

    def writing(*what: Any) -> asyncio.Future[None]:
        seen.append(what)
        if len(seen) != row + 1:
            return write(*what)
        if before:
            raise RunStoppedError(CUT)
        written, lost = write(*what), asyncio.get_running_loop().create_future()
        written.add_done_callback(lambda _: lost.set_exception(RunStoppedError(CUT)))
        return lost

    monkeypatch.setattr(run.database.journal, "write", writing)
    return seen


async def live(given: RunSettings, launcher: FakeLauncher, row: int, before: bool, monkeypatch: Any) -> Program | int:
    """One process; returns the program, or the number of rows when it was cut off."""
    async with open_run(given, resume="auto") as run:
        run.launcher = launcher  # type: ignore[assignment]
        if not len(run.database):
            seed = await steps.open_generation(run, 0)
            await steps.embed_seed(seed)
            await steps.record(seed, None, steps.seed_candidate(run), Evaluation(0.75, True))
        with monkeypatch.context() as patched:
            seen = cut_at(run, row, before, patched)
            try:
                program = await run_generation(await steps.open_generation(run, 1))
            except RunStoppedError:
                return len(seen)
        assert isinstance(program, Program)
        return program


def content(program: Program) -> Program:
    return replace(program, id="", parent_id="")


@pytest.mark.filterwarnings("ignore:Logger .prefect:UserWarning")  # its task runs have no flow run
@pytest.mark.slow
@pytest.mark.parametrize("stride", [1, 6])
async def test_wherever_it_is_cut_off_it_comes_to_the_same_and_nothing_is_paid_or_evaluated_twice(
    tmp_path: Path, prefect_api: str, prefect_home: Path, monkeypatch: pytest.MonkeyPatch, stride: int
) -> None:
    def answer(messages: list[dict[str, str]], _: int) -> str:
        return full("2.0" if "NameError: crash" in messages[-1]["content"] else "crash")

    evolve = {
        "num_generations": 1, "llm_models": ["m"], "patch_types": ["full"], "patch_type_probs": [1.0], "max_repairs": 1,
        "llm_prices": {"m": {"input": 1, "output": 1}},
    }  # fmt: skip
    task, whole, rows_of_it = make_task(tmp_path / "task"), Counter[str](), 0
    (task / "initial.py").write_text("# EVOLVE-BLOCK-START\nVALUE = 1.0\n# EVOLVE-BLOCK-END\n")
    with settings_for(prefect_api, prefect_home):
        row = -1
        while row < max(rows_of_it, 1):
            for before in (True, False):
                folder = tmp_path / f"{row}-{before}"
                async with ModelServer(Script(answer=answer)) as server:
                    given = settings(folder, task, evolve=evolve | {"llm_base_url": server.url}, job={"stages": STAGES})
                    ended = Counter[str]()
                    first = await live(given, Scripted(ended), row, before, monkeypatch)
                    if row < 0:
                        assert isinstance(first, Program)
                        expected, whole = first, ended
                        rows_of_it = len(rows(folder, "SELECT 1 FROM generation_steps WHERE generation = 1"))
                        continue
                    # What costs nothing to repeat is not waited for, and its fault is heard a row later.
                    assert isinstance(first, int)
                    assert row < first <= row + 2
                    program = await live(given, Scripted(ended), -1, before, monkeypatch)
                    assert isinstance(program, Program)
                    assert content(program) == content(expected)
                    assert len(server.requests) == 2
                    steps_of_it = rows(folder, "SELECT step, payload FROM generation_steps WHERE generation = 1")
                    ended_twice = ended - whole
                    assert whole == ended - ended_twice
                    assert ended_twice.total() <= (1 if before else 0)
                    assert len([step for step, _ in steps_of_it if step == "evaluated"]) == whole.total()
            row += 1 if row < 0 else stride
    assert whole == {"crash results-quick": 1, "fine results-quick": 1, "fine results": 1, "fine results.2": 1}
    assert rows_of_it == 13
    assert (expected.score, expected.public_metrics["evaluation_repeats"]) == (1.5, 2)
