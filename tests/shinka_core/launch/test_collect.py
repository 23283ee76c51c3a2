"""What evaluators write, in texts and numbers that no database would take."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from shinka_core.launch.collect import collect
from shinka_core.program import Evaluation


def collected(folder: Path, metrics: Any, correct: Any = None) -> Evaluation:
    for name, value in (("metrics", metrics), ("correct", {"correct": True} if correct is None else correct)):
        data = value if isinstance(value, bytes) else json.dumps(value).encode()
        (folder / f"{name}.json").write_bytes(data)
    return collect(folder, 1.0)


def test_texts_are_cleaned_wherever_they_stand(tmp_path: Path) -> None:
    bad = "na\udce9me\x00.txt"
    metrics = {
        "combined_score": 1.0, "text_feedback": bad,
        "public": {bad: [bad, {"inner": bad}]}, "private": {"deep": {bad: bad}},
    }  # fmt: skip
    found = collected(tmp_path, metrics)
    good = "na?me.txt"
    assert found.text_feedback == good
    assert found.public_metrics == {good: [good, {"inner": good}]}
    assert found.private_metrics == {"deep": {good: good}}
    assert collected(tmp_path, metrics, {"correct": False, "error": bad}).error == good
    assert not {"\udce9", "\x00"}.intersection(collected(tmp_path, {"combined_score": bad}).error)
    assert "na?me" in collected(tmp_path, {bad: 1.0}).error


def test_numbers_that_json_has_no_word_for_are_none_but_in_the_score(tmp_path: Path) -> None:
    public = {"loss": float("nan"), "best": [float("inf"), 1.0]}
    found = collected(tmp_path, {"combined_score": 1.0, "public": public, "private": {"x": float("-inf")}})
    assert (found.correct, found.public_metrics, found.private_metrics) == (
        True, {"loss": None, "best": [None, 1.0]}, {"x": None},
    )  # fmt: skip
    failed = collected(tmp_path, {"combined_score": float("-inf")})
    assert (failed.correct, failed.score, failed.reason) == (False, None, "bad_score")
    assert "-inf; it must be finite" in failed.error


@pytest.mark.parametrize("score", [-1.7976931348623157e308, 1.7976931348623157e308, 0, -0.0, 5e-324])
def test_any_finite_score_counts(tmp_path: Path, score: float) -> None:
    found = collected(tmp_path, {"combined_score": score})
    assert (found.correct, found.score) == (True, score)


@pytest.mark.parametrize(
    ("metrics", "reason", "words"),
    [
        ({"accuracy": 0.5, "speed": 2}, "no_score", "no combined_score, the number to be made larger; it has accuracy, speed"),
        ({"combined_score": None}, "bad_score", "must be a number"),
        (b'{"combined_score": ' + b"9" * 5000 + b"}", "bad_result", "not JSON"),
        (b'{"combined_score": 1, "public": ' + b'{"a":' * 80 + b"1" + b"}" * 81, "bad_result", "nested deeper than"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(tmp_path: Path, metrics: Any, reason: str, words: str) -> None:
    found = collected(tmp_path, metrics)
    assert (found.correct, found.reason) == (False, reason)
    assert words in found.error


def test_a_byte_order_mark_and_feedback_that_is_no_text_do_no_harm(tmp_path: Path) -> None:
    found = collected(
        tmp_path, b"\xef\xbb\xbf" + json.dumps({"combined_score": 1, "text_feedback": ["slow", 3]}).encode()
    )
    assert (found.correct, found.text_feedback) == (True, '["slow", 3]')


def test_numbers_by_instance_and_by_feature_are_taken(tmp_path: Path) -> None:
    metrics = {
        "combined_score": 1.0,
        "instance_scores": {"first": 1, "second": True, "th\x00ird": 0.5},
        "features": {"size": 3},
    }
    found = collected(tmp_path, metrics)
    assert found.correct
    assert found.instance_scores == {"first": 1.0, "second": 1.0, "third": 0.5}
    assert found.features == {"size": 3.0}
    assert collected(tmp_path, {"combined_score": 1.0}).instance_scores == {}


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ([1.0], "'instance_scores' holds a list; it must be an object of numbers by name"),
        ({"a": "1"}, "instance_scores['a'] is '1'; it must be a finite number"),
        ({"a": float("nan")}, "instance_scores['a'] is null or no finite number; it must be a finite number"),
        ({"a": 10**400}, "it must be a finite number"),
        ({str(number): 0 for number in range(1_001)}, "holds 1001 numbers; it may hold 1000"),
        ({"a" * 201: 1.0}, "it may have 200 characters"),
    ],
)
def test_numbers_that_cannot_be_kept_are_told_by_name(tmp_path: Path, numbers: Any, message: str) -> None:
    found = collected(tmp_path, {"combined_score": 1.0, "instance_scores": numbers})
    assert (found.correct, found.reason) == (False, "bad_result")
    assert message in found.error
    assert len(found.error) < 1_000
