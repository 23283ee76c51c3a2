"""`run_shinka_eval` as evaluators for ShinkaEvolve call it: early stop, extra data, plots, what is told beside the score."""

from __future__ import annotations

import functools
import json
import pickle
from pathlib import Path
from typing import Any

import pytest

from shinka_core.evaluation import run_shinka_eval
from shinka_core.launch.collect import collect

SCORES = "def run(seed): return {values}[seed - 1]"


class Figure:
    def savefig(self, path: str) -> None:
        Path(path).write_bytes(b"\x89PNG\r\n\x1a\n" if path.endswith(".png") else b"%PDF")


class Animation:
    def save(self, path: str, writer: str, fps: int) -> None:
        Path(path).write_text(f"{writer} {fps}")


def evaluate(folder: Path, code: str, **options: Any) -> tuple[dict[str, Any], bool, str | None]:
    (folder / "program.py").write_text(code)
    settings: dict[str, Any] = {"experiment_fn_name": "run", "num_runs": 2} | options
    outcome = run_shinka_eval(str(folder / "program.py"), str(folder / "out"), **settings)
    written = json.loads((folder / "out/metrics.json").read_text())
    assert json.loads((folder / "out/correct.json").read_text())["correct"] is outcome[1]
    assert written == json.loads(json.dumps(outcome[0]))
    return outcome


def with_extra(results: list[Any]) -> dict[str, Any]:
    return {"combined_score": 1.0, "extra_data": {"results": results}}


@pytest.mark.parametrize("method", ["bayesian", "ci", "hybrid"])
def test_runs_that_would_decide_nothing_are_not_made(tmp_path: Path, method: str) -> None:
    code = SCORES.format(values=[0.1, 0.12, 0.09, 0.11, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1])
    metrics, correct, _ = evaluate(
        tmp_path, code, num_runs=10, early_stop_method=method, early_stop_threshold=5.0,
        early_stop_kwargs={"min_trials": 3},
    )  # fmt: skip
    stop = metrics["early_stop"]
    assert correct
    assert 3 <= stop["runs_completed"] < 10 == stop["runs_requested"]
    assert (stop["triggered"], stop["prediction"], stop["method"]) == (True, "fails", method)
    assert metrics["num_valid_runs"] == stop["runs_completed"] == len(stop["scores"])


@pytest.mark.parametrize("method", ["bayesian", "ci", "hybrid", "none", None])
def test_while_it_is_not_decided_all_runs_are_made(tmp_path: Path, method: str | None) -> None:
    code = SCORES.format(values=[0.0, 10.0, 1.0, 9.0])
    metrics, _, _ = evaluate(tmp_path, code, num_runs=4, early_stop_method=method, early_stop_threshold=5.0)
    assert metrics["num_valid_runs"] == 4
    assert metrics.get("early_stop", {"triggered": False})["triggered"] is False


def test_a_run_is_scored_as_the_evaluator_says_and_by_its_own_rule(tmp_path: Path) -> None:
    class Rule:
        name = "twice"

        def check(self, scores: list[float], threshold: float) -> Any:
            assert threshold == 0.5
            return type("Decision", (), {"should_stop": scores == [-1.0, -2.0]})

    metrics, _, _ = evaluate(
        tmp_path, "def run(seed): return {'loss': seed}", num_runs=5, early_stop_method=Rule(), early_stop_threshold=0.5,
        early_stop_score_fn=lambda result: -result["loss"], aggregate_metrics_fn=lambda results: {"combined_score": len(results)},
    )  # fmt: skip
    assert metrics["combined_score"] == 2
    assert metrics["early_stop"]["method"] == "twice"


def test_a_run_without_a_score_stops_nothing_and_fails_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    metrics, correct, _ = evaluate(
        tmp_path, "def run(seed): return 'text'", num_runs=4, early_stop_method="bayesian", early_stop_threshold=1.0,
        aggregate_metrics_fn=lambda results: {"combined_score": len(results)},
    )  # fmt: skip
    assert (metrics["combined_score"], correct) == (4, True)
    assert "a run has no score" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ({"early_stop_method": "soon"}, "none, no_early_stop, bayesian"),
        ({"early_stop_method": "ci"}, "needs early_stop_threshold"),
        ({"early_stop_method": "ci", "early_stop_threshold": "high"}, "'high' is no number"),
        ({"run_workers": 2, "max_workers_cap": 0}, "max_workers_cap=0"),
        ({"early_stop_method": "ci", "early_stop_threshold": 1.0, "run_workers": 2, "num_runs": 2}, "run_workers"),
        ({"early_stop_method": "ci", "early_stop_threshold": 1.0, "early_stop_kwargs": {"alpha": 1}}, "'alpha'"),
        (
            {"early_stop_method": "ci", "early_stop_threshold": 1.0, "early_stop_kwargs": {"ci_confidence": 2}},
            "a confidence",
        ),
    ],
)
def test_a_stop_that_cannot_be_is_refused(tmp_path: Path, arguments: dict[str, Any], word: str) -> None:
    with pytest.raises(ValueError, match=word):
        run_shinka_eval("p.py", str(tmp_path), "run", **({"num_runs": 3} | arguments))


