"""The example of several files: evolved without and with a model, killed and resumed, and what lies in its results."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from shinka_core.config import EvolutionConfig
from shinka_core.database.reader import EvolutionReader
from shinka_core.seed_program import read_seed_program
from shinka_core.source import Source
from shinka_core.source_folder import contents_of, holds
from tests.support.model_replies import current
from tests.support.model_server import ModelServer, Script
from tests.support.prefect import ROOT, environment_for
from tests.support.runs import begin, command, rows

TASK = ROOT / "examples" / "sensor_calibration"
SEED = read_seed_program(EvolutionConfig(init_program_path=str(TASK / "initial"))).source


async def stored(results: Path) -> dict[int, tuple[Source, float | None]]:
    async with EvolutionReader.open(results) as reader:
        return {
            program.generation: (await reader.source(program.id), program.score) async for program in reader.programs()
        }


def expect_results_of_the_database(results: Path) -> dict[int, tuple[Source, float | None]]:
    """Every program lies in its folder as it is in the database, and the best one in `best/`."""
    programs = asyncio.run(stored(results))
    for number, (source, _) in programs.items():
        assert holds(results / f"gen_{number}" / "program", contents_of(source)), number
        for path in ("main.py", "readings.bin"):
            assert source.find(path) == SEED.find(path), "what stays is the seed's, byte for byte"
    best = max(programs, key=lambda number: programs[number][1] or 0.0)
    about = json.loads((results / "best" / "about.json").read_text())
    assert about["score"] == programs[best][1]
    assert holds(results / "best" / "program", contents_of(programs[about["generation"]][0]))
    return programs


def test_the_readme_gives_the_score_of_the_seed_program(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, TASK / "evaluate.py", "--program_path", TASK / "initial", "--results_dir", tmp_path],
        check=True,
    )
    score = json.loads((tmp_path / "metrics.json").read_text())["combined_score"]
    assert f"score from {score:.2f} to" in (TASK / "README.md").read_text()
    data = SEED.find("readings.bin")
    assert data is not None
    assert len(base64.b64decode(data.text)) == 1_600


@pytest.mark.slow
def test_mutation_improves_both_modules_and_the_files_are_those_of_the_database(
    tmp_path: Path, prefect_api: str, prefect_home: Path
) -> None:
    results = tmp_path / "r"
    done = command(str(TASK), "--results", str(results), "--seed", "1", api=prefect_api, home=prefect_home)
    assert done.returncode == 0, done.stdout + done.stderr
    programs = expect_results_of_the_database(results)
    assert len(programs) == 41
    seed = programs[0][1]
    assert seed is not None
    assert max(score or 0.0 for _, score in programs.values()) > 1.2 * seed
    changed = {file.path for source, _ in programs.values() for file in source.files if file != SEED.find(file.path)}
    assert changed == {"curve.py", "smoothing.py"}
    ((count,),) = rows(results, "SELECT count(*) FROM sources WHERE path = '' AND language = 'data'")
    assert count == 1, "data is stored once"
    shown = (results / "best" / "seed_to_best.diff").read_text()
    assert re.findall(r"^\+\+\+ b/(.*)$", shown, re.MULTILINE)


def answer(messages: list[dict[str, str]], number: int) -> str:
    """Every third answer has a mistake that names a file; the others change one or both modules, each in its own way."""
    prompt = messages[-1]["content"] if len(messages) == 2 else messages[1]["content"]
    files = dict(re.findall(r"### FILE (\S+)\n```python\n(.*?)\n```", current(prompt), re.DOTALL))
    if number % 3 == 2 and len(messages) == 2:
        return "### FILE curves.py\n<<<<<<< SEARCH\n    x = 1\n=======\n    x = 2\n>>>>>>> REPLACE\n"
    edits: list[str] = []
    for path in ("curve.py", "smoothing.py")[: 1 + number % 2]:
        line = next(line for line in files[path].split("\n") if re.search(r"= -?\d+\.\d+$", line))
        moved = re.sub(r"-?\d+\.\d+$", lambda found: f"{float(found.group()) * (0.97 - number / 1000):.9f}", line)
        edits.append(f"**{path}**\n```python\n<<<<<<< SEARCH\n{line}\n=======\n{moved}\n>>>>>>> REPLACE\n```\n")
    return f"<NAME>moved_{number}</NAME>\n<DESCRIPTION>Moves constants.</DESCRIPTION>\n" + "\n".join(edits)


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_a_model_edits_files_by_their_names_and_a_killed_run_goes_on(
    tmp_path: Path, prefect_api: str, prefect_home: Path
) -> None:
    results = tmp_path / "r"

    async def lives() -> list[list[dict[str, str]]]:
        async with ModelServer(Script(answer=answer, latency=0.1)) as server:
            arguments = [
                str(TASK), "--results", str(results), "--generations", "12", "--model", "m", "--base-url", server.url,
                "--max-proposal-jobs", "2",
            ]  # fmt: skip
            process = await asyncio.to_thread(lambda: begin(*arguments, api=prefect_api, home=prefect_home))
            until = time.monotonic() + 60
            while len(list(results.glob("gen_*/results/correct.json"))) < 4 and time.monotonic() < until:
                await asyncio.sleep(0.05)
            process.send_signal(signal.SIGKILL)
            await asyncio.to_thread(process.wait)
            assert process.stdout is not None
            process.stdout.close()
            before = rows(results, "SELECT count(*) FROM programs")[0][0]
            assert 0 < before < 13
            (results / "gen_1" / "program" / "smoothing.py").unlink(missing_ok=True)  # the database alone has it all
            again = await asyncio.create_subprocess_exec(
                sys.executable, "flows/evolve.py", "--resume", "--results", str(results),
                cwd=ROOT, env=environment_for(prefect_api, prefect_home), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            )  # fmt: skip
            output, _ = await again.communicate()
            assert again.returncode == 0, output.decode()
            return [body["messages"] for body in server.bodies]

    asked = asyncio.run(lives())
    programs = asyncio.run(stored(results))
    assert len(programs) == 13
    for number, (source, _) in programs.items():
        if number != 1:
            assert holds(results / f"gen_{number}" / "program", contents_of(source))
    assert any("did you mean 'curve.py'?" in message["content"] for messages in asked for message in messages)
    assert all("readings.bin (1600 bytes of data)" in messages[1]["content"] for messages in asked)
    both = [
        diff
        for (diff,) in rows(results, "SELECT diff FROM program_texts")
        if diff.count("\n+++ b/") + diff.startswith("--- ") > 1
    ]
    assert both, "one answer changes two files"


SHAPED = "    return offset + slope * voltage + bend * voltage**2"
ADDS = f"""\
### FILE parts/shape.py
```python
def shape(voltage, bend):
    power = 2.0
    return bend * voltage**power
```
### FILE curve.py
<<<<<<< SEARCH
{SHAPED}
=======
    from parts.shape import shape

    return offset + slope * voltage + shape(voltage, bend)
