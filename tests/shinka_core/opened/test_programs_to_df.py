"""Programs as a DataFrame in ShinkaEvolve's columns."""

from __future__ import annotations

from pathlib import Path

import pytest

import shinka
from shinka_core.shinkaevolve.frames import load_programs_to_df
from tests.support.recorded import small_record


async def test_programs_have_the_columns_that_its_notebooks_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("pandas")
    where = str(await small_record(tmp_path))
    evolution = shinka.open(where)
    frame = load_programs_to_df(where)
    wanted = {
        "id",
        "code",
        "language",
        "parent_id",
        "generation",
        "timestamp",
        "code_diff",
        "correct",
        "combined_score",
    }
    assert wanted | {"text_feedback", "total_cost", "api_costs"} <= set(frame.columns)
    assert list(frame["combined_score"].dropna()) == [
        one.score for one in evolution.programs() if one.score is not None
    ]
    assert list(frame["code"]) == [evolution.program(one.id).code for one in evolution.programs()]
    assert f"{len(frame)} programs" in capsys.readouterr().out
    pair = load_programs_to_df(where, "programs.sqlite", verbose=False, include_prompts=True)
    assert (len(pair[0]), pair[1]) == (len(frame), None)
    assert capsys.readouterr().out == ""
    assert len(load_programs_to_df(f"{where}/programs.sqlite", verbose=False)) == len(frame)
