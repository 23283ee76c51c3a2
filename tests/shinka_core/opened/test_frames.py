"""Records as DataFrames: one type a column, whatever evaluators put into their metrics."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

import shinka
from shinka_core.errors import ConfigError
from shinka_core.opened import frames
from shinka_core.opened.columns import spread
from tests.support.recorded import HOSTILE, small_record

ALL = ("features", "public_metrics", "private_metrics", "error")


def test_a_column_of_metrics_has_one_type() -> None:
    rows: list[dict[str, Any] | None] = [
        {"n": 1, "yes": True, "word": "a", "both": 1, "list": [1, "é"], "huge": 10**400, "odd": "\ud800"},
        None,
        {"n": 2.5, "both": "x", "yes": None, "late": False},
    ]
    table = spread("m", rows)
    assert {name: (column.kind, column.values) for name, column in table.items()} == {
        "m.n": ("float", [1.0, None, 2.5]),
        "m.yes": ("bool", [True, None, None]),
        "m.word": ("text", ["a", None, None]),
        "m.both": ("text", ["1", None, "x"]),
        "m.list": ("text", ['[1, "é"]', None, None]),
        "m.huge": ("text", ["1" + "0" * 400, None, None]),
        "m.odd": ("text", ["?", None, None]),
        "m.late": ("bool", [None, None, False]),
    }


async def test_programs_in_pandas(tmp_path: Path) -> None:
    pytest.importorskip("pandas")
    evolution = shinka.open(await small_record(tmp_path))
    frame = evolution.frame(columns=ALL, library="pandas")
    kinds = {name: str(kind) for name, kind in frame.dtypes.items()}
    assert (kinds["score"], kinds["sequence"], kinds["correct"]) == ("Float64", "Int64", "boolean")
    assert kinds["created_at"] == "datetime64[us, UTC]"
    assert (kinds["features.size"], kinds["public_metrics.ok"], kinds["private_metrics.secret"]) == (
        "Float64",
        "boolean",
        "Float64",
    )
    assert frame["score"].isna().tolist() == [False, False, True]
    assert frame["features.size"].tolist()[:2] == [3.0, 6.0]
    assert frame.loc[1, "name"] == HOSTILE
    assert evolution.frame().equals(evolution.frame(library="pandas"))
    calls = evolution.frame("calls", ["answer", "messages"], library="pandas")
    assert calls.loc[0, "answer"] == f"done {HOSTILE}"
    assert calls["input_tokens"].tolist() == [100, 0]
    generations = evolution.frame("generations", library="pandas")
    assert generations["failure_reason"].tolist()[2] == "rate_limited"


async def test_programs_in_polars(tmp_path: Path) -> None:
    polars = pytest.importorskip("polars")
    evolution = shinka.open(await small_record(tmp_path))
    frame = evolution.frame(columns=ALL, library="polars")
    assert frame.schema["score"] == polars.Float64
    assert frame.schema["created_at"] == polars.Datetime("us", "UTC")
    assert frame["score"].to_list() == [1.0, 2.5, None]
    assert frame["public_metrics.ok"].to_list() == [None, True, None]
    assert evolution.frame("calls", library="polars")["cost"].sum() == 0.5
    assert evolution.frame("generations", library="polars").height == 5


async def test_what_cannot_be_had_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    evolution = shinka.open(await small_record(tmp_path))
    for arguments, message in (
        ({"of": "islands"}, "of='islands' are no rows; choose one of programs, calls, generations"),
        ({"columns": "features"}, r"columns='features' must be a list of names, such as \['features'\]"),
        ({"columns": ["code"]}, r"columns=\['code'\] are none of programs .*features"),
        ({"of": "generations", "columns": ["x"]}, "there are: none"),
        ({"library": "spark"}, "library='spark' is not known; choose one of pandas, polars"),
    ):
        with pytest.raises(ConfigError, match=message):
            evolution.frame(**arguments)
    monkeypatch.setattr(frames, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match="neither pandas nor polars is installed; `pip install pandas`"):
        evolution.frame()
    with pytest.raises(ConfigError, match="library='polars' is not installed"):
        evolution.frame(library="polars")
    assert importlib.util.find_spec("numpy") is not None
