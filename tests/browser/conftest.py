"""A real run whose programs, answers and evaluator say what would harm a page that believed them."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.flows.test_generation import runner
from tests.support.model_replies import patch_for
from tests.support.model_server import ModelServer, Script
from tests.support.runs import TASK, settings_for

HOSTILE = (
    "</script><script>document.documentElement.dataset.harmed='yes'</script>"
    "<img src=x onerror=\"document.documentElement.dataset.harmed='yes'\">"
    " \u202egnp.elif \u2066 \u200b \x1b[2J\x1b]0;title\x07 \x9b31m {{7*7}} ${1} <!-- --> &lt;b&gt; \ufeff "
)
EVALUATOR = """
import argparse, json, os, re
parser = argparse.ArgumentParser()
for name in ("program_path", "results_dir"):
    parser.add_argument("--" + name)
a = parser.parse_args()
number = int(re.search(r"gen_(\\d+)", a.program_path).group(1))
hostile = HOSTILE
correct = number % 5 != 3
if number % 7 == 6:
    raise SystemExit(hostile)
metrics = {"combined_score": 1.0 + number / 8, "public": {"length": number, hostile[:60]: hostile}, "text_feedback": hostile}
for name, value in (("metrics", metrics), ("correct", {"correct": correct, "error": None if correct else hostile})):
    with open(os.path.join(a.results_dir, name + ".json"), "w") as file:
        json.dump(value, file)
"""
GENERATIONS = 40


def answer(messages: list[dict[str, str]], number: int) -> str:
    if number % 6 == 5:
        return f"I would rather say {HOSTILE}"
    patch = patch_for(messages, number)
    return patch.replace("<DESCRIPTION>Moves", f"<DESCRIPTION>{HOSTILE.replace('<', '(')} Moves").replace(
        ">change_", f">change {HOSTILE[:80].replace('<', '(')} "
    )


@pytest.fixture(scope="session")
def hostile_run(tmp_path_factory: pytest.TempPathFactory, prefect_api: str, prefect_home: Path) -> Path:
    """The results folder of the run."""
    folder = tmp_path_factory.mktemp("hostile")
    task = folder / "task <i>"
    task.mkdir()
    (task / "initial.py").write_text((TASK / "initial.py").read_text() + f"# {HOSTILE[:90]!a}\n# \u202e </script>\n")
    (task / "evaluate.py").write_text(EVALUATOR.replace("HOSTILE", ascii(HOSTILE)))

    async def run() -> None:
        async with ModelServer(Script(answer=answer)) as server:
            from flows.runner import AsyncEvolutionRunner
            from shinka_core.config import EvolutionConfig, LocalJobConfig

            await AsyncEvolutionRunner(
                EvolutionConfig(
                    init_program_path=str(task / "initial.py"), results_dir=str(folder / "results"),
                    num_generations=GENERATIONS, llm_models=["m"], llm_base_url=server.url, max_patch_attempts=1, max_patch_resamples=1,
                    llm_prices={"m": {"input": 1.0, "output": 2.0}}, max_parallel_jobs=2,
                ),
                LocalJobConfig(eval_program_path=str(task / "evaluate.py")),
                verbose=False, name="hostile <b>run</b>",
            ).run()  # fmt: skip

    with settings_for(prefect_api, prefect_home):
        asyncio.run(run())
    return folder / "results"


__all__ = ["runner"]
