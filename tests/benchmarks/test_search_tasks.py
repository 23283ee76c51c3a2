"""The tasks of the search benchmark: what their scores mean, and that their seed programs are far from them."""

import json
import subprocess
import sys
from itertools import permutations
from random import Random

import numpy as np
import pytest

from benchmarks.search import mutation
from benchmarks.search.blocks import split
from benchmarks.search.edits import EDITS
from benchmarks.search.evaluator import LOG, digest, measured
from benchmarks.search.tasks import TASKS, task_of
from benchmarks.search.tasks.bin_packing import evaluate as bin_packing
from benchmarks.search.tasks.circle_packing import evaluate as circle_packing
from benchmarks.search.tasks.funnel import evaluate as funnel
from benchmarks.search.tasks.heilbronn import evaluate as heilbronn
from benchmarks.search.tasks.rugged import evaluate as rugged
from benchmarks.search.tasks.signal import evaluate as signal
from benchmarks.search.tasks.transactions import evaluate as transactions

SEEDS = {
    "circle_packing": 0.838569,
    "heilbronn": 0.000334035,
    "rugged": 0.184278,
    "bin_packing": 0.949037,
    "signal": 0.358835,
    "transactions": 0.345588,
    "funnel": 0.473584,
}


@pytest.mark.parametrize("task", TASKS.values(), ids=list(TASKS))
def test_a_seed_program_is_valid_and_has_room_above(task):
    found, error = task.measured(task.initial)
    assert error is None
    assert found == pytest.approx(SEEDS[task.name], rel=1e-5)
    assert found < task.optimum
    assert task_of(task.initial) is task


