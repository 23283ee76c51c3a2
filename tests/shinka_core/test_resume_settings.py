"""What a resume restores, what it may change and what it refuses: one row for each setting.

Whole evolutions of the core, without processes: they are begun once and copied for every row.
"""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest
from sqlalchemy import text

from shinka_core.config import (
    BUILTIN_EMBEDDING,
    BUILTIN_MUTATE,
    DatabaseConfig,
    EvolutionConfig,
    IslandConfig,
    LocalJobConfig,
)
from shinka_core.errors import ConfigError, EvolutionExistsError, ShinkaError
from shinka_core.run import Run, open_run
from shinka_core.settings import Resume, RunSettings, kept
from shinka_core.whereabouts import find_run
from tests.support.bare import FakeLauncher, evolve
from tests.support.model_server import ModelServer
from tests.support.runs import rows

PROGRAM = """# EVOLVE-BLOCK-START
def values():
    first = 0.125
    second = 0.25
    third = 0.5
    fourth = 0.75
    return [first, second, third, fourth]
# EVOLVE-BLOCK-END
"""
BEGUN: dict[str, Any] = {
    "evolve": {
        "num_generations": 4, "seed": 7, "max_api_costs": 3.0, "llm_timeout": 77.0, "task_sys_msg": "as it was",
        "embedding_model": BUILTIN_EMBEDDING, "max_parallel_jobs": 3,
    },
    "job": {"time": 60, "extra_cmd_args": {"sleep": 0}, "isolation": "limits"},
    "database": {"num_islands": 2, "archive_size": 10},
}  # fmt: skip

FREE = {"other": {"input": 0, "output": 0}}


def make_task(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "initial.py").write_text(PROGRAM)
    (folder / "evaluate.py").write_text("import scoring\n")
    (folder / "scoring.py").write_text("FACTOR = 1\n")
    return folder


def settings(
    results: Path,
    task: Path | None,
    *,
    evolve: dict[str, Any] | None = None,
    job: dict[str, Any] | None = None,
    database: dict[str, Any] | None = None,
    widths: tuple[int | None, int | None] = (None, None),
    accept: bool = False,
    name: str = "run",
) -> RunSettings:
    """What a user says; without a task its place is not named."""
    paths = {} if task is None else {"init_program_path": str(task / "initial.py")}
    evaluator = {} if task is None else {"eval_program_path": str(task / "evaluate.py")}
    return RunSettings(
        name, results, EvolutionConfig(**(paths | (evolve or {}))), LocalJobConfig(**(evaluator | (job or {}))),
        DatabaseConfig(**(database or {})), *widths, accept_changes=accept,
    )  # fmt: skip


async def go(given: RunSettings, resume: bool | Literal["auto"] | Resume) -> tuple[Run, FakeLauncher]:
    """One session, to its end."""
    launcher = FakeLauncher()
    async with open_run(given, resume=resume) as run:
        run.launcher = launcher
        await evolve(run)
        await run.database.finish("finished")
    return run, launcher


@dataclass(frozen=True)
class Begun:
    """An evolution of four generations that is over, in a folder of its own with its task."""

    folder: Path

    @property
    def task(self) -> Path:
        return self.folder / "task"

    @property
    def results(self) -> Path:
        return self.folder / "r"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("begun")
    asyncio.run(go(settings(folder / "r", make_task(folder / "task"), **BEGUN, widths=(5, None)), False))
    return folder


@pytest.fixture
def begun(model: Path, tmp_path: Path) -> Begun:
    shutil.copytree(model, tmp_path / "moved")
    return Begun(tmp_path / "moved")


async def test_it_restores_the_settings_of_all_sections_and_the_place_of_the_task(begun: Begun, model: Path) -> None:
    run, launcher = await go(settings(begun.results, None, evolve={"num_generations": 6}), True)
    now = run.settings
    assert sorted(launcher.evaluated) == ["gen_5", "gen_6"]
    assert (now.evolve.seed, now.evolve.max_api_costs, now.evolve.llm_timeout) == (7, 3.0, 77.0)
    assert (now.evolve.task_sys_msg, now.job.time, now.job.extra_cmd_args) == ("as it was", 60, {"sleep": 0})
    assert (now.database.archive_size, now.proposal_jobs, now.evaluation_jobs) == (10, 5, 3)
    assert run.budget.limit == 3.0
    assert now.job.eval_program_path == str(model / "task" / "evaluate.py"), "the task was not moved"


