"""What evaluators import."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from shinka_core.evaluation import run_shinka_eval


def evaluate(folder: Path, code: str, **options: Any) -> tuple[dict[str, Any], bool, str | None]:
    (folder / "program.py").write_text(code)
    settings: dict[str, Any] = {"experiment_fn_name": "run", "num_runs": 2} | options
    outcome = run_shinka_eval(str(folder / "program.py"), str(folder / "out"), **settings)
    assert json.loads((folder / "out/correct.json").read_text())["correct"] is outcome[1]
    assert (folder / "out/metrics.json").exists()
    return outcome


def test_runs_are_made_validated_and_added_up(tmp_path: Path) -> None:
    metrics, correct, error = evaluate(
        tmp_path,
        "def run(k): return k * 10",
        get_experiment_kwargs=lambda index: {"k": index},
        validate_fn=lambda result: (result >= 0, "negative"),
        aggregate_metrics_fn=lambda results: {"combined_score": sum(results), "public": {"all": results}},
    )
    assert (metrics["combined_score"], correct, error) == (10, True, None)
    assert json.loads((tmp_path / "out/metrics.json").read_text())["public"] == {"all": [0, 10]}


def test_an_invalid_result_makes_the_program_incorrect(tmp_path: Path) -> None:
    _, correct, error = evaluate(
        tmp_path, "def run(seed): return -seed", validate_fn=lambda result: (result > -2, "too low")
    )
    assert (correct, error) == (False, "too low")


@pytest.mark.parametrize(
    ("code", "word"),
    [
        ("def run(seed): raise KeyError('lost')", "lost"),
        ("def run(seed): raise SystemExit(0)", "SystemExit"),
        ("def other(): pass", "no function 'run'"),
        ("this is no python", "SyntaxError"),
    ],
)
def test_a_failing_program_is_a_result_with_its_error(tmp_path: Path, code: str, word: str) -> None:
    metrics, correct, error = evaluate(tmp_path, code)
    assert not correct
    assert metrics["combined_score"] == 0.0
    assert word in (error or "")


def test_runs_can_be_spread_over_processes(tmp_path: Path) -> None:
    code = "import os\ndef run(seed): return os.getpid()"
    pids: list[int] = []
    evaluate(
        tmp_path,
        code,
        num_runs=4,
        run_workers=2,
        aggregate_metrics_fn=lambda r: pids.extend(r) or {"combined_score": 1},
    )
    assert len(pids) == 4
    assert len(set(pids)) <= 2


def test_numpy_values_become_plain_numbers(tmp_path: Path) -> None:
    evaluate(tmp_path, "import numpy as np\ndef run(seed): return np.float64(1.5)",
             aggregate_metrics_fn=lambda r: {"combined_score": r[0], "public": {"v": __import__("numpy").arange(3)}})  # fmt: skip
    assert json.loads((tmp_path / "out/metrics.json").read_text())["public"] == {"v": [0, 1, 2]}


def test_arguments_out_of_range_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="num_runs"):
        run_shinka_eval("p.py", str(tmp_path), "run", 0)
    with pytest.raises(ValueError, match="early_stop_method"):
        run_shinka_eval("p.py", str(tmp_path), "run", 1, early_stop_method="bayesian")


def test_evaluators_do_not_wait_for_the_orchestrator() -> None:
    script = (
        "import sys; from shinka.core import run_shinka_eval\n"
        "heavy = {'prefect', 'sqlalchemy', 'openai', 'pydantic', 'numpy'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_evaluators_load_little_of_the_standard_library_either() -> None:
    """Each of thousands of evaluations would pay for it with milliseconds of a core."""
    before = "import sys; before = set(sys.modules); from shinka.core import run_shinka_eval; "
    unwanted = {"asyncio", "concurrent", "dataclasses", "inspect", "logging", "multiprocessing", "pathlib", "socket",
            "statistics", "subprocess", "traceback", "typing"}  # fmt: skip
    script = f"{before} heavy = {unwanted!r} & (set(sys.modules) - before); assert not heavy, heavy"
    subprocess.run([sys.executable, "-I", "-c", script], check=True)