def test_circles_that_touch_are_valid_and_one_rounding_error_more_is_not():
    centers = np.array([(0.125 + 0.1875 * (k % 5), 0.125 + 0.15 * (k // 5)) for k in range(26)])
    radii = np.full(26, 0.02)
    radii[0] = 0.125
    assert circle_packing.score({"run_packing": lambda: (centers, radii, 0.0)}) == pytest.approx(0.625)
    radii[0] = np.nextafter(0.125, 1.0)
    with pytest.raises(ValueError, match="leaves the square"):
        circle_packing.score({"run_packing": lambda: (centers, radii, 0.0)})
    radii[0], radii[1] = 0.125, 0.07
    with pytest.raises(ValueError, match="overlap"):
        circle_packing.score({"run_packing": lambda: (centers, radii, 0.0)})


def test_the_smallest_triangle_is_a_share_of_the_whole_and_nought_on_a_line():
    corners = np.array([(0, 0), (1, 0), (0, 1)] + [(0.2 + 0.05 * k, 0.1 + 0.03 * k * k / 8) for k in range(8)])
    area = heilbronn.score({"run_points": lambda: corners})
    smallest = min(
        abs((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])) for a, b, c in permutations(corners, 3)
    )
    assert 0 < area == pytest.approx(smallest)
    line = np.array([(k / 11, 0.0) for k in range(11)])
    assert heilbronn.score({"run_points": lambda: line}) == 0
    with pytest.raises(ValueError, match="outside"):
        heilbronn.score({"run_points": lambda: corners + 0.1})


def test_the_rugged_optimum_is_one_and_the_wrong_funnel_ends_at_two_thirds():
    assert rugged.score({"run_params": lambda: rugged.BEST}) == pytest.approx(1.0)
    wrong = [rugged.WRONG * sign + shift for sign, shift in zip(rugged.SIGNS, rugged.SHIFTS, strict=True)]
    assert rugged.score({"run_params": lambda: wrong}) < 2 / 3


def test_the_funnels_end_at_one_and_at_the_trap():
    assert funnel.score({"run_coordinates": lambda: funnel.RIGHT}) == 1.0
    assert funnel.score({"run_coordinates": lambda: funnel.WRONG}) == pytest.approx(funnel.TRAP)


def test_no_step_of_one_constant_leads_out_of_the_wrong_funnel():
    best = 0.0
    for k in range(len(funnel.WRONG)):
        for value in np.linspace(-12, 12, 481):
            moved = [*funnel.WRONG]
            moved[k] = value
            if abs(moved[k] - funnel.WRONG[k]) > 0.01:
                best = max(best, funnel.score({"run_coordinates": lambda moved=moved: moved}))
    assert best < funnel.TRAP


def test_bins_are_counted_as_by_packing_one_item_after_the_other():
    table = bin_packing.priorities(lambda item, bins: -(bins - item))
    used = 0
    for items in bin_packing.SIZES:
        left: list[int] = []
        for item in items:
            fitting = [k for k in range(len(left)) if left[k] >= item]
            if fitting:
                left[min(fitting, key=lambda k: left[k])] -= item
            else:
                left.append(100 - item)
        used += len(left)
    assert bin_packing.bins_used(table) == used
    assert used > bin_packing.BOUND


def test_a_filter_that_knows_the_truth_scores_one_and_one_that_looks_ahead_is_wrong():
    def oracle(x):
        return signal.TRUTH[:, : x.shape[1]]

    assert signal.score({"run_filter": oracle}) == pytest.approx(1.0)
    with pytest.raises(ValueError, match="later samples"):
        signal.score({"run_filter": lambda x: x - x.mean(axis=1, keepdims=True)})


def test_the_noisy_samples_as_they_are_are_no_good_filter():
    assert signal.score({"run_filter": lambda x: x}) == pytest.approx(0.277418, rel=1e-5)


def test_transactions_that_write_the_same_key_follow_one_another_and_readers_do_not():
    writers = [[("a", True)], [("a", True)], [("a", True)]]
    readers = [[("a", False)], [("a", False)], [("a", False)]]
    assert transactions.makespan(writers, [0, 1, 2]) == 3
    assert transactions.makespan(readers, [2, 1, 0]) == 1
    staggered = [[("a", True), ("b", True)], [("a", True), ("b", True)]]
    assert transactions.makespan(staggered, [0, 1]) == 3


def test_programs_see_the_same_makespan_as_the_evaluator():
    namespace = {}
    exec(TASKS["transactions"].initial, namespace)
    for workload in transactions.WORKLOADS:
        order = Random(1).sample(range(len(workload)), len(workload))
        assert namespace["makespan"](workload, order) == transactions.makespan(workload, order)
    with pytest.raises(ValueError, match="missing"):
        transactions.score({"run_schedule": lambda _: [0, 0]})


@pytest.mark.parametrize("task", TASKS.values(), ids=list(TASKS))
def test_the_mutation_model_repeats_itself_and_its_programs_are_mostly_valid(task):
    others = [mutation.propose(Random(k), task.initial, [], False)[0] for k in range(3)]

    def proposals():
        return [mutation.propose(Random(f"{task.name}|{k}"), task.initial, others, k % 5 == 0) for k in range(60)]

    found = proposals()
    assert found == proposals()
    before, _, after = split(task.initial)
    assert all(text.startswith(before) and text.endswith(after) for text, _ in found)
    valid = [kind for text, kind in found if task.measured(text)[1] is None]
    assert len(valid) > 40
    assert len({kind for _, kind in found}) >= 3


@pytest.mark.parametrize("task", TASKS.values(), ids=list(TASKS))
def test_edits_that_are_not_broken_on_purpose_run_as_a_rule(task):
    before, block, after = split(task.initial)
    errors = [task.measured(before + EDITS[task.name](Random(k), block) + after)[1] for k in range(40)]
    assert not [each for each in errors if each and each.startswith(("SyntaxError", "NameError"))]
    assert sum(each is None for each in errors) >= 30


def test_what_is_no_program_of_a_task_is_refused():
    with pytest.raises(ValueError, match="no task"):
        mutation.propose(Random(0), "def other(): pass", [], False)


@pytest.mark.parametrize("text", ["x = (", "raise SystemError('no')", "def run_params(): return [float('nan')] * 10"])
def test_a_wrong_program_is_a_value(text):
    found, error = measured(rugged.score, text)
    assert found == 0.0
    assert error


def test_an_evaluator_is_a_script_that_logs_what_it_scored(tmp_path, monkeypatch):
    task = TASKS["rugged"]
    monkeypatch.setenv(LOG, str(tmp_path / "log"))
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    command = ["--program_path", task.folder / "initial.py", "--results_dir", tmp_path / "results"]
    subprocess.run(
        [sys.executable, task.folder / "evaluate.py", *command],
        check=True,
        cwd=folder,
    )
    metrics = json.loads((tmp_path / "results" / "metrics.json").read_text())
    assert metrics["combined_score"] == pytest.approx(SEEDS["rugged"], rel=1e-5)
    assert json.loads((tmp_path / "results" / "correct.json").read_text()) == {"correct": True, "error": None}
    line = json.loads((tmp_path / "log").read_text())
    assert line["digest"] == digest(task.initial)
    assert line["error"] is None
