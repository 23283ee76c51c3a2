"""Figures: what is on them is what the record says, without a display, and words stay words."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest

import shinka
from shinka_core.errors import ConfigError
from shinka_core.plots import style
from tests.support.prefect import ROOT
from tests.support.recorded import HOSTILE, small_record

matplotlib = pytest.importorskip("matplotlib")


def lines(figure: Any, axes: int = 0) -> dict[str, list[tuple[float, float]]]:
    """The points of every line by its label."""
    return {
        line.get_label(): list(zip(*map(list, line.get_data()), strict=True)) for line in figure.axes[axes].get_lines()
    }


async def test_the_progress_of_one_run_has_all_its_programs(tmp_path: Path) -> None:
    figure = shinka.plot_progress(await small_record(tmp_path))
    assert lines(figure) == {"correct": [(0, 1), (1, 2.5)], "best so far": [(0, 1), (1, 2.5), (3, 2.5)]}
    assert figure.axes[0].get_xlabel() == "generation"
    spent = shinka.plot_progress(str(tmp_path), over="dollars")
    assert lines(spent)["best so far"] == [(0, 1), (0.5, 2.5), (0.5, 2.5)]
    assert figure._repr_png_().startswith(b"\x89PNG")


async def test_several_runs_are_lines_and_seeds_are_bands(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    for folder in (first, second):
        folder.mkdir()
        await small_record(folder, name=folder.name)
    assert list(lines(shinka.plot_progress([first, shinka.open(second)]))) == ["a", "b"]
    figure = shinka.plot_progress({f"_{HOSTILE}": [first, second], "other": second})
    ours, other = figure.axes[0].get_legend().get_texts()
    assert "<script>alert(1)</script> $\\frac{ \\u202egnp.exe" in ours.get_text().replace("\\$", "$")
    assert other.get_text() == "other"
    assert len(figure.axes[0].collections) == 1
    figure._repr_png_()
    for none in ([], {"a": []}):
        with pytest.raises(ConfigError, match="there is no run to plot"):
            shinka.plot_progress(none)
    with pytest.raises(ConfigError, match="over='tokens' is no axis"):
        shinka.plot_progress(first, "tokens")  # type: ignore[arg-type]


async def test_costs_failures_islands_and_lineage(tmp_path: Path) -> None:
    run = shinka.open(await small_record(tmp_path))
    costs = shinka.plot_costs(run).axes[0]
    assert [bar.get_width() for bar in costs.patches] == [0.5]
    assert [label.get_text() for label in costs.get_yticklabels()] == ["m"]
    failures = shinka.plot_failures(run).axes[0]
    assert [bar.get_width() for bar in failures.patches] == [1]
    assert [label.get_text() for label in failures.get_yticklabels()] == ["query: rate_limited"]
    islands = shinka.plot_islands(run)
    assert lines(islands) == {"island 0 (initial)": [(1, 1), (2, 2.5)]}
    lineage = shinka.plot_lineage(run)
    assert [x for x, _ in lines(lineage)["line of generation 1"]] == [0, 1]
    assert [x for x, _ in lines(shinka.plot_lineage(run, 3))["line of generation 3"]] == [0, 1, 3]
    for figure in (islands, lineage):
        figure._repr_png_()


async def test_a_run_in_which_nothing_has_happened_is_shown_as_that(tmp_path: Path) -> None:
    from shinka_core.config import DatabaseConfig
    from shinka_core.database import AsyncProgramDatabase

    async with AsyncProgramDatabase(DatabaseConfig(num_islands=1), tmp_path) as database:
        await database.begin("empty", seed=0, settings={})
    run = shinka.open(tmp_path, "empty")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for plot in (
            shinka.plot_progress, shinka.plot_costs, shinka.plot_failures, shinka.plot_islands, shinka.plot_lineage,
        ):  # fmt: skip
            figure = plot(run)
            assert figure.axes[0].texts
            figure._repr_png_()


def test_words_are_no_formulas() -> None:
    assert style.words("$x$ \n\u202e") == r"\$x\$ \u000a\u202e"
    assert len(style.words("x" * 10_000)) == style.LONGEST


@pytest.mark.slow
def test_neither_a_display_nor_pyplot_is_needed(tmp_path: Path) -> None:
    script = """
import asyncio, sys, shinka
from pathlib import Path
from tests.support.recorded import small_record
shinka.plot_progress(asyncio.run(small_record(Path(sys.argv[1])))).savefig(sys.argv[1] + "/p.svg")
assert "matplotlib.pyplot" not in sys.modules
"""
    environment = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], cwd=ROOT, env=environment, check=True, timeout=60)
    assert "<svg" in (tmp_path / "p.svg").read_text()


async def test_without_matplotlib_it_is_told_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    where = await small_record(tmp_path)
    monkeypatch.setattr(style, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"pip install 'shinka-prefect\[plots\]'"):
        shinka.plot_costs(where)
