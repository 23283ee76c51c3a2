"""What evaluators import."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from shinka_core.evaluation import run_shinka_eval
from shinka_core.launch.collect import MOST_NUMBERS, collect

ROOT = Path(__file__).parents[3]


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
        run_shinka_eval("p.py", str(tmp_path), "run", 1, early_stop_method="soon")


@pytest.mark.parametrize(
    "result", ["np.float32(3.5)", "np.int64(7)", "Fraction(7, 2)", "Decimal('3.5')", "np.array(3.5)"]
)
def test_without_an_aggregate_function_any_number_counts(tmp_path: Path, result: str) -> None:
    head = "import numpy as np\nfrom fractions import Fraction\nfrom decimal import Decimal\n"
    metrics, correct, _ = evaluate(tmp_path, f"{head}def run(seed): return {result}")
    assert (metrics["combined_score"], correct) == (7.0 if "int64" in result else 3.5, True)


def test_without_an_aggregate_function_other_results_are_told_and_not_scored(tmp_path: Path) -> None:
    _, correct, error = evaluate(tmp_path, "def run(seed): return {'loss': 1.0}")
    assert not correct
    assert "a run gave dict" in (error or "")
    assert "aggregate_metrics_fn" in (error or "")


def test_metrics_of_any_shape_are_written(tmp_path: Path) -> None:
    numpy, decimal = __import__("numpy"), __import__("decimal")
    public = {("n", 3): 1.0, numpy.int64(4): 2, "seen": {2, 1}, "raw": b"\xffab", None: {(1, 2): [3]}, True: 1}
    metrics = {"combined_score": decimal.Decimal("2.5"), "public": public}
    evaluate(tmp_path, "def run(seed): return 1", aggregate_metrics_fn=lambda results: metrics)
    written = json.loads((tmp_path / "out/metrics.json").read_text())
    assert written["combined_score"] == 2.5
    assert written["public"] == {
        "('n', 3)": 1.0, "4": 2, "seen": [1, 2], "raw": "\ufffdab", "None": {"(1, 2)": [3]}, "True": 1,
    }  # fmt: skip


def test_metrics_that_cannot_be_written_are_a_failure_in_words(tmp_path: Path) -> None:
    endless: dict[str, Any] = {}
    endless["self"] = endless
    metrics, correct, error = evaluate(
        tmp_path,
        "def run(seed): return 1",
        aggregate_metrics_fn=lambda results: {"combined_score": 1.0, "public": endless},
    )
    assert (metrics, correct) == ({"combined_score": 0.0}, False)
    assert "cannot be written as JSON" in (error or "")


def test_workers_may_give_objects_of_classes_that_the_program_defines(tmp_path: Path) -> None:
    code = (
        "from dataclasses import dataclass\n@dataclass\nclass Point:\n    x: float\ndef run(seed): return Point(seed)"
    )
    metrics, correct, _ = evaluate(
        tmp_path, code, num_runs=3, run_workers=2,
        aggregate_metrics_fn=lambda points: {"combined_score": sum(point.x for point in points)},
    )  # fmt: skip
    assert (metrics["combined_score"], correct) == (6, True)


@pytest.mark.parametrize(
    ("code", "word"),
    [
        ("def run(seed): return lambda: 0", "pickle"),
        ("import os\ndef run(seed): os._exit(3)", "BrokenProcessPool"),
        ("def run(seed): raise KeyError('lost')", "lost"),
    ],
)
def test_a_failing_worker_is_a_result_with_its_error(tmp_path: Path, code: str, word: str) -> None:
    _, correct, error = evaluate(tmp_path, code, run_workers=2)
    assert not correct
    assert word in (error or "")


def test_workers_start_whatever_way_is_usual_and_without_a_main_guard(tmp_path: Path) -> None:
    """From Python 3.14 on processes are not forked unless asked to, and others run the evaluator's file again."""
    (tmp_path / "main.py").write_text("def run(seed): return seed")
    script = tmp_path / "evaluate.py"
    script.write_text(
        f"import multiprocessing, sys\nsys.path.insert(0, {str(ROOT)!r})\n"
        "multiprocessing.set_start_method('forkserver', force=True)\n"
        "from shinka.core import run_shinka_eval\n"
        f"print(run_shinka_eval({str(tmp_path / 'main.py')!r}, {str(tmp_path / 'out')!r}, 'run', 4, run_workers=2)[1:])\n"
    )
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "(True, None)\n", done.stderr


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


def test_several_runs_that_are_numbers_are_told_one_by_one(tmp_path: Path) -> None:
    metrics, correct, _ = evaluate(tmp_path, "def run(seed): return seed * 1.5", num_runs=3)
    assert correct
    assert metrics["instance_scores"] == {"run 0": 1.5, "run 1": 3.0, "run 2": 4.5}
    assert "instance_texts" not in metrics
    alone, _, _ = evaluate(tmp_path, "def run(seed): return seed * 1.5", num_runs=1)
    assert "instance_scores" not in alone, "a single run is the score itself"


def test_an_evaluator_gives_a_score_and_a_text_of_each_run(tmp_path: Path) -> None:
    def instance(index: int, result: dict[str, Any]) -> tuple[float, str]:
        return -result["loss"], "" if index else f"loss of run {index}"

    metrics, correct, error = evaluate(
        tmp_path,
        "def run(seed): return {'loss': float(seed), 'ok': seed != 2}",
        num_runs=3,
        aggregate_metrics_fn=lambda results: {"combined_score": -sum(one["loss"] for one in results)},
        validate_fn=lambda result: (result["ok"], "overlap of 2 and 3"),
        instance_fn=instance,
    )
    assert (correct, error) == (False, "overlap of 2 and 3")
    assert metrics["instance_scores"] == {"run 0": -1.0, "run 2": -3.0}
    assert metrics["instance_texts"] == {"run 0": "loss of run 0", "run 1": "not valid: overlap of 2 and 3"}


def test_what_the_metrics_say_by_instance_stays(tmp_path: Path) -> None:
    metrics, _, _ = evaluate(
        tmp_path,
        "def run(seed): return float(seed)",
        aggregate_metrics_fn=lambda _: {"combined_score": 1.0, "instance_scores": {"mine": 2.0}},
        instance_fn=lambda index, result: result,
    )
    assert metrics["instance_scores"] == {"mine": 2.0}


def test_no_more_runs_are_told_than_a_program_may_have_and_none_that_is_no_number(tmp_path: Path) -> None:
    metrics, _, _ = evaluate(
        tmp_path,
        "def run(seed): return float('nan') if seed == 1 else 1.0",
        num_runs=MOST_NUMBERS + 5,
        aggregate_metrics_fn=lambda _: {"combined_score": 1.0},
        instance_fn=lambda _, result: result,
    )
    assert len(metrics["instance_scores"]) == MOST_NUMBERS - 1
    assert collect(tmp_path / "out", 1.0).correct