async def test_what_is_changed_stays_changed(begun: Begun) -> None:
    await go(settings(begun.results, None, evolve={"num_generations": 5, "max_api_costs": 9.0}), True)
    run, _ = await go(settings(begun.results, None), True)
    assert (run.settings.evolve.num_generations, run.budget.limit, run.settings.evolve.seed) == (5, 9.0, 7)


WORKS: dict[str, dict[str, Any]] = {
    "generations": {"evolve": {"num_generations": 6}},
    "fewer generations": {"evolve": {"num_generations": 2}},
    "budget": {"evolve": {"max_api_costs": 100.0}},
    "no budget": {"evolve": {"max_api_costs": None}},
    "models": {"evolve": {"llm_models": [BUILTIN_MUTATE, "m@http://127.0.0.1:9/v1"], "llm_weights": [1.0, 0.0],
                          "unknown_prices": "warn", "max_api_costs": None}},
    "limits of a model": {"evolve": {"model_limits": {BUILTIN_MUTATE: 3}}},
    "prompt": {"evolve": {"task_sys_msg": "otherwise", "use_text_feedback": False}},
    "patch types": {"evolve": {"patch_types": ["full"], "patch_type_probs": [1.0]}},
    "attempts": {"evolve": {"max_patch_resamples": 5, "max_patch_attempts": 1, "max_novelty_attempts": 9}},
    "timeouts": {"evolve": {"llm_timeout": 5.0, "llm_retries": 0}},
    "novelty": {"evolve": {"code_embed_sim_threshold": 0.5}},
    "no novelty check": {"evolve": {"embedding_model": None}},
    "widths": {"widths": (2, 6)},
    "evaluations at once": {"evolve": {"max_parallel_jobs": 9}},
    "time limit": {"job": {"time": "00:10"}},
    "memory limit": {"job": {"max_memory_mb": 500}},
    "arguments": {"job": {"extra_cmd_args": {"sleep": 1}}},
    "more islands": {"database": {"num_islands": 4}},
    "islands of other kinds": {"database": {"islands": [{"parents": "rank"}, {"operators": ["full"]}, {}]}},
    "archive": {"database": {"archive_size": 3}},
    "selection": {"database": {"parent_selection_strategy": "power_law", "island_selection_strategy": "equal"}},
}  # fmt: skip


QUICK = ("generations", "budget", "models", "time limit", "more islands")


@pytest.mark.parametrize(
    "change",
    [pytest.param(change, id=name, marks=[] if name in QUICK else pytest.mark.slow) for name, change in WORKS.items()],
)
async def test_these_can_be_changed(begun: Begun, change: dict[str, Any]) -> None:
    more = {"evolve": {"num_generations": 8} | change.get("evolve", {})}
    run, launcher = await go(settings(begun.results, None, **(change | more)), True)
    wanted = max(4, run.settings.evolve.num_generations)
    ends = dict(rows(begun.results, "SELECT number, state FROM generations"))
    assert sorted(ends) == list(range(wanted + 1))
    assert not {f"gen_{number}" for number in range(5)} & set(launcher.evaluated), "what is done is not done again"
    failed = rows(begun.results, "SELECT failure_step, failure_reason FROM generations WHERE state = 'failed'")
    assert set(failed) <= {("novelty", "not_novel")}
    assert set(ends.values()) <= {"recorded", "failed"}
    stored = kept(run.settings)
    for section, name in (("evolution", "evolve"), ("job", "job"), ("database", "database")):
        for field, value in change.get(name, {}).items():
            told = value if field != "islands" else [IslandConfig(**one).model_dump(mode="json") for one in value]
            assert stored[section][field] == told
    proposals, evaluations = change.get("widths", (None, None))
    assert run.settings.proposal_jobs == proposals or proposals is None
    assert run.settings.evaluation_jobs == (evaluations or stored["evolution"]["max_parallel_jobs"])


REFUSED: dict[str, tuple[dict[str, Any], list[str]]] = {
    "random seed": ({"evolve": {"seed": 8}}, ["seed=8 cannot be changed", "seed=7"]),
    "language": ({"evolve": {"language": "cpp"}}, ["language='cpp' cannot be changed", "'python'"]),
    "fewer islands": ({"database": {"num_islands": 1}}, ["num_islands=1", "2 or more"]),
    "fewer entries of islands": ({"database": {"islands": [{}]}}, ["num_islands=1", "2 or more"]),
    "an island's unknown model": ({"database": {"islands": [{}, {"models": ["m"]}]}}, ["islands[1].models", "'m'"]),
    "unknown model": ({"evolve": {"llm_models": ["builtin/none"]}}, ["builtin/none"]),
    "embedding that is not there": ({"evolve": {"embedding_model": "sentence-transformers/none"}}, ["embedding_model"]),
    "embedding that is none": ({"evolve": {"embedding_model": "builtin/none"}}, ["embedding_model='builtin/none'"]),
    "interpreter that is not there": ({"job": {"python": "/no/such/python"}}, ["python='/no/such/python'"]),
    "width": ({"widths": (0, None)}, ["max_proposal_jobs=0"]),
    "password": (
        {"evolve": {"llm_base_url": "http://me:hunter2@host/v1"}},
        ["llm_base_url holds a user name or a password"],
    ),
    "key": ({"job": {"env": {"DATA_TOKEN": "hunter2hunter2"}}}, ["job.env holds", "DATA_TOKEN"]),
    "another name": ({"name": "other"}, ["'other'"]),
}


