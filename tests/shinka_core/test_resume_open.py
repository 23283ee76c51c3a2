"""What a resume finds under way or failed: seed programs that are mended, generations that are open, older databases."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import uuid
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from shinka_core import generation as steps
from shinka_core.config import BUILTIN_EMBEDDING, BUILTIN_MUTATE, DatabaseConfig
from shinka_core.database.ownership import _start_of, this_process
from shinka_core.errors import ConfigError, EndpointError, EvolutionExistsError
from shinka_core.llm.question import CallKey
from shinka_core.program import Evaluation, GenerationState, Job, Purpose
from shinka_core.run import Run, open_run
from shinka_core.settings import Resume, RunSettings
from shinka_core.source import Source
from shinka_core.whereabouts import find_run
from tests.shinka_core.database.old_schema import first_schema_file
from tests.shinka_core.test_resume_settings import PROGRAM, make_task, settings
from tests.support.bare import FakeLauncher, evolve
from tests.support.model_server import ModelServer, Script


class Broken(FakeLauncher):
    """Judges as an evaluator that is wrong does."""

    def __init__(self, **verdict: Any) -> None:
        super().__init__()
        self.verdict = verdict

    async def result(self, job: Job) -> Evaluation:
        return Evaluation(**{"score": None, "correct": False, "error": "no module named 'data'"} | self.verdict)


class CutOff(FakeLauncher):
    """Its evaluations do not end."""

    async def result(self, job: Job) -> Evaluation:
        await asyncio.sleep(3600)
        raise AssertionError


async def live(given: RunSettings, launcher: FakeLauncher, resume: Any = True) -> Run:
    async with open_run(given, resume=resume) as run:
        run.launcher = launcher
        await evolve(run)
        await run.database.finish("stopped")
    return run


async def read(run: Run, query: str) -> list[Any]:
    async with open_run(run.settings, resume=True) as again, again.database._engine.connect() as connection:
        return [tuple(row) for row in await connection.execute(text(query.format(f"evolution = '{run.evolution}'")))]


@pytest.fixture
def place(tmp_path: Path, database_url: str | None) -> dict[str, Any]:
    """A results folder and a database for one evolution."""
    return {
        "results": tmp_path / "r",
        "name": f"run-{uuid.uuid4().hex}",
        "database": {} if database_url is None else {"db_path": database_url},
    }


@pytest.mark.slow
@pytest.mark.parametrize("resume", [False, True, "auto"])
async def test_a_seed_program_without_a_result_is_evaluated_again_also_by_the_same_command(
    tmp_path: Path, place: dict[str, Any], resume: Any
) -> None:
    task, results = make_task(tmp_path / "task"), place.pop("results")
    await _only_seed(settings(results, task, evolve={"num_generations": 2}, **place), Broken(), False)
    (task / "evaluate.py").write_text("print('mended')\n")
    (task / "initial.py").write_text(PROGRAM.replace("0.125", "0.25"))
    given = settings(results, task, evolve={"num_generations": 3, "seed": 9}, **place)
    if not resume:
        found = await find_run(
            "initial.py", given.database, name=given.evolution, results_dir=results, resume=Resume.NO
        )
        assert found.place.name == given.evolution
    run = await live(given, FakeLauncher(), resume)
    seeds = await read(
        run, "SELECT correct, text FROM programs JOIN sources ON digest = source WHERE {} AND generation <= 0"
    )
    assert [(bool(correct), code) for correct, code in seeds] == [(True, PROGRAM.replace("0.125", "0.25"))]
    assert run.settings.evolve.seed == 9, "nothing had been drawn from the other one"
    with pytest.raises(EvolutionExistsError):
        await live(given, FakeLauncher(), False)


async def _only_seed(given: RunSettings, launcher: FakeLauncher, resume: Any) -> None:
    """As the flow does: a seed program without a result ends the run."""
    async with open_run(given, resume=resume) as run:
        run.launcher = launcher
        opened = await steps.open_generation(run, 0)
        candidate = steps.seed_candidate(run)
        evaluation = await steps.evaluate(opened, await steps.submit(opened, candidate.source))
        await steps.record(opened, None, candidate, evaluation)


@pytest.mark.slow
async def test_while_nothing_is_correct_a_mended_evaluator_evaluates_the_seed_program_again(
    tmp_path: Path, place: dict[str, Any]
) -> None:
    task, results = make_task(tmp_path / "task"), place.pop("results")
    measured = Broken(score=0.0, public_metrics={"violations": 1})
    first = await live(settings(results, task, evolve={"num_generations": 2}, **place), measured, False)
    assert await read(first, "SELECT DISTINCT patch_type FROM programs WHERE {} AND generation > 0") == [("fix",)]
    same = await live(settings(results, None, evolve={"num_generations": 2}, **place), FakeLauncher())
    assert await read(same, "SELECT correct FROM programs WHERE {} AND generation = 0") in ([(0,)], [(False,)])
    (task / "evaluate.py").write_text("print('mended')\n")
    run = await live(settings(results, None, evolve={"num_generations": 6}, **place), FakeLauncher())
    ended = await read(run, "SELECT generation, correct FROM programs WHERE {} ORDER BY generation")
    assert [(number, bool(correct)) for number, correct in ended] == [
        (-1, False), (0, True), (1, False), (2, False), (3, True), (4, True), (5, True), (6, True),
    ]  # fmt: skip
    assert (await read(run, "SELECT count(*) FROM programs WHERE {} AND patch_type = 'fix'")) == [(2,)]
    async with open_run(run.settings, resume=True) as again:
        assert (await again.database.summary()).programs == 7


async def test_an_open_generation_goes_on_when_its_model_is_not_asked_any_more(tmp_path: Path) -> None:
    task = make_task(tmp_path / "task")
    async with ModelServer(Script(sequence=["hang"])) as server:
        models = {"llm_models": ["gone"], "llm_base_url": server.url, "num_generations": 1}
        async with open_run(settings(tmp_path / "r", task, evolve=models), resume=False) as run:
            run.launcher = FakeLauncher()
            working = asyncio.create_task(evolve(run))
            while not server.requests:
                await asyncio.sleep(0.01)
            working.cancel()
            await asyncio.wait([working])
        run = await live(settings(tmp_path / "r", None, evolve={"llm_models": [BUILTIN_MUTATE]}), FakeLauncher())
    assert await read(run, "SELECT model FROM programs WHERE {} AND generation = 1") == [(BUILTIN_MUTATE,)]


SWITCHES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"embedding_model": BUILTIN_EMBEDDING}, {"embedding_model": None}),
    ({"embedding_model": None}, {"embedding_model": BUILTIN_EMBEDDING, "code_embed_sim_threshold": 0.0}),
    ({"max_patch_attempts": 1}, {"max_patch_attempts": 3}),
]


@pytest.mark.parametrize(("before", "after"), SWITCHES)
async def test_a_score_is_always_that_of_the_program_it_stands_beside(
    tmp_path: Path, before: dict[str, Any], after: dict[str, Any]
) -> None:
    """An open generation whose candidate is being evaluated: other settings may lead to another candidate."""
    task = make_task(tmp_path / "task")
    answers = iter(
        ["no code at all", *(["```python\n" + PROGRAM.replace("0.75", f"0.{n}") + "```" for n in range(71, 79)])]
    )
    script = Script(answer=lambda messages, number: next(answers))
    async with ModelServer(script) as server:
        model = {
            "llm_models": ["m"], "llm_base_url": server.url, "num_generations": 1, "patch_types": ["full"],
            "patch_type_probs": [1.0],
        }  # fmt: skip
        async with open_run(settings(tmp_path / "r", task, evolve=model | before), resume=False) as run:
            await _cut_off(run)
        launcher = FakeLauncher()
        run = await live(settings(tmp_path / "r", None, evolve=after), launcher)
    ((code,),) = await read(
        run, "SELECT text FROM programs JOIN sources ON digest = source WHERE {} AND generation = 1"
    )
    assert (tmp_path / "r" / "gen_1" / "main.py").read_text() == code, "what was scored"


async def _cut_off(run: Run) -> None:
    """Ends a run whose first candidate has been evaluated and is not recorded."""
    run.launcher = FakeLauncher()
    await _seeded(run)
    run.launcher = CutOff()
    working = asyncio.create_task(evolve(run))
    while not run.launcher.evaluated:
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.1)
    working.cancel()
    await asyncio.wait([working])


async def _seeded(run: Run) -> None:
    opened = await steps.open_generation(run, 0)
    await steps.embed_seed(opened)
    candidate = steps.seed_candidate(run)
    evaluation = await steps.evaluate(opened, await steps.submit(opened, candidate.source))
    await steps.record(opened, None, candidate, evaluation)


async def test_candidates_that_are_judged_and_not_recorded_get_the_other_embedding_too(tmp_path: Path) -> None:
    task = make_task(tmp_path / "task")
    async with open_run(settings(tmp_path / "r", task, evolve={"num_generations": 1}), resume=False) as run:
        await _cut_off(run)
    async with ModelServer() as server:
        change = {"embedding_model": "other", "llm_base_url": server.url}
        run = await live(settings(tmp_path / "r", None, evolve=change), FakeLauncher())
        query = (
            "SELECT length(vector), count(*) FROM programs JOIN embeddings ON digest = embedding WHERE {} GROUP BY 1"
        )
        assert await read(run, query) == [(4 * 64, 2)]


@pytest.mark.parametrize("kept", ["the same", "other", "none"])
async def test_embeddings_by_another_version_of_the_same_embedding_are_made_anew(tmp_path: Path, kept: str) -> None:
    """Tokens differ between versions of Python, also where the seed program's are the same."""
    given = settings(tmp_path / "r", make_task(tmp_path / "task"), evolve={"num_generations": 3})
    await live(given, FakeLauncher(), False)
    with sqlite3.connect(tmp_path / "r" / "evolution.sqlite") as connection:
        query = "SELECT generation, vector FROM programs JOIN embeddings ON digest = embedding ORDER BY generation"
        before = connection.execute(query).fetchall()
        zeros = bytes(len(before[0][1]))
        # A database of before kept no version, and its vectors were of other texts.
        connection.execute("INSERT INTO embeddings VALUES ('zeros', ?)", (zeros,))
        connection.execute("UPDATE programs SET embedding = 'zeros' WHERE generation >= ?", (int(kept == "other"),))
        for table in ("evolutions", "sessions"):
            for row, stored in connection.execute(f"SELECT rowid, settings FROM {table}").fetchall():
                changed = json.loads(stored)
                if kept == "none":
                    changed.pop("embedding")
                elif kept == "other":
                    changed["embedding"] = "another version"
                connection.execute(f"UPDATE {table} SET settings = ? WHERE rowid = ?", (json.dumps(changed), row))
    await live(settings(tmp_path / "r", None), FakeLauncher())
    with sqlite3.connect(tmp_path / "r" / "evolution.sqlite") as connection:
        after = connection.execute(query).fetchall()
        ((stored,),) = connection.execute("SELECT settings FROM sessions ORDER BY number DESC LIMIT 1").fetchall()
    assert (after == before) is (kept != "the same")
    assert json.loads(stored)["embedding"] not in ("", "another version")


