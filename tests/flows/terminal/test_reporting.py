"""The command `python flows/report.py`, and the report that a run leaves behind."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from flows.terminal.command import run
from flows.terminal.reporting import app
from tests.support.long_run import write_long_run
from tests.support.prefect import ROOT
from tests.support.runs import TASK, command


async def test_it_writes_one_page_from_any_folder_and_touches_nothing_else(tmp_path: Path) -> None:
    await write_long_run(tmp_path, 30)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    done = subprocess.run(
        [sys.executable, str(ROOT / "flows" / "report.py"), "evolution.sqlite:long", "--out", "page.html"],
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert "page.html" in done.stdout
    assert (tmp_path / "page.html").read_text().startswith("<!doctype html>")
    assert {path: path.read_bytes() for path in before} == before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere"], "nowhere"),
        (["{folder}/evolution.sqlite:other", "--out", "{folder}/page.html"], "no evolution 'other'"),
        (["{folder}/evolution.sqlite"], "name a file with --out"),
        (["{folder}", "--out", "{folder}/no/such/folder/page.html"], "--out"),
        (["{folder}", "--texts", "some"], "texts"),
        ([""], "empty"),
    ],
)
def test_mistakes_are_told_in_a_line(
    arguments: list[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asyncio.run(write_long_run(tmp_path, 3))
    code = run(app, [argument.format(folder=tmp_path) for argument in arguments])
    told = capsys.readouterr().err
    assert code == 2
    assert words in told
    assert "Traceback" not in told


@pytest.mark.slow
@pytest.mark.usefixtures("with_reports")
def test_a_run_leaves_its_report_unless_it_is_told_not_to(tmp_path: Path, prefect_api: str, prefect_home: Path) -> None:
    (tmp_path / "evolve.yaml").write_text("evolution: {report: false}\n")
    for name, more in (("with", []), ("without", ["--config", str(tmp_path / "evolve.yaml")])):
        done = command(
            str(TASK),
            "--generations",
            "3",
            "--results",
            str(tmp_path / name),
            *more,
            api=prefect_api,
            home=prefect_home,
        )
        assert done.returncode == 0, done.stderr
        assert (tmp_path / name / "report.html").exists() == (name == "with")
