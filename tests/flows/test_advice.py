"""Advice and system prompts in whole runs: seen in the UI and in the results, paid apart, and whole after every kill."""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest
import yaml

from shinka_core.database import EvolutionReader
from shinka_core.program import NO_GENERATION
from shinka_core.prompts.proposal import ADVICE, RULES
from tests.flows.test_meta import metas
from tests.flows.test_review import EVALUATOR, runner
from tests.support.advised import Counsel, kind_of
from tests.support.model_server import ModelServer, Script
from tests.support.prefect import ROOT, environment_for
from tests.support.runs import rows, settings_for

PRICES = {"m": {"input": 1.0, "output": 1.0}}
SETTINGS: dict[str, Any] = {
    "advice": {"name": "recommendations", "every": 3}, "system_prompts": {"every": 4, "trials": 1}, "llm_prices": PRICES,
}  # fmt: skip
WRITTEN = "SELECT id, text, details FROM "
SAMPLED = "SELECT generation, attempt, payload FROM generation_steps WHERE step = 'sampled' ORDER BY id"


def shown(results: Path) -> dict[tuple[int, int], tuple[str, str]]:
    """The advice and the opening that each sampling names, in words."""
    words = {
        name: text for table in ("advice", "system_prompts") for name, text, _ in rows(results, WRITTEN + table)
    }  # fmt: skip
    found: dict[tuple[int, int], tuple[str, str]] = {}
    for generation, attempt, payload in rows(results, SAMPLED):
        sampled = json.loads(payload)
        names = (sampled.get("advice_id"), sampled.get("system_prompt_id"))
        advice, opening = ("" if name is None else words[name] for name in names)
        found[generation, attempt] = advice, opening
    return found


async def check_prompts(results: Path) -> Counter[bool]:
    """Whether each prompt shows what its sampling names; how many show advice and how many none."""
    named, counts = shown(results), Counter[bool]()
    async with EvolutionReader.open(results) as reader:
        async for call in reader.calls(texts=True):
            if call.generation == NO_GENERATION or call.purpose != "proposal":
                continue
            advice, opening = named[call.generation, call.attempt]
            assert call.messages is not None
            system = call.messages[0][1]
            assert system.startswith(f"{opening} {RULES}\n\n")
            assert system.endswith(f"{ADVICE}\n{advice}") if advice else ADVICE not in system
            counts[bool(advice)] += 1
    return counts


@pytest.mark.slow
async def test_a_run_shows_what_it_learned_and_says_what_that_cost(
    tmp_path: Path, prefect_api: str, prefect_home: Path
) -> None:
    async with ModelServer(Script(latency=0.05, answer=Counsel())) as server:
        with settings_for(prefect_api, prefect_home):
            summary = await runner(tmp_path, server.url, None, num_generations=10, **SETTINGS).run()
    assert (summary.programs, summary.stopped_early) == (11, "")
    assert summary.costs["advice"] > 0
    assert summary.costs["system_prompt"] > 0
    assert sum(summary.costs.values()) == pytest.approx(summary.cost)
    ended = metas(prefect_api, summary.evolution)
    assert ended["advice 3"] == ("COMPLETED", "at 3 programs")
    assert ended["system_prompts 4"] == ("COMPLETED", "at 4 programs")
    counts = await check_prompts(tmp_path / "r")
    assert counts[True]
    assert counts[False]
    page = (tmp_path / "r" / "advice.md").read_text()
    assert "## After 3 programs" in page
    assert "Try one thing (1)." in page
    uses = sum(count for (count,) in rows(tmp_path / "r", "SELECT uses FROM advice"))
    assert uses == counts[True]
    assert "## 1 (after " in (tmp_path / "r" / "system_prompts.md").read_text()


# Seconds from a question about the search to the kill, and those to its answer.
KILLS = (0.05, 0.3, 0.1, 0.5)
LATENCY = 0.2
GENERATIONS = 40


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_kills_leave_no_question_asked_twice_and_no_turn_half_done(
    tmp_path: Path, prefect_api: str, prefect_home: Path
) -> None:
    task, results = tmp_path / "task", tmp_path / "r"
    task.mkdir()
    (task / "initial.py").write_text("# EVOLVE-BLOCK-START\nx = 0.5\ny = 1.25\nz = 7\n# EVOLVE-BLOCK-END\n")
    (task / "evaluate.py").write_text(EVALUATOR)
    counsel = Counsel()
    async with ModelServer(Script(latency=LATENCY, answer=counsel)) as server:
        evolution = {"llm_models": ["m"], "llm_base_url": server.url, "num_generations": GENERATIONS} | SETTINGS
        (task / "evolve.yaml").write_text(yaml.safe_dump({"evolution": evolution, "job": {"kind": "in_process"}}))
        command = ["flows/evolve.py", str(task), "--results", str(results), "--max-proposal-jobs", "2"]
        for life, pause in enumerate((*KILLS, None)):
            before = len(counsel.asked)
            process = await asyncio.create_subprocess_exec(
                sys.executable, *command, *(["--resume"] if life else []), cwd=ROOT,
                env=environment_for(prefect_api, prefect_home), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
            )  # fmt: skip
            if pause is None:
                output, _ = await asyncio.wait_for(process.communicate(), 500)
                assert process.returncode == 0, output.decode()[-3000:]
                break
            async with asyncio.timeout(120):
                while len(counsel.asked) == before:
                    await asyncio.sleep(0.01)
            await asyncio.sleep(pause)
            process.kill()
            await process.wait()
    assert rows(results, "SELECT count(*) FROM programs") == [(GENERATIONS + 1,)]
    keys = "SELECT purpose, attempt, turn, count(*) FROM model_calls WHERE status = 'answered' AND generation < 0 GROUP BY 1, 2, 3"
    answered = rows(results, keys)
    assert {times for *_, times in answered} == {1}
    assert len(counsel.asked) > len(answered), "some were on their way when a kill came"
    # Whatever was asked again after a kill was asked in the same words.
    asked: dict[tuple[str, str], set[str]] = defaultdict(set)
    for body in server.bodies:
        if kind := kind_of(body["messages"]):
            words = body["messages"][1]["content"]
            asked[kind, words.split(" programs are recorded")[0].rsplit(" ", 1)[-1].rsplit("\n", 1)[-1]].add(words)
    assert all(len(several) == 1 for several in asked.values())
    turns: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for _, _, details in rows(results, WRITTEN + "advice ORDER BY id"):
        turns[json.loads(details)["recorded"]].append(json.loads(details))
    assert len(turns) >= 3
    assert all([one["number"] for one in points] == list(range(points[0]["of"])) for points in turns.values())
    begun = rows(results, "SELECT attempt, turn FROM generation_steps WHERE step = 'periodic:advice'")
    for number in turns:
        assert (number, 0) in begun
    counts = await check_prompts(results)
    assert counts[True] >= 5
    assert counts[False]