@pytest.mark.parametrize(("change", "words"), REFUSED.values(), ids=REFUSED)
async def test_these_are_refused_by_name_and_nothing_is_touched(
    begun: Begun, change: dict[str, Any], words: list[str]
) -> None:
    before = files(begun.results)
    with pytest.raises(ShinkaError) as refused:
        await go(settings(begun.results, None, **change), True)
    assert all(word in str(refused.value) for word in words), refused.value
    assert files(begun.results) == before


def files(folder: Path) -> dict[str, bytes]:
    """Everything in it; reading a database makes side files that hold nothing."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.endswith(("-wal", "-shm"))
    }


CONTENTS: dict[str, tuple[str, str, list[str]]] = {
    "evaluator": ("evaluate.py", "import scoring\nprint(1)\n", ["the evaluator has changed", "evaluate.py"]),
    "module of the evaluator": ("scoring.py", "FACTOR = 2\n", ["the evaluator has changed", "scoring.py"]),
    "seed program": (
        "initial.py",
        PROGRAM.replace("0.125", "9.5"),
        ["the seed program", "initial.py", "is not the one"],
    ),
}


@pytest.mark.parametrize(("file", "content", "words"), CONTENTS.values(), ids=CONTENTS)
async def test_another_content_of_the_task_is_refused_unless_it_is_accepted(
    begun: Begun, file: str, content: str, words: list[str]
) -> None:
    (begun.task / file).write_text(content)
    given = settings(begun.results, begun.task, evolve={"num_generations": 5})
    with pytest.raises(ConfigError) as refused:
        await go(given, True)
    assert all(word in str(refused.value) for word in [*words, "--accept-changes", "--results"]), refused.value
    run, launcher = await go(settings(begun.results, begun.task, evolve={"num_generations": 5}, accept=True), True)
    assert launcher.evaluated == ["gen_5"]
    assert run.seed_program.code == PROGRAM, "the recorded one stays"
    await go(settings(begun.results, None), True)  # accepted once is enough


async def test_what_is_beside_the_evaluator_and_not_imported_does_not_matter(begun: Begun) -> None:
    (begun.task / "plot.py").write_text("print('a picture')\n")
    await go(settings(begun.results, begun.task, evolve={"num_generations": 5}), True)


async def test_new_islands_begin_with_the_seed_program(begun: Begun) -> None:
    await go(
        settings(
            begun.results,
            None,
            evolve={"num_generations": 20},
            database={"num_islands": 5, "island_selection_strategy": "uniform"},
        ),
        True,
    )
    seed = "SELECT count(*) FROM island_members WHERE program_id = (SELECT id FROM programs WHERE generation = 0)"
    assert rows(begun.results, seed) == [(5,)]
    assert rows(begun.results, "SELECT count(DISTINCT island) FROM programs WHERE generation > 4")[0][0] > 2


WIDTHS = "SELECT DISTINCT length(vector) FROM programs JOIN embeddings ON digest = embedding"


async def test_another_embedding_embeds_everything_anew(begun: Begun) -> None:
    assert rows(begun.results, WIDTHS) == [(4 * 384,)]
    async with ModelServer() as server:
        change = {"embedding_model": "other", "llm_base_url": server.url, "num_generations": 8, "llm_prices": FREE}
        run, launcher = await go(settings(begun.results, None, evolve=change), True)
        assert len(launcher.evaluated) == 4
        assert rows(begun.results, WIDTHS) == [(4 * 64,)]
        asked = len(server.embedded)
        # The same one at another address is asked once, for the seed program, and what it says is the same.
        moved = settings(begun.results, None, evolve={"llm_base_url": server.url.replace("127.0.0.1", "localhost")})
        await go(moved, True)
        assert len(server.embedded) == asked + 1
    await go(settings(begun.results, None, evolve={"embedding_model": BUILTIN_EMBEDDING}), True)
    assert rows(begun.results, WIDTHS) == [(4 * 384,)]
    assert run.settings.evolve.embedding_model == "other"


async def test_an_embedding_that_cannot_be_reached_changes_nothing(begun: Begun) -> None:
    change = {"embedding_model": "other", "llm_base_url": "http://127.0.0.1:9/v1", "llm_prices": FREE}
    before = rows(begun.results, "SELECT id, embedding FROM programs")
    with pytest.raises(ShinkaError):
        await go(settings(begun.results, None, evolve=change), True)
    assert rows(begun.results, "SELECT id, embedding FROM programs") == before
    assert rows(begun.results, "SELECT count(*) FROM sessions") == [(1,)]


async def test_a_prefect_retry_takes_the_kept_settings_and_not_the_first_ones(begun: Begun) -> None:
    await go(settings(begun.results, None, evolve={"num_generations": 6}), True)
    run, launcher = await go(settings(begun.results, begun.task, **BEGUN, widths=(1, 1)), Resume.AGAIN)
    assert (run.settings.evolve.num_generations, run.settings.proposal_jobs) == (6, 5)
    assert launcher.evaluated == []


async def test_an_evaluation_width_that_was_not_given_follows_max_parallel_jobs(begun: Begun) -> None:
    run, _ = await go(settings(begun.results, None, evolve={"max_parallel_jobs": 8}), True)
    assert run.settings.evaluation_jobs == 8


async def test_the_task_may_have_moved_and_is_named_then(begun: Begun, tmp_path: Path) -> None:
    mine = make_task(tmp_path / "mine")
    await go(settings(tmp_path / "r", mine, **BEGUN), False)
    mine.rename(tmp_path / "elsewhere")
    given = settings(tmp_path / "r", None, evolve={"num_generations": 5})
    with pytest.raises(ConfigError, match=r"mine/evaluate.py', is not there any more.*TASK --resume"):
        await go(given, True)
    _, launcher = await go(settings(tmp_path / "r", tmp_path / "elsewhere", evolve={"num_generations": 5}), True)
    assert launcher.evaluated == ["gen_5"]
    # The seed program is in the database: its file is not needed any more.
    (tmp_path / "elsewhere" / "initial.py").unlink()
    _, launcher = await go(settings(tmp_path / "r", None, evolve={"num_generations": 6}), True)
    assert launcher.evaluated == ["gen_6"]


async def test_nothing_begins_where_a_run_is(begun: Begun) -> None:
    with pytest.raises(EvolutionExistsError, match="already in the database"):
        await go(settings(begun.results, begun.task), False)
    with pytest.raises(EvolutionExistsError, match=r"holds another run.*run\.yaml.*gen_0"):
        await go(settings(begun.results, begun.task, name="other"), "auto")
    (begun.results / "run.yaml").unlink()
    for file in begun.results.glob("evolution.sqlite*"):
        file.unlink()
    for how in (False, "auto"):
        with pytest.raises(EvolutionExistsError, match="gen_0"):
            await go(settings(begun.results, begun.task), how)
    with pytest.raises(ConfigError, match=r"what a run left \(gen_0.*evolution\.sqlite' is not there.*--database"):
        await find_run("initial.py", DatabaseConfig(), results_dir=begun.results, resume=Resume.YES)
    assert not (begun.results / "evolution.sqlite").exists()


async def test_a_mistake_leaves_nothing_behind_so_that_the_corrected_command_works(tmp_path: Path) -> None:
    task, results = make_task(tmp_path / "task"), tmp_path / "r"
    for evolution, job in (
        ({"embedding_model": "sentence-transformers/none"}, {}),
        ({}, {"python": "/no/such/python"}),
        ({"llm_models": ["builtin/none"]}, {}),
    ):
        with pytest.raises(ConfigError):
            await go(settings(results, task, evolve=evolution, job=job), False)
        assert not results.exists()
    await go(settings(results, task, evolve={"num_generations": 1}), False)


async def test_the_seconds_of_a_run_are_those_of_all_its_sessions(begun: Begun) -> None:
    async with open_run(settings(begun.results, None), resume=True) as run:
        first = run.seconds_before
        assert 0 < first < 60
        await run.database._writer.write(  # a day ago, and killed before it could say that it ended
            lambda connection: connection.execute(
                text("UPDATE sessions SET began_at = began_at - 86400 WHERE number = 2")
            )
        )
    async with open_run(settings(begun.results, None), resume=True) as run:
        assert first + 86_390 < run.seconds_before < first + 86_460
