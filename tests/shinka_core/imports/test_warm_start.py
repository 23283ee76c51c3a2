"""The best programs of another system's run to begin with: its place is named as one of ours is."""

from __future__ import annotations

from pathlib import Path

import pytest

from shinka_core.earlier_runs import best_of_earlier
from shinka_core.errors import ConfigError
from shinka_core.seed_program import read_seed_program
from tests.support.beginning import program_of, settings_of, task_in
from tests.support.foreign import CODE, checkpoint, shinka_database


async def test_the_best_of_both_systems_are_taken_over(tmp_path: Path) -> None:
    task_in(tmp_path, initial=program_of(1.0))
    shinka = shinka_database(
        tmp_path / "theirs" / "programs.sqlite", [{}, {"combined_score": 7.5}, {"correct": 0, "combined_score": 99.0}]
    )
    rows = [
        {"id": f"o{number}", "code": CODE.format(number), "metrics": {"combined_score": score}}
        for number, score in ((5, 3.0), (6, 9.0))
    ]
    folder = checkpoint(tmp_path / "out" / "checkpoints" / "checkpoint_5", rows, [["o5", "o6"]])
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    runs = [str(shinka.parent), str(folder)]
    settings = settings_of(tmp_path, warm_start={"runs": runs, "count": 3, "trust": True})
    taken = await best_of_earlier(settings, [read_seed_program(settings.evolve)])
    assert [program.candidate.code for program in taken] == [CODE.format(6), CODE.format(1), CODE.format(5)]
    assert [program.result for program in taken] == [None, None, None]
    assert f"in {folder}, where it scored 9." in taken[0].candidate.description
    assert {path: path.read_bytes() for path in before} == before


async def test_what_cannot_be_taken_over_names_the_setting(tmp_path: Path) -> None:
    task_in(tmp_path, initial=program_of(1.0))
    folder = checkpoint(tmp_path / "checkpoint_5", [{"metrics": {"speed": 1.0}}], [["o0"]])
    settings = settings_of(tmp_path, warm_start={"runs": [str(folder)]})
    with pytest.raises(ConfigError, match=r"^warm_start\.runs: no program of OpenEvolve's run .*--score NAME"):
        await best_of_earlier(settings, [read_seed_program(settings.evolve)])
