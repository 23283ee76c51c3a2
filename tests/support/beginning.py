"""What a run begins with, done without the pool and its server's flow runs: a flow around the seed programs alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from prefect import flow

from flows.generation import generation
from flows.open_runs import registered
from flows.seed import evaluate_seeds
from shinka_core.config import DatabaseConfig, EvolutionConfig, InProcessJobConfig
from shinka_core.outcome import Outcome
from shinka_core.program import Program
from shinka_core.run import Run
from shinka_core.settings import RunSettings

# Notes every program that it is called with; a program has to define `value`, a number that is not negative.
EVALUATOR = """
import pathlib, runpy
LOG = pathlib.Path(__file__).with_name("evaluated")

def evaluate(program_path, results_dir):
    with LOG.open("a") as log:
        log.write(pathlib.Path(program_path).parent.name + "\\n")
    found = runpy.run_path(program_path)
    if "value" not in found:
        raise KeyError("the program defines no value")
    good = found["value"] >= 0
    return {"combined_score": float(found["value"])}, good, "" if good else "value is negative"
"""


def program_of(value: float, extra: str = "") -> str:
    return f"# EVOLVE-BLOCK-START\n{extra}value = {value}\n# EVOLVE-BLOCK-END\n"


def task_in(folder: Path, **programs: str) -> None:
    """Writes an evaluator and programs, each by the name of its file."""
    folder.mkdir(exist_ok=True)
    (folder / "evaluate.py").write_text(EVALUATOR)
    for name, text in programs.items():
        (folder / f"{name}.py").write_text(text)


def settings_of(folder: Path, *, islands: int = 2, results: str = "results", **evolution: Any) -> RunSettings:
    fields: dict[str, Any] = {
        "num_generations": 8, "init_program_path": str(folder / "initial.py"), "unknown_prices": "warn", "llm_retries": 0,
    }  # fmt: skip
    return RunSettings(
        f"seeds-{folder.name}-{results}",
        folder / results,
        EvolutionConfig(**fields | evolution),
        InProcessJobConfig(eval_program_path=str(folder / "evaluate.py")),
        DatabaseConfig(num_islands=islands),
        max_evaluation_jobs=1,
    )


class Runs:
    """Generations without flow runs of their own."""

    def __init__(self, run: Run) -> None:
        self._run = run

    async def end_of(self, number: int) -> Outcome:
        await generation.fn(self._run.evolution, number)
        return self._run.ends.pop(number)


async def begin(run: Run, *more: int) -> list[Program | None]:
    """Evaluates the seed programs, then makes more generations; returns the programs of the former."""
    runs: Any = Runs(run)

    async def write(numbers: list[int]) -> None:
        for number in numbers:
            if not run.control.stopping:
                await runs.end_of(number)

    @flow(name="begun", validate_parameters=False, persist_result=False)
    async def begun() -> None:
        with registered(run):
            await evaluate_seeds(run, runs, await run.database.journal.final(), write)
            for number in more:
                await runs.end_of(number)

    await begun()
    return [await run.database.by_generation(number) for number in range(len(run.seeds))]


def evaluated(folder: Path) -> list[str]:
    """The folders of the programs that were evaluated, in that order."""
    log = folder / "evaluated"
    return log.read_text().splitlines() if log.exists() else []
