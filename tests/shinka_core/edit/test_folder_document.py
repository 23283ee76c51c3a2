"""What docs/task.md says of programs of several files is what happens."""

from __future__ import annotations

import inspect
import re

import pytest

from shinka_core.config import EvolutionConfig
from shinka_core.edit import apply_patch
from shinka_core.evaluation import harness, run_shinka_eval
from shinka_core.source import Source, SourceFile
from tests.shinka_core.edit.dressing import block
from tests.support.folders import CURVE
from tests.support.prefect import ROOT

SECTION = (ROOT / "docs" / "task.md").read_text().split("## Programs of several files")[1].split("\n## ")[0]
FORMS = [said for said in re.findall(r"`([^`]*src/solver\.py[^`]*)`", SECTION) if not said.startswith("+++")]


@pytest.mark.parametrize("said", FORMS)
def test_each_form_names_the_file(said: str) -> None:
    assert len(FORMS) == 3
    parent = Source.folder([SourceFile(path, CURVE, "python") for path in ("a.py", "src/solver.py")])
    child = apply_patch("diff", f"{said}\n{block('    scale = 2.0', '    scale = 3.0')}", parent).source
    assert [file.text for file in child.files] == [CURVE, CURVE.replace("2.0", "3.0")]


def test_settings_and_parameters_are_called_so() -> None:
    assert "(`max_data_size`, 10 MB)" in SECTION
    assert EvolutionConfig().max_data_size == 10_000_000
    assert "`max_program_size`" in SECTION
    assert "program_module" in inspect.signature(run_shinka_eval).parameters
    assert harness.MODULES == ("main.py", "__init__.py")
    assert (ROOT / "examples/sensor_calibration/initial").is_dir()
