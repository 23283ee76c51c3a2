"""The example's evaluator lets nothing pass that is not exactly valid."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from tests.support.prefect import ROOT

TASK = ROOT / "examples" / "circle_packing"


@pytest.fixture(scope="module")
def evaluator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("circle_evaluator", TASK / "evaluate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def grid() -> tuple[np.ndarray, np.ndarray]:
    """26 circles: a 5 x 5 grid that touches itself and the border exactly, and one of radius 0."""
    steps = np.array([0.125, 0.3125, 0.5, 0.6875, 0.875])
    centers = np.array([(x, y) for x in steps for y in steps] + [(0.40625, 0.40625)])
    return centers, np.array([0.09375] * 25 + [0.0])


def test_circles_that_touch_exactly_are_valid(evaluator: ModuleType) -> None:
    centers, radii = grid()
    assert evaluator.validate((centers, radii, 0.0)) == (True, None)


@pytest.mark.parametrize("excess", [1e-16, 1e-12, 0.01])
def test_the_smallest_overlap_is_found(evaluator: ModuleType, excess: float) -> None:
    centers, radii = grid()
    radii[3] += max(excess, np.spacing(radii[3]))
    valid, message = evaluator.validate((centers, radii, 0.0))
    assert not valid
    assert "overlap" in message


@pytest.mark.parametrize(
    ("circle", "center", "radius", "word"),
    [
        (0, (0.09, 0.125), 0.0900001, "leaves"),
        (0, (1.5, 0.5), 0.01, "leaves"),
        (0, (0.1, 0.1), -0.01, "negative"),
        (0, (float("nan"), 0.1), 0.01, "finite"),
        (0, (0.1, 0.1), float("inf"), "finite"),
    ],
)
def test_everything_else_that_is_wrong_is_told(
    evaluator: ModuleType, circle: int, center: tuple[float, float], radius: float, word: str
) -> None:
    centers, radii = grid()
    centers[circle], radii[circle] = center, radius
    valid, message = evaluator.validate((centers, radii, 0.0))
    assert not valid
    assert word in message


def test_wrong_shapes_are_refused(evaluator: ModuleType) -> None:
    centers, radii = grid()
    assert not evaluator.validate((centers[:25], radii[:25], 0.0))[0]


def test_a_reported_sum_is_never_believed(tmp_path: Path) -> None:
    program = (TASK / "initial.py").read_text().replace("float(np.sum(radii))", "99.0")
    (tmp_path / "main.py").write_text(program)
    subprocess.run(
        [sys.executable, TASK / "evaluate.py", "--program_path", tmp_path / "main.py", "--results_dir", tmp_path],
        check=True,
    )
    metrics = json.loads((tmp_path / "metrics.json").read_text())
    assert 0.1 < metrics["combined_score"] < 2.64
