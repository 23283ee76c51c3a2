"""What evaluators that are functions return, and what is kept of it."""

from __future__ import annotations

import json
from collections import UserDict
from typing import Any

import numpy as np
import pytest

from shinka_core.evaluation.returned import as_result, passes, plain_json, read
from shinka_core.evaluation.stand_in import EvaluationResult


def kept(found: Any, name: str | None = None) -> tuple[dict[str, Any], bool, str | None]:
    metrics, correct, error = as_result(read(found), name)
    return json.loads(plain_json(metrics)), correct, error


def test_numbers_by_name_are_metrics_and_combined_score_is_the_score() -> None:
    metrics, correct, error = kept({"combined_score": 0.5, "speed": 2, "valid": True})
    assert (metrics["combined_score"], correct, error) == (0.5, True, None)
    assert metrics["public"] == {"combined_score": 0.5, "speed": 2, "valid": True}


@pytest.mark.parametrize(
    "found",
    [
        EvaluationResult({"combined_score": 1.5}, {"log": b"slow \xff", "rows": [1, 2]}),
        {"metrics": {"combined_score": 1.5}, "artifacts": {"log": b"slow \xff", "rows": [1, 2]}},
        {"combined_score": 1.5, "artifacts": {"log": b"slow \xff"}, "rows": [1, 2]},
        {
            "status": "success",
            "combined_score": 1.5,
            "metrics": {},
            "artifacts": {"log": "slow \ufffd", "rows": "[1, 2]"},
        },
        ({"combined_score": 1.5, "artifacts": {"log": "?"}}, {"log": "slow \ufffd", "rows": [1, 2]}),
        (1.5, {"log": "slow \ufffd", "rows": [1, 2]}),
        UserDict(combined_score=1.5, artifacts=UserDict(log="slow \ufffd"), rows=[1, 2]),
    ],
)
def test_artifacts_are_texts_beside_the_metrics_however_they_come(found: Any) -> None:
    metrics, correct, _ = kept(found)
    assert (metrics["combined_score"], correct) == (1.5, True)
    assert metrics["artifacts"] == {"log": "slow \ufffd", "rows": "[1, 2]"}
    assert metrics["public"] == {"combined_score": 1.5}


def test_numbers_of_numpy_are_numbers_and_its_arrays_lists() -> None:
    metrics, _, _ = kept(
        {"combined_score": np.float32(0.5), "n": np.int64(3), "at": np.array([1.0]), 4: {"x": np.ones(2)}}
    )
    assert metrics["combined_score"] == 0.5
    assert metrics["public"] == {"combined_score": 0.5, "n": 3, "at": 1.0, "4": {"x": [1.0, 1.0]}}


@pytest.mark.parametrize(
    ("found", "why"),
    [
        ({"combined_score": 0.0, "error": "no function run"}, "no function run"),
        ({"error": {"kind": "shape"}}, '{"kind": "shape"}'),
        ({"status": "error", "metrics": {}, "artifacts": {"error": "boom", "traceback": "line 3"}}, "boom\nline 3"),
        ({"status": "timeout", "combined_score": 0.0}, "the evaluator says 'timeout'"),
        ({"combined_score": 0.0, "timeout": True}, "the evaluator says that its time was over"),
    ],
)
def test_an_error_in_words_or_a_status_says_that_the_program_is_not_correct(found: Any, why: str) -> None:
    _, correct, error = kept(found)
    assert (correct, error) == (False, why)


def test_an_error_that_is_a_number_is_a_measurement() -> None:
    metrics, correct, _ = kept({"combined_score": 0.9, "error": 0.1})
    assert (correct, metrics["public"]["error"]) == (True, 0.1)


def test_without_a_score_the_numbers_are_named_and_not_averaged() -> None:
    metrics, correct, error = kept({"accuracy": 0.5, "valid": True, "inner": {"lag": 3}, "note": "x"})
    assert "combined_score" not in metrics
    assert correct, "the program is not to blame"
    assert error is not None
    assert "it returned accuracy, inner.lag: say which of them is the score" in error
    assert "--score NAME" in error


@pytest.mark.parametrize(("name", "score"), [("accuracy", 0.5), ("inner.lag", 3.0)])
def test_the_score_is_the_number_that_is_named(name: str, score: float) -> None:
    metrics, correct, error = kept({"combined_score": 9, "accuracy": 0.5, "inner": {"lag": 3}}, name)
    assert (metrics["combined_score"], correct, error) == (score, True, None)


def test_a_score_that_is_no_number_stays_for_whoever_reads_it_to_refuse() -> None:
    assert kept({"combined_score": "high"})[0]["combined_score"] == "high"
    assert kept({"combined_score": True})[0]["combined_score"] is True


def test_a_number_alone_is_the_score() -> None:
    assert kept(np.float64(2.5))[0]["combined_score"] == 2.5


@pytest.mark.parametrize("found", [None, "good", [1.0], True, (1.0, 2.0), (None, {"log": "x"})])
def test_what_tells_no_score_is_refused_by_its_type(found: Any) -> None:
    with pytest.raises(TypeError, match=r"returned (NoneType|str|list|bool|tuple); it returns numbers by name"):
        read(found)


@pytest.mark.parametrize(
    ("found", "name", "leads_on"),
    [
        ({"combined_score": 0.5}, None, True),
        ({"combined_score": 0.4, "valid": 1.0}, None, False),
        ({"runs": 1.0}, None, True),
        ({"runs": 0.2}, None, False),
        ({"speed": 0.1, "lag": 0.1}, None, True),
        ({"speed": 0.1, "lag": 0.9}, "speed", False),
        ({"combined_score": 0.9, "error": "no"}, None, False),
    ],
)
def test_a_stage_leads_on_by_its_score_or_its_only_number(found: Any, name: str | None, leads_on: bool) -> None:
    assert passes(read(found), name, 0.5) is leads_on
