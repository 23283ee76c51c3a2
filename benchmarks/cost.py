"""What proposals cost: prompt tokens, and what share of them a provider's cache has read before.

The same task and the same scripted model for all; the server counts (`tests/support/prompt_cache.py`), so what is measured
is the prompts alone, whoever makes them. A token is four characters there: the figures compare, and are no bills.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from benchmarks.model import scripted_model, statistics_of
from benchmarks.table import Row
from tests.support.prefect import ROOT

TASK = ROOT / "examples" / "circle_packing"
GENERATIONS = 100
# Seconds of one run: slow machines measure fewer prompts of a peer.
LONGEST = 1_200.0
PEERS = {"shinka": "ShinkaEvolve", "openevolve": "OpenEvolve"}


def measured(environments: Path | None, generations: int = GENERATIONS) -> Iterator[Row]:
    """A row for each operator of ours, for ours as a whole, and for each peer that there is an environment for.

    Args:
        environments: The folder PEERS; None measures ours alone.
    """
    with tempfile.TemporaryDirectory(prefix="bench-cost-") as name:
        yield from _ours(Path(name), generations)
    for peer, called in PEERS.items():
        python = None if environments is None else environments / peer / "bin" / "python"
        if python is None or not python.exists():
            print(f"{peer}: left out, there is no environment of it in PEERS", file=sys.stderr)
            continue
        with tempfile.TemporaryDirectory(prefix="bench-cost-") as name, scripted_model(0.05, cache=True) as url:
            options = {
                "generations": generations, "evaluation": 0.0, "width": 4, "novelty": False, "kind": "local",
                "url": url, "results": f"{name}/results", "task": str(TASK), "told": _told(),
                "evaluator": f"{name}/evaluator.py", "operators": {"diff": 0.6, "full": 0.3, "cross": 0.1},
            }  # fmt: skip
            Path(name, "evaluator.py").write_text(EVALUATOR.format(path=str(TASK / "evaluate.py")))
            driver = Path(__file__).parent / "peers" / f"{peer}_driver.py"
            try:
                _run([str(python), str(driver), json.dumps(options)], Path(name))
            except subprocess.TimeoutExpired:
                print(f"{peer}: ended after {LONGEST:.0f} s; its row tells of the prompts until then", file=sys.stderr)
            yield tokens_row(called, "all", tokens_read(url))


def tokens_read(url: str) -> list[tuple[int, int]]:
    """Tokens and cached tokens of every prompt that a scripted model was sent, whoever sent it."""
    return [(tokens, cached) for tokens, cached in statistics_of(url)["read"]]


def tokens_row(system: str, operator: str, read: list[tuple[int, int]]) -> Row:
    """A row of the table from tokens and cached tokens of some prompts."""
    tokens, cached = (sum(column) for column in zip(*read, strict=True)) if read else (0, 0)
    fresh = tokens - cached
    return {
        "system": system,
        "operator": operator,
        "prompts": len(read),
        "tokens/prompt": round(tokens / max(len(read), 1)),
        "cached": f"{cached / max(tokens, 1):.0%}",
        # What the price list asks for at the usual discounts of 50, 75 and 90 % on what was read before.
        **{f"paid at -{off}%": round((fresh + cached * (100 - off) / 100) / max(len(read), 1)) for off in (50, 75, 90)},
    }


# For peers that call a function of the evaluator's: the example's own judgement, without what it imports of us.
EVALUATOR = """import runpy, sys, types
sys.modules["shinka"] = types.ModuleType("shinka")
sys.modules["shinka.core"] = types.SimpleNamespace(run_shinka_eval=None)
own = runpy.run_path({path!r}, run_name="evaluator")

def evaluate(program_path):
    result = runpy.run_path(program_path, run_name="program")["run_packing"]()
    metrics = own["aggregate"]([result]) if own["validate"](result)[0] else {{"combined_score": 0.0}}
    return {{"combined_score": metrics["combined_score"], **metrics.get("public", {{}})}}
"""


def _told() -> str:
    """What the task says to the models, of its settings file."""
    return str(yaml.safe_load((TASK / "evolve.yaml").read_text())["evolution"]["task_sys_msg"])


def _run(command: list[str], folder: Path) -> None:
    # Without a path of ours, where a peer would find our package of its name.
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment = {name: value for name, value in kept.items() if not name.startswith("PREFECT_")}
    environment |= {"HOME": str(folder), "PREFECT_HOME": str(folder / "prefect"), "OPENAI_API_KEY": "none"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=LONGEST)
    if done.returncode:
        raise SystemExit(f"{command[1]} failed:\n{(done.stdout + done.stderr)[-3000:]}")


def _ours(folder: Path, generations: int) -> Iterator[Row]:
    with scripted_model(0.05, cache=True) as url:
        results, settings = folder / "results", yaml.safe_load((TASK / "evolve.yaml").read_text())
        settings["evolution"] |= {
            "llm_models": ["gpt-4o-mini"], "llm_base_url": url, "num_generations": generations, "embedding_model": None,
        }  # fmt: skip
        (folder / "evolve.yaml").write_text(yaml.safe_dump(settings))
        named = ["--config", str(folder / "evolve.yaml"), "--results", str(results), "--quiet"]
        _run([sys.executable, "flows/evolve.py", str(TASK), *named, "--max-proposal-jobs", "4"], folder)
        whole = tokens_read(url)
    by_operator = asyncio.run(_by_operator(results))
    for operator, read in sorted(by_operator.items()):
        yield tokens_row("ours", operator, read)
    yield tokens_row("ours", "all", whole)


async def _by_operator(results: Path) -> dict[str, list[tuple[int, int]]]:
    """Tokens and cached tokens of our own calls, by the operator that they were made for."""
    from shinka_core.database.reader import EvolutionReader
    from shinka_core.program import GenerationState

    found: dict[str, list[tuple[int, int]]] = defaultdict(list)
    async with EvolutionReader.open(results) as reader:
        operators: dict[tuple[int, int], Any] = {}
        async for generation in reader.generations():
            for step in await reader.steps(generation.number):
                if step.step == GenerationState.SAMPLED:
                    operators[generation.number, step.attempt] = step.payload["patch_type"]
        async for call in reader.calls():
            operator = operators.get((call.generation, call.attempt), call.purpose)
            found[str(operator)].append((call.usage.input_tokens, call.usage.cached_tokens))
    return found
