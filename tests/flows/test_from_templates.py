"""A task from each template is evolved for a few generations by the command, as its README says."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from shinka_core.kit.making import TEMPLATES, make_task
from tests.support.runs import command, rows


@pytest.mark.slow
@pytest.mark.parametrize("template", TEMPLATES)
def test_a_task_from_a_template_is_evolved(template: str, tmp_path: Path, prefect_api: str, prefect_home: Path) -> None:
    if template == "any" and shutil.which("g++") is None:
        pytest.skip("no C++ compiler")
    folder = make_task(tmp_path / "mine", template).folder
    done = command(
        str(folder), "--generations", "3", "--results", str(tmp_path / "r"), api=prefect_api, home=prefect_home
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "r/best").is_dir()
    correct = [bool(row[0]) for row in rows(tmp_path / "r", "select correct from programs order by generation")]
    assert len(correct) >= 2
    assert correct[0]
    assert any(correct[1:])