def test_extra_data_is_kept_beside_the_metrics(tmp_path: Path) -> None:
    metrics, correct, _ = evaluate(tmp_path, "def run(seed): return seed", aggregate_metrics_fn=with_extra)
    assert "extra_data" not in metrics
    assert pickle.loads((tmp_path / "out/extra.pkl").read_bytes()) == {"results": [1, 2]}
    assert correct


def test_extra_data_that_cannot_be_kept_is_said_and_the_result_stands(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, correct, error = evaluate(
        tmp_path,
        "def run(seed): return seed",
        aggregate_metrics_fn=lambda _: {"combined_score": 1.0, "extra_data": lambda: 0},
    )
    assert (correct, error) == (True, None)
    assert "extra_data is not kept" in capsys.readouterr().out


def test_figures_and_animations_of_extra_data_are_saved_and_figures_shown_to_models(tmp_path: Path) -> None:
    seen: list[Any] = []

    def plots(data: Any) -> list[Any]:
        seen.append(data)
        return [(Figure(), "packing"), (Animation(), "way"), ("none", "text")]

    metrics, correct, _ = evaluate(
        tmp_path, "def run(seed): return 1.0", aggregate_metrics_fn=with_extra, plotting_fn=plots
    )
    assert correct
    assert seen == [{"results": [1.0, 1.0]}]
    assert sorted(path.name for path in (tmp_path / "out/plots").iterdir()) == ["packing.pdf", "packing.png", "way.gif"]
    assert (tmp_path / "out/plots/way.gif").read_text() == "pillow 30"
    assert metrics["images"] == ["plots/packing.png"]
    assert [image.name for image in collect(tmp_path / "out", 1.0).feedback.images] == ["plots/packing.png"]


def test_plots_that_fail_are_said_and_the_result_stands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def plots(data: Any) -> list[Any]:
        raise RuntimeError("plot broke")

    _, correct, error = evaluate(
        tmp_path, "def run(seed): return 1.0", aggregate_metrics_fn=with_extra, plotting_fn=plots
    )
    assert (correct, error) == (True, None)
    assert "plot broke" in capsys.readouterr().out


def test_without_extra_data_nothing_is_drawn(tmp_path: Path) -> None:
    def plots(data: Any) -> list[Any]:
        raise AssertionError("nothing to draw")

    metrics, correct, _ = evaluate(tmp_path, "def run(seed): return 1.0", plotting_fn=plots)
    assert correct
    assert "images" not in metrics


def test_times_and_what_was_wrong_are_among_the_metrics(tmp_path: Path) -> None:
    metrics, correct, error = evaluate(
        tmp_path,
        "def run(seed): return seed",
        num_runs=5,
        validate_fn=lambda result: (result > 3, "too low" if result > 1 else "lowest"),
    )
    assert (correct, error) == (False, "lowest")
    assert (metrics["num_valid_runs"], metrics["num_invalid_runs"]) == (2, 3)
    assert metrics["all_validation_errors"] == ["lowest", "too low"]
    assert metrics["execution_time_mean"] > 0 <= metrics["execution_time_std"]


def test_a_score_can_be_made_of_the_seconds_of_the_runs(tmp_path: Path) -> None:
    def aggregate(results: list[Any], seconds: list[float]) -> dict[str, Any]:
        return {"combined_score": -sum(seconds), "public": {"runs": len(seconds), "results": len(results)}}

    metrics, _, _ = evaluate(tmp_path, "import time\ndef run(seed): time.sleep(0.01)", aggregate_metrics_fn=aggregate)
    assert metrics["combined_score"] <= -0.02
    assert metrics["public"] == {"runs": 2, "results": 2}


@pytest.mark.parametrize(
    ("variable", "given", "told"), [("1", None, True), ("0", None, False), ("0", True, True), ("", None, False)]
)
def test_runs_are_told_where_the_variable_or_the_argument_says_so(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    variable: str,
    given: bool | None,
    told: bool,
) -> None:
    monkeypatch.setenv("SHINKA_EVAL_VERBOSE", variable)
    evaluate(tmp_path, "def run(seed): return seed", verbose=given)
    assert ("2 of 2 runs in" in capsys.readouterr().out) is told


def test_feedback_may_be_a_list_of_texts(tmp_path: Path) -> None:
    evaluate(
        tmp_path,
        "def run(seed): return 1.0",
        aggregate_metrics_fn=lambda _: {"combined_score": 1.0, "text_feedback": ["first", "second"]},
    )
    assert collect(tmp_path / "out", 1.0).text_feedback == "first\nsecond"


def test_a_missing_score_is_said_and_not_taken_for_zero(tmp_path: Path) -> None:
    evaluate(tmp_path, "def run(seed): return 1.0", aggregate_metrics_fn=lambda _: {"public": {"size": 3}})
    found = collect(tmp_path / "out", 1.0)
    assert (found.correct, found.reason) == (False, "no_score")


class Truth:
    """As numpy has its own."""

    def __init__(self, value: bool) -> None:
        self.value = value

    def __bool__(self) -> bool:
        return self.value


@pytest.mark.parametrize(
    ("said", "correct", "error"),
    [
        (True, True, None), (False, False, "run 0 is not valid"), (Truth(True), True, None), (Truth(False), False, "run 0 is not valid"),
        ((Truth(True), None), True, None), ([False, "low"], False, "low"), ((False, ValueError("low")), False, "low"),
        ((False, ["low", "wide"]), False, "['low', 'wide']"), (None, False, "validate_fn returned None; it returns whether"),
        ((True, "", 3), False, "validate_fn returned (True, '', 3)"), ("valid", False, "validate_fn returned 'valid'"),
    ],
)  # fmt: skip
def test_what_is_said_of_a_result_is_read_in_any_likely_form(
    tmp_path: Path, said: Any, correct: bool, error: str | None
) -> None:
    found = evaluate(tmp_path, "def run(seed): return seed", validate_fn=lambda _: said)
    assert found[1] is correct
    assert (found[2] is None) if error is None else (error in str(found[2]))


@pytest.mark.parametrize("returned", [None, 1.5, "text", [1.0], (1.0, {})])
def test_what_is_no_metrics_is_said_in_a_sentence(tmp_path: Path, returned: Any) -> None:
    _, correct, error = evaluate(tmp_path, "def run(seed): return seed", aggregate_metrics_fn=lambda _: returned)
    assert not correct
    assert "aggregate_metrics_fn returned" in str(error)


def test_seconds_are_given_to_whatever_has_a_parameter_of_that_name(tmp_path: Path) -> None:
    class Summing:
        def __call__(self, results: list[Any], seconds: list[float]) -> dict[str, Any]:
            return {"combined_score": len(results) + len(seconds)}

    def scaled(results: list[Any], seconds: list[float], factor: float) -> dict[str, Any]:
        return {"combined_score": factor * len(seconds)}

    for function, score in ((Summing(), 4), (functools.partial(scaled, factor=3.0), 6.0)):
        metrics, correct, _ = evaluate(tmp_path, "def run(seed): return seed", aggregate_metrics_fn=function)
        assert (metrics["combined_score"], correct) == (score, True)


def test_arguments_that_cannot_be_made_are_told_as_all_errors_are(tmp_path: Path) -> None:
    def arguments(index: int) -> dict[str, Any]:
        raise KeyError("no data")

    _, correct, error = evaluate(tmp_path, "def run(seed): return seed", get_experiment_kwargs=arguments)
    assert not correct
    assert "no data" in str(error)


def test_what_a_run_in_a_process_of_its_own_raises_is_told_even_if_it_cannot_be_sent(tmp_path: Path) -> None:
    code = (
        "class Odd(Exception):\n"
        "    def __init__(self, first, second): super().__init__(first)\n"
        "def run(seed): raise Odd('of its own kind', 2)\n"
    )
    _, correct, error = evaluate(tmp_path, code, run_workers=2)
    assert not correct
    assert "Odd: of its own kind" in str(error)
    assert "ProcessPool" not in str(error)
    _, _, error = evaluate(tmp_path, "import sys\ndef run(seed): sys.exit('enough')", run_workers=2)
    assert "enough" in str(error)
