"""Programs of earlier runs to begin with: the best that are not alike; nothing is changed where they come from."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path
from typing import Any

import pytest

from shinka_core.config.starting import split_run
from shinka_core.errors import ConfigError
from shinka_core.run import open_run
from shinka_core.settings import RunSettings
from tests.support.beginning import begin, evaluated, program_of, settings_of, task_in
from tests.support.runs import settings_for


@pytest.fixture(autouse=True)
def _server(prefect_api: str, prefect_home: Path) -> Any:  # pyright: ignore[reportUnusedFunction]
    with settings_for(prefect_api, prefect_home):
        yield


COMMON = "".join(f"step_{n} = lambda x, y={n}: x * {n} + y\n" for n in range(20))
APART = "import math\n" + "".join(f"class Way{n}:\n    turn = math.sin({n})\n" for n in range(15))


async def earlier(folder: Path) -> RunSettings:
    """A run of five programs: of the two best, which are alike, and another that is not, and one that is wrong."""
    texts = [program_of(value, COMMON) for value in (1.0, 9.0, 9.5, -1.0)]
    texts.insert(3, program_of(5.0, APART))
    names = ["initial", "b", "c", "d", "e"]
    task_in(folder, **dict(zip(names, texts, strict=True)))
    settings = settings_of(
        folder, results="earlier", init_program_path=[str(folder / f"{name}.py") for name in names], embedding_model=EMBEDDING
    )  # fmt: skip
    async with open_run(settings) as run:
        await begin(run)
    return settings


EMBEDDING = "builtin/hashed-ngrams"


def contents(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.endswith(("-shm", "-wal"))  # which any reader of SQLite's makes
    }


async def test_the_best_programs_that_are_not_alike_are_evaluated_again_and_the_earlier_run_stays(
    tmp_path: Path,
) -> None:
    before = await earlier(tmp_path)
    was, evaluations = contents(before.results_dir), len(evaluated(tmp_path))
    warm = settings_of(tmp_path, warm_start={"runs": [str(before.results_dir)], "count": 2})
    async with open_run(warm) as run:
        programs = await begin(run, 3)
        assert [(p.score, p.patch_type, p.parent_id) for p in programs if p] == [
            (1.0, None, None), (9.5, "warm_start", None), (5.0, "warm_start", None),
        ]  # fmt: skip
        assert programs[1] is not None
        assert f"generation 2 of {before.evolution!r}" in programs[1].description
        assert [seed.kind for seed in run.seeds] == ["initial", "warm_start", "warm_start"]
    assert contents(before.results_dir) == was
    assert len(evaluated(tmp_path)) == evaluations + 4
    # The earlier run may go: what was taken over is in the record.
    for path in sorted(before.results_dir.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    async with open_run(warm, resume=True) as run:
        assert (await begin(run))[1] == programs[1]


@pytest.mark.slow
async def test_results_are_trusted_where_evaluator_and_task_are_the_same_and_only_there(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    before = await earlier(tmp_path)
    evaluations = len(evaluated(tmp_path))
    start = {"runs": [f"{before.results_dir}:{before.evolution}"], "count": 1, "trust": True}
    async with open_run(settings_of(tmp_path, warm_start=start)) as run:
        assert (await begin(run))[1].score == 9.5  # type: ignore[union-attr]
    assert len(evaluated(tmp_path)) == evaluations + 1, "of the seed program alone"
    other = settings_of(tmp_path, results="other", warm_start=start, task_sys_msg="another task")
    async with open_run(other) as run:
        await begin(run)
    assert len(evaluated(tmp_path)) == evaluations + 3
    assert "task_sys_msg differs" in caplog.text


async def test_what_cannot_be_taken_over_is_told_before_anything_is_made(tmp_path: Path) -> None:
    before = await earlier(tmp_path)
    there = str(before.results_dir)
    for runs, said in (
        ([f"{there}:nobody"], "warm_start.runs: .*no evolution 'nobody'"),
        ([str(tmp_path)], "warm_start.runs: .*is not there"),
    ):
        with pytest.raises(ConfigError, match=said):
            async with open_run(settings_of(tmp_path, warm_start={"runs": runs})):
                pass
    many = settings_of(tmp_path, num_generations=2, warm_start={"runs": [there], "count": 4})
    with pytest.raises(ConfigError, match="num_generations=2 is less than the 3 seed programs after the first"):
        async with open_run(many):
            pass
    assert not (tmp_path / "results").exists()
    folder = tmp_path / "folder"
    task_in(folder)
    (folder / "initial").mkdir()
    (folder / "initial" / "main.py").write_text("value = 1\n")
    alike = settings_of(folder, init_program_path=str(folder / "initial"), warm_start={"runs": [there]})
    with pytest.raises(ConfigError, match=r"kind: local|is one file"):
        async with open_run(dataclasses.replace(alike)):
            pass


def test_the_name_of_a_run_is_told_from_its_place(tmp_path: Path) -> None:
    assert split_run("results/old") == ("results/old", None)
    assert split_run("results/old:best") == ("results/old", "best")
    (tmp_path / "a:b").mkdir()
    assert split_run(str(tmp_path / "a:b")) == (str(tmp_path / "a:b"), None)
    assert split_run("postgresql://host:5432/db") == ("postgresql://host:5432/db", None)
    assert split_run("postgresql://host:5432/db:best") == ("postgresql://host:5432/db", "best")
    assert split_run("postgresql://host:5432") == ("postgresql://host:5432", None)
