"""Costs by model and purpose, failures by reason and blame."""

from __future__ import annotations

from shinka_core.database.records import GenerationRecord
from shinka_core.errors import Blame
from shinka_core.program import GenerationState
from shinka_core.report.columns import call_columns, program_columns
from shinka_core.report.costs import costs
from shinka_core.report.failures import failures
from tests.support.recorded import at, call_record, failed_generation, program_record


def test_costs_are_added_up_by_model_and_purpose_the_dearest_first() -> None:
    calls = [
        call_record(1, 0.1),
        call_record(2, 0.2, status="failed", estimated=True),
        call_record(3, 1.0, model="n", purpose="idea"),
        call_record(4, 0.05, purpose="novelty"),
    ]
    dear, usual, cheap = costs(calls)
    assert (dear.model, dear.purpose, dear.calls, dear.dollars) == ("n", "idea", 1, 1.0)
    assert (usual.model, usual.purpose, usual.calls, usual.failed) == ("m", "proposal", 2, 1)
    assert (round(usual.dollars, 9), usual.estimated, usual.input_tokens, usual.seconds) == (0.3, 0.2, 200, 4.0)
    assert cheap.purpose == "novelty"
    assert costs([]) == []


def test_failures_are_counted_by_reason_and_blame_with_the_last_words() -> None:
    generations = [
        GenerationRecord(0, GenerationState.RECORDED, 1, None, None, at(0), at(1)),
        failed_generation(1, "timeout", Blame.MODEL, "first", sequence=9),
        failed_generation(2, "timeout", Blame.MODEL, "second", sequence=5),
        failed_generation(3, "timeout", Blame.INFRASTRUCTURE, "third"),
        failed_generation(4, "no_code", None),
    ]
    most, *rest = failures(generations)
    assert (most.step, most.reason, most.blame, most.count) == ("query", "timeout", Blame.MODEL, 2)
    assert (most.generations, most.last) == ((1, 2), "first")
    assert {(one.reason, one.blame, one.count) for one in rest} == {
        ("timeout", Blame.INFRASTRUCTURE, 1),
        ("no_code", None, 1),
    }


def test_calls_of_unknown_cost_are_counted_beside_the_sum() -> None:
    (found,) = costs([call_record(1, 0.5), call_record(2, None), call_record(3, None, estimated=True)])
    assert (found.dollars, found.unpriced, found.estimated) == (0.5, 2, 0.0)
    written = call_columns([call_record(1, 0.0), call_record(2, None)])
    assert written["cost"] == [0.0, None]
    assert program_columns([program_record(0, 1.0, cost=None)])["cost"] == [None]