>>>>>>> REPLACE
"""


def growing(messages: list[dict[str, str]], number: int) -> str:
    """Adds a file to a program that does not have it, and changes it in one that does."""
    power = re.search(r"    power = .*", current(messages[1]["content"]))
    if power is None:
        return ADDS
    return f"### FILE parts/shape.py\n<<<<<<< SEARCH\n{power.group()}\n=======\n    power = {2 + number / 100}\n>>>>>>> REPLACE\n"


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_a_model_adds_a_file_where_it_may_and_changes_it_later(
    tmp_path: Path, prefect_api: str, prefect_home: Path
) -> None:
    task, results = shutil.copytree(TASK, tmp_path / "task"), tmp_path / "r"
    (task / "evolve.yaml").write_text(
        "evolution: {allow_new_files: true, patch_types: [diff], patch_type_probs: [1]}\n"
        "database: {num_islands: 1, parent_selection_strategy: uniform}\n"
    )

    async def lives() -> str:
        async with ModelServer(Script(answer=growing)) as server:
            done = await asyncio.to_thread(
                lambda: command(
                    str(task), "--results", str(results), "--generations", "12", "--model", "m",
                    "--max-proposal-jobs", "1",
                    "--base-url", server.url, api=prefect_api, home=prefect_home,
                )
            )  # fmt: skip
            assert done.returncode == 0, done.stdout + done.stderr
            return server.bodies[0]["messages"][0]["content"]

    asked = asyncio.run(lives())
    assert "A source file may be added" in asked
    programs = expect_results_of_the_database(results)
    shapes = [file.text for source, _ in programs.values() if (file := source.find("parts/shape.py")) is not None]
    assert all(text.startswith("# EVOLVE-BLOCK-START\ndef shape") for text in shapes)
    assert len(set(shapes)) > 2, "it is added and then changed"
    ((failed,),) = rows(results, "SELECT count(*) FROM programs WHERE NOT correct")
    assert failed == 0
