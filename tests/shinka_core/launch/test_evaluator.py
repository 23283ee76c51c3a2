"""Evaluators run from a private copy, in their folder, as their user would run them; in any language."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from shinka_core.config import LocalJobConfig
from shinka_core.errors import ConfigError, EvaluatorChangedError
from shinka_core.launch import LocalLauncher, check_job
from shinka_core.program import Evaluation
from tests.shinka_core.launch.test_hostile import LEVELS
from tests.shinka_core.launch.test_local import EVALUATOR, Bench
from tests.support.launching import asked

# Tells about itself; without arguments it just does the same.
CURIOUS = """
import inspect, json, os, pathlib, sys
import helper
class Mine: pass
about = {
    "file": __file__, "argv": sys.argv[0], "path": sys.path[0], "cwd": os.getcwd(), "helper": helper.__file__,
    "name": __name__, "module": Mine.__module__, "main": sys.modules["__main__"].__file__, "globals": sorted(globals()),
    "source": inspect.getsource(Mine), "data": json.load(open("data.json")), "spec": __spec__ is None, "stdin": sys.stdin.read(),
}
out = pathlib.Path(sys.argv[4])
(out / "metrics.json").write_text(json.dumps({"combined_score": 1.0, "public": about}))
(out / "correct.json").write_text('{"correct": true}')
"""


def task(folder: Path, text: str, name: str = "evaluate.py") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)
    (folder / "data.json").write_text("[1, 2]")
    (folder / "helper.py").write_text("value = 1")
    return folder / name


async def run(evaluator: Path, code: str = "", **fields: Any) -> Evaluation:
    launcher = LocalLauncher(LocalJobConfig(eval_program_path=str(evaluator), **fields))
    generation = evaluator.parent.parent / "run" / "gen_1"
    generation.mkdir(parents=True, exist_ok=True)
    (generation / "main.py").write_text(code)
    try:
        return await launcher.result(
            await launcher.submit(asked(launcher, generation / "main.py", generation / "results"))
        )
    finally:
        await launcher.close()


async def as_its_user(evaluator: Path, results: Path) -> dict[str, Any]:
    results.mkdir()
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(evaluator), "--program_path", "p", "--results_dir", str(results),
        cwd=evaluator.parent, stdin=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    assert await process.wait() == 0
    return json.loads((results / "metrics.json").read_text())["public"]


@pytest.mark.parametrize("level", ["none", *LEVELS])
@pytest.mark.parametrize("where", ["plain", "linked-file", "linked-folder"])
async def test_an_evaluator_finds_itself_and_its_neighbours_as_when_its_user_runs_it(
    tmp_path: Path, level: str, where: str
) -> None:
    evaluator = task(tmp_path / "task", CURIOUS)
    if where == "linked-file":
        shared = task(tmp_path / "shared", CURIOUS)
        (shared.parent / "data.json").unlink()  # read from the folder that was named
        evaluator.unlink()
        evaluator.symlink_to(Path("..") / "shared" / "evaluate.py")
    elif where == "linked-folder":
        (tmp_path / "link").symlink_to("task")
        evaluator = tmp_path / "link" / "evaluate.py"
    expected = await as_its_user(evaluator, tmp_path / "by-hand")
    found = await run(evaluator, isolation=level)
    assert found.correct, found.error
    assert found.public_metrics == expected


@pytest.mark.parametrize("level", LEVELS)
async def test_all_evaluations_run_what_the_evaluator_was_and_nobodys_file_is_written(
    tmp_path: Path, level: str, caplog: pytest.LogCaptureFixture
) -> None:
    bench = Bench(tmp_path, isolation=level)
    mended = EVALUATOR.replace('"combined_score": score', '"combined_score": 1e9')
    (tmp_path / "evaluate.py").write_text(mended)  # by its author, during the run
    scores = [(await bench.run("result(2.0)", f"gen_{n}")).score for n in range(3)]
    assert scores == [2.0, 2.0, 2.0]
    assert (tmp_path / "evaluate.py").read_text() == mended
    told = [record.message for record in caplog.records if "is not what it was when this run began" in record.message]
    assert len(told) == 1


async def test_whoever_edits_the_evaluator_harms_nobody(tmp_path: Path) -> None:
    """One edits it and ends last, another is under way meanwhile, a third begins with it edited."""
    forged = EVALUATOR.replace('"combined_score": score', '"combined_score": 1e9')
    bench = Bench(tmp_path, isolation="limits")

    async def later(seconds: float, name: str, code: str) -> Evaluation:
        await asyncio.sleep(seconds)
        return await bench.run(code, name)

    culprit, victim, profiteer = await asyncio.gather(
        later(0.0, "gen_1", f"import time; open(sys.argv[0], 'w').write({forged!r}); time.sleep(1); result(1.0)"),
        later(0.2, "gen_2", "import time; time.sleep(0.4); result(2.0)"),
        later(0.4, "gen_3", "import time; time.sleep(0.8); result(3.0)"),
    )
    assert [found.score for found in (culprit, victim, profiteer)] == [1.0, 2.0, 3.0]
    assert all(found.correct for found in (culprit, victim, profiteer))
    (tmp_path / "evaluate.py").unlink()
    assert (await bench.run("result(4.0)", "gen_4")).score == 4.0


SHELL = """#!/bin/sh
while [ $# -gt 0 ]; do case $1 in --program_path) program=$2;; --results_dir) results=$2;; esac; shift 2; done
. "$program"
echo "{\\"combined_score\\": ${score:-0}, \\"public\\": {\\"cwd\\": \\"$PWD\\", \\"me\\": \\"$0\\", \\"data\\": $(cat data.json)}}" > "$results/metrics.json"
echo '{"correct": true, "error": null}' > "$results/correct.json"
"""


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("executable", [True, False])
async def test_an_evaluator_in_another_language_is_run_by_its_first_line(
    tmp_path: Path, level: str, executable: bool
) -> None:
    evaluator = task(tmp_path / "task", SHELL, "evaluate.sh")
    evaluator.chmod(0o755 if executable else 0o644)
    found = await run(evaluator, "score=2.5", isolation=level)
    assert (found.score, found.correct) == (2.5, True), found.error
    assert found.public_metrics == {"cwd": str(evaluator.parent), "me": str(evaluator), "data": [1, 2]}


@pytest.mark.parametrize("level", LEVELS)
async def test_an_evaluator_may_be_a_compiled_program(tmp_path: Path, level: str) -> None:
    evaluator = task(tmp_path / "task", "")
    evaluator = evaluator.rename(evaluator.with_name("judge"))
    evaluator.write_bytes(Path("/bin/ls").resolve().read_bytes())
    with pytest.raises(ConfigError, match="chmod"):
        await run(evaluator, isolation=level)
    evaluator.chmod(0o755)
    found = await run(evaluator, isolation=level)  # whatever it makes of our arguments, it was run
    assert found.reason == "crashed"
    assert "--program_path" in found.error


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("evaluate.xyz", "no first line", "first line such as"),
        ("evaluate.sh", "#!/nowhere/interpreter\n", "/nowhere/interpreter is not on this machine"),
    ],
)
def test_what_nothing_can_run_is_told_before_anything_is_spent(
    tmp_path: Path, name: str, text: str, words: str
) -> None:
    evaluator = task(tmp_path / "task", text, name)
    with pytest.raises(ConfigError, match=words):
        check_job(LocalJobConfig(eval_program_path=str(evaluator)))


@pytest.mark.parametrize("level", LEVELS)
async def test_a_link_that_became_a_text_is_taken_for_one(
    tmp_path: Path, level: str, caplog: pytest.LogCaptureFixture
) -> None:
    """As version control makes them where a file system has no links."""
    task(tmp_path / "shared", EVALUATOR)
    lost = task(tmp_path / "task", "../shared/evaluate.py")
    found = await run(lost, "result(2.0, public={'data': open('data.json').read()})", isolation=level)
    assert (found.score, found.public_metrics) == (2.0, {"data": "[1, 2]"}), found.error
    assert "was a link to" in caplog.text
    assert lost.read_text() == "../shared/evaluate.py"


@pytest.mark.parametrize("first", ["#!/usr/bin/env python3", "#!/nowhere/python3.9", "", "# -*- coding: utf-8 -*-"])
async def test_python_runs_with_the_interpreter_of_the_run_whatever_its_first_line_says(
    tmp_path: Path, first: str
) -> None:
    evaluator = task(tmp_path / "task", f"{first}\n{EVALUATOR}", "evaluate")
    found = await run(evaluator, "result(1.0, public={'by': sys.executable})")
    assert found.public_metrics == {"by": sys.executable}


async def test_one_that_runs_at_its_place_stops_the_run_when_it_is_changed(tmp_path: Path) -> None:
    """Only Python can be run from memory without a sandbox, and scores by two evaluators would not compare."""
    evaluator = task(tmp_path / "task", SHELL, "evaluate.sh")
    launcher = LocalLauncher(LocalJobConfig(eval_program_path=str(evaluator), isolation="limits"))
    program = tmp_path / "main.sh"
    program.write_text(f"score=1; echo '# forged' >> {evaluator}")
    job = await launcher.submit(asked(launcher, program, tmp_path / "results"))
    with pytest.raises(EvaluatorChangedError, match=r"evaluate\.sh was changed.*put it back"):
        await launcher.result(job)
    assert not await launcher.attach(job)
    with pytest.raises(EvaluatorChangedError):
        await launcher.submit(asked(launcher, program, tmp_path / "results"))
    evaluator.write_text(SHELL)
    program.write_text("score=3")
    assert (await launcher.result(await launcher.submit(asked(launcher, program, tmp_path / "results")))).score == 3.0
    await launcher.close()


@pytest.mark.parametrize("level", LEVELS)
async def test_workers_that_start_anew_find_the_evaluator(tmp_path: Path, level: str) -> None:
    text = f"import multiprocessing\n{EVALUATOR}".replace("exec(", "if __name__ == '__main__': exec(")
    evaluator = task(tmp_path / "task", "def double(x): return 2 * x\n" + text)
    code = "import __main__, multiprocessing as m\nwith m.get_context('spawn').Pool(1) as p: result(sum(p.map(__main__.double, [1, 2])))"
    found = await run(evaluator, code, isolation=level)
    assert found.score == 6, found.error


async def test_an_evaluator_that_writes_nothing_is_told_the_contract(tmp_path: Path) -> None:
    found = await run(task(tmp_path / "task", "print(1.5)"))
    assert "called with --program_path and --results_dir, and writes metrics.json and correct.json" in found.error


@pytest.mark.parametrize("level", LEVELS)
async def test_results_count_whatever_the_exit_code(tmp_path: Path, level: str) -> None:
    found = await Bench(tmp_path, isolation=level).run("result(2.0); sys.exit(3)")
    assert (found.score, found.correct) == (2.0, True)


def test_the_text_in_memory_cannot_be_written_to(tmp_path: Path) -> None:
    from shinka_core.launch.evaluator import Evaluator

    kept = Evaluator(str(task(tmp_path / "task", "pass")), None)
    with pytest.raises(OSError, match="not permitted"):
        os.pwrite(kept.descriptor, b"forged", 0)
    kept.close()