async def test_an_endpoint_whose_embeddings_have_another_width_is_told_and_uses_no_generation_up(
    tmp_path: Path,
) -> None:
    task = make_task(tmp_path / "task")
    async with ModelServer() as server:
        fields = {"embedding_model": "other", "llm_base_url": server.url, "num_generations": 1, "max_api_costs": None}
        await live(settings(tmp_path / "r", task, evolve=fields), FakeLauncher(), False)
        async with open_run(settings(tmp_path / "r", None, evolve={"num_generations": 2}), resume=True) as run:
            server.script.dimensions = 128
            assert run.judge is not None
            key = CallKey(2, Purpose.NOVELTY, 0, 0)
            code = PROGRAM.replace("0.125", "7.5")
            with pytest.raises(EndpointError, match="128 numbers and gave 64 before"):
                await run.judge.check(Source.of(code, "python"), island=0, neighbours=run.database, key=key)


async def test_the_run_of_another_process_is_refused_before_anything_else_is_looked_at(tmp_path: Path) -> None:
    task = make_task(tmp_path / "task")
    await live(settings(tmp_path / "r", task, evolve={"num_generations": 1}), FakeLauncher(), False)
    parent = json.dumps(json.loads(this_process()) | {"pid": os.getppid(), "start": _start_of(os.getppid())})
    with sqlite3.connect(tmp_path / "r" / "evolution.sqlite") as connection:
        connection.execute("UPDATE evolutions SET owner = ?", (parent,))
    (task / "evaluate.py").unlink()
    for resume in (True, False):
        with pytest.raises(EvolutionExistsError, match=f"is being run by process {os.getppid()}"):
            await live(settings(tmp_path / "r", task), FakeLauncher(), resume)


