"""What docs/python.md shows is run."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.support.prefect import ROOT
from tests.support.recorded import small_record
from tests.support.runs import TASK, settings_for

BLOCKS = re.findall(r"^```python\n(.*?)^```", (ROOT / "docs" / "python.md").read_text(encoding="utf-8"), re.M | re.S)
RUNS = [block for block in BLOCKS if "asyncio.run" in block]


@pytest.fixture
async def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for library in ("pandas", "matplotlib", "tensorboardX"):
        pytest.importorskip(library)
    for name in ("my_run", "ideas_1", "ideas_2", "plain_1", "plain_2"):
        (tmp_path / "results" / name).mkdir(parents=True)
        await small_record(tmp_path / "results" / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def shown(blocks: list[str]) -> dict[str, Any]:
    names: dict[str, Any] = {}
    for block in blocks:
        exec(compile(block, "docs/python.md", "exec"), names)
    return names


async def test_a_recorded_run_is_looked_at_as_the_page_says(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert len(RUNS) == 1
    shown([block for block in BLOCKS if block not in RUNS])
    assert "+y = 2" in capsys.readouterr().out
    assert (folder / "lineage.png").read_bytes().startswith(b"\x89PNG")
    assert "<svg" in (folder / "compared.svg").read_text()


@pytest.mark.slow
def test_a_run_is_listened_to_as_the_page_says(
    folder: Path, prefect_api: str, prefect_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(TASK, folder / "task")
    with settings_for(prefect_api, prefect_home):
        summary = shown(BLOCKS)["summary"]
    assert (summary.programs, summary.stopped_early) == (6, "")
    assert f"{summary.best_score} done" in capsys.readouterr().out