def old_database(results: Path, evolution: dict[str, Any]) -> None:
    """As the first version left it: the section `evolution` alone, no digests, three programs."""
    results.mkdir()
    first_schema_file(results / "evolution.sqlite", {"old": 3})
    with sqlite3.connect(results / "evolution.sqlite") as connection:
        connection.execute("UPDATE evolutions SET settings = ?", (json.dumps(evolution),))
        connection.execute("UPDATE programs SET code = ? WHERE generation = 0", (PROGRAM,))
        connection.execute(
            "INSERT INTO island_members SELECT evolution, 1, program_id FROM island_members WHERE program_id IN "
            "(SELECT id FROM programs WHERE generation = 0)"
        )
    (results / "run.yaml").write_text('{"name": "old"}\n')


async def test_a_run_of_the_first_version_is_resumed_with_what_it_has(tmp_path: Path) -> None:
    task = make_task(tmp_path / "task")
    stored = {"num_generations": 4, "seed": 1, "init_program_path": str(task / "initial.py"), "embedding_model": None,
              "a_field_that_is_gone": 1}  # fmt: skip
    old_database(tmp_path / "r", stored)
    found = await find_run("initial.py", DatabaseConfig(), results_dir=tmp_path / "r", resume=Resume.YES)
    assert found.place.name == "old"
    (task / "initial.py").write_text(PROGRAM.replace("0.125", "9"))
    with pytest.raises(ConfigError, match="the seed program"):
        await live(settings(tmp_path / "r", task, name="old"), FakeLauncher())
    (task / "initial.py").write_bytes(PROGRAM.replace("\n", "\r\n").encode())
    launcher = FakeLauncher()
    run = await live(settings(tmp_path / "r", task, name="old"), launcher)
    assert (run.settings.evolve.num_generations, sorted(launcher.evaluated)) == (4, ["gen_3", "gen_4"])
    (task / "evaluate.py").write_text("print('another')\n")
    with pytest.raises(ConfigError, match="the evaluator has changed"):
        await live(settings(tmp_path / "r", None, name="old"), FakeLauncher())


async def test_unknown_kinds_of_state_are_no_reason_to_begin(tmp_path: Path) -> None:
    """An evolution that was killed before its seed program was recorded is taken up by the same command."""
    task = make_task(tmp_path / "task")
    given = settings(tmp_path / "r", task, evolve={"num_generations": 1})
    async with open_run(given, resume=False) as run:
        run.launcher = CutOff()
        opened = await steps.open_generation(run, 0)
        await steps.submit(opened, run.seed_program.source)
    run = await live(given, FakeLauncher(), False)
    assert await read(run, "SELECT number, state FROM generations WHERE {} ORDER BY number") == [
        (0, GenerationState.RECORDED), (1, GenerationState.RECORDED),
    ]  # fmt: skip
