"""The tuner: which literals it finds, how it moves them, and that its trials read back lead it to the same candidate."""

from __future__ import annotations

import ast
import asyncio
import math
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shinka.testing import OperatorContract
from shinka.testing.operators import PaperBench, sampling_of
from shinka_core.edit.blocks import immutable_parts
from shinka_core.errors import RunStoppedError
from shinka_core.operators import OPERATORS, Operator, Tune
from shinka_core.operators.tune_axes import Axis, number_axis
from shinka_core.operators.tune_hints import hint_of
from shinka_core.operators.tune_literals import Literal, find_literals, with_places
from shinka_core.operators.tune_search import LineSearch
from shinka_core.operators.tune_tables import Tables, tables_in, tables_of
from shinka_core.program import Candidate, Evaluation, Failure, Sampling
from shinka_core.source import Source
from tests.shinka_core.operators.test_mutate import STATISTICS

CODE = """\
LIMIT = 5.5
# EVOLVE-BLOCK-START
def run(points, gain=1.5, *, clip=True):
    scale = 0.25  # tune: 0.1..10 log
    rounds = 12
    grid = [0] * 3
    kind = "best"  # choices: "best" | "first" | "worst fit"
    order = 2  # tune: 1..9
    kept = 4.5  # tune: off
    said = 7.5  # they tune: whatever; choices: one
    table = {"decay": 0.9, "other": -0.3}
    while True:
        points[1] = sorted(points, reverse=False)[:-2] * scale ** 2
        break
    return np.full(9, 0.001, endpoint=True), kind, "0.5 and 3"
# EVOLVE-BLOCK-END
"""


def named(code: str = CODE, language: str = "python") -> dict[str, str]:
    return {one.name: code[one.start : one.end] for one in find_literals(code, language)}


def test_numbers_booleans_and_hinted_choices_are_found_and_structure_is_not() -> None:
    assert named() == {
        "gain": "1.5", "clip": "True", "scale": "0.25", "rounds": "12", "kind": '"best"', "order": "2",
        "said": "7.5", "decay": "0.9", "other": "0.3", "reverse": "False", "line 15": "0.001", "endpoint": "True",
    }  # fmt: skip


def test_other_languages_have_numbers_and_hints() -> None:
    code = """\
// EVOLVE-BLOCK-START
float a = 0.5; // tune: 0..1
int mode = FAST; // choices: FAST | SLOW
double b = 2.5; // 9.5
// EVOLVE-BLOCK-END
int keep = 30;
"""
    assert named(code, "cpp") == {"a": "0.5", "mode": "FAST", "b": "2.5"}
    axis = find_literals(code, "cpp")[0].axis
    assert (axis.low, axis.high) == (0.0, 1.0)


@given(
    low=st.floats(-1e6, 1e6, allow_nan=False),
    width=st.floats(1e-3, 1e6),
    log=st.booleans(),
    comment=st.sampled_from(["#", "//", "--", ";", "%"]),
)
def test_a_range_is_read_as_it_is_written(low: float, width: float, log: bool, comment: str) -> None:
    high = low + width
    hint = hint_of(f"x = 3 {comment} why not  {comment} tune: {low!r}..{high!r}{' log' * log}")
    if log and low <= 0:
        assert hint is None
    else:
        assert hint is not None
        assert (hint.low, hint.high, hint.log) == (low, high, log)


@pytest.mark.parametrize("line", [
    "x = 1  # tune: 5..1", "x = 1  # tune: 1..", "x = 1  # tune this", "x = 1  # choices: a", "x = 1  # choices: a |",
    "x = 1  # choices: | ", "x = tune: 1..2", "",
])  # fmt: skip
def test_what_is_no_hint_is_prose(line: str) -> None:
    assert hint_of(line) is None


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), code=st.sampled_from([CODE, STATISTICS]))
def test_whatever_places_are_written_the_program_stays_one_with_the_same_literals(seed: int, code: str) -> None:
    rng = np.random.default_rng(seed)
    literals = find_literals(code, "python")
    places = [one.axis.at(one.axis.start + float(rng.standard_t(2)) * 5 * one.axis.step) for one in literals]
    changed = with_places(code, literals, places)
    ast.parse(changed)
    assert immutable_parts(changed) == immutable_parts(code)
    for one in literals:
        assert one.axis.at(math.nan) == one.axis.start
        place = one.axis.at(1e308)
        assert one.axis.low <= place <= one.axis.high
    assert with_places(code, literals, [one.axis.start for one in literals]) == code
    again = find_literals(changed, "python")
    kinds = {one.name: (one.axis.integer, bool(one.axis.options)) for one in literals}
    assert all(kinds.get(one.name, (one.axis.integer, bool(one.axis.options))) == (one.axis.integer, bool(one.axis.options)) for one in again)  # fmt: skip


def test_whole_numbers_stay_whole_and_ranges_are_kept() -> None:
    literals = {one.name: one for one in find_literals(CODE, "python")}
    assert literals["rounds"].axis.written(literals["rounds"].axis.at(14.4)) == "14"
    assert literals["rounds"].axis.written(literals["rounds"].axis.at(-3.0)) == "0"
    scale = literals["scale"].axis
    assert scale.written(scale.at(7.0)) == "10.0"
    assert scale.written(scale.at(-7.0)) == "0.1"
    assert literals["order"].axis.written(literals["order"].axis.at(99.0)) == "9"


def climb(axes: list[Axis], score: object, evaluations: int, seed: int = 0, at_once: int = 1) -> tuple[LineSearch, int]:
    assert callable(score)
    start = tuple(axis.start for axis in axes)
    search, made = LineSearch(axes, score(start), np.random.default_rng(seed)), 0
    while made < evaluations and (probes := search.ask(min(at_once, evaluations - made))):
        search.tell([(probe, score(probe.point)) for probe in probes])
        made += len(probes)
    return search, made


@pytest.mark.parametrize("at_once", [1, 3])
def test_sixty_evaluations_take_ten_scaled_numbers_most_of_the_way(at_once: int) -> None:
    rng = np.random.default_rng(1)
    aim, weight = 1.0 + 0.3 * rng.standard_normal(10), 10 ** rng.uniform(-1, 1, 10)
    score = lambda point: -float(np.sum(weight * (np.array(point) - aim) ** 2))  # noqa: E731
    gains: list[float] = []
    for seed in range(10):
        search, _ = climb([number_axis(1.0, False, "1.0")] * 10, score, 60, seed, at_once)
        gains.append(search.score / score((1.0,) * 10))
    assert float(np.median(gains)) < 0.1


def test_no_point_is_asked_for_twice_and_the_search_ends_where_nothing_is_left() -> None:
    axes = [number_axis(3.0, True, "3"), find_literals(CODE, "python")[1].axis, number_axis(2.0, False, "2.0")]
    asked: list[tuple[float, ...]] = []

    def score(point: tuple[float, ...]) -> float:
        asked.append(point)
        return -((point[0] - 5) ** 2) + (point[1] == 0.0)

    search, made = climb(axes, score, 1000)
    assert made < 60
    assert len(asked) == len(set(asked))
    assert search.best[:2] == (5.0, 0.0)


@dataclass
class Scored(PaperBench):
    """Evaluates the numbers of a program: `a` is to be 1.25, `mode` fast, and `idle` does not matter."""

    cut: int = 10**9

    async def evaluate(self, source: Source, trial: int) -> Evaluation:
        known = {number for number, _ in self.asked}
        if len(known) >= self.cut and trial not in known:
            raise RunStoppedError("cut off here")
        await super().evaluate(source, trial)
        await asyncio.sleep(0.001 * (trial % 3))  # ends in another order than it began
        scope: dict[str, object] = {}
        exec(source.text, scope)
        return Evaluation(float(scope["value"]()), True)  # type: ignore[operator]


PLAIN = """\
# EVOLVE-BLOCK-START
def value():
    a = 0.5
    idle = 3.5
    mode = "slow"  # choices: "slow" | "fast"
    return -(a - 1.25) ** 2 + (mode == "fast") + 0.0 * idle
# EVOLVE-BLOCK-END
"""


def plain_sampling(code: str = PLAIN, score: float | None = -0.5625) -> Sampling:
    sampling = sampling_of("tune")
    return replace(sampling, parent=replace(sampling.parent, source=Source.of(code, "python"), score=score))


@pytest.mark.parametrize("at_once", [1, 4])
async def test_the_candidate_is_better_says_how_it_was_tuned_and_is_found_again_from_its_trials(at_once: int) -> None:
    tuner, bench = Tune(trials=30, at_once=at_once), Scored(seed=3, most=30)
    made = await tuner.propose(plain_sampling(), bench)
    assert isinstance(made, Candidate)
    scope: dict[str, object] = {}
    exec(made.code, scope)
    assert scope["value"]() > 0.9  # type: ignore[operator]
    assert made.name.startswith("tuned_")
    assert made.description.startswith("tuned: a 0.5 -> ")
    assert 'mode "slow" -> "fast"' in made.description
    assert "idle" not in made.description
    assert made == await tuner.propose(plain_sampling(), Scored(seed=3, most=30))


@pytest.mark.parametrize("at_once", [1, 4])
async def test_cut_off_after_any_trial_it_goes_on_with_the_same_ones(at_once: int) -> None:
    tuner, whole = Tune(trials=12, at_once=at_once), Scored(seed=5, most=12)
    made = await tuner.propose(plain_sampling(), whole)
    for cut in range(0, 12, 3):
        before = Scored(seed=5, most=12, cut=cut)
        with pytest.raises(RunStoppedError):
            await tuner.propose(plain_sampling(), before)
        assert before.asked == whole.asked[: len(before.asked)]
    assert made == await tuner.propose(plain_sampling(), Scored(seed=5, most=12))


async def test_it_keeps_to_its_evaluations_and_without_any_takes_one_step_untried() -> None:
    for most in range(6):
        bench = Scored(most=most)
        made = await Tune(trials=4).propose(plain_sampling(), bench)
        assert isinstance(made, Candidate)
        assert len(bench.asked) == min(most, 4)
        assert ("not tried" in made.description) == (most == 0)


async def test_patience_ends_it_where_nothing_gains() -> None:
    bench = PaperBench(most=100)
    await Tune(trials=100, patience=5).propose(plain_sampling(score=1e9), bench)
    assert len(bench.asked) == 5


class NeverRuns(PaperBench):
    async def evaluate(self, source: Source, trial: int) -> Evaluation:
        await super().evaluate(source, trial)
        return Evaluation(None, False, error="no")


@pytest.mark.parametrize(
    ("code", "bench", "reason"),
    [
        ("# EVOLVE-BLOCK-START\ndef f(x):\n    return x\n# EVOLVE-BLOCK-END\n", PaperBench(), "nothing_to_tune"),
        (PLAIN, NeverRuns(), "nothing_runs"),
    ],
)
async def test_without_a_literal_or_a_correct_trial_there_is_a_reason(
    code: str, bench: PaperBench, reason: str
) -> None:
    made = await Tune().propose(plain_sampling(code), bench)
    assert isinstance(made, Failure)
    assert made.reason == reason


async def test_line_ends_and_folders_are_kept() -> None:
    windows = PLAIN.replace("\n", "\r\n")
    made = await Tune(trials=5).propose(plain_sampling(windows), PaperBench())
    assert isinstance(made, Candidate)
    assert made.code.count("\r\n") == made.code.count("\n") == windows.count("\n")


def test_a_literal_is_named_once() -> None:
    literals: list[Literal] = find_literals("x = f(0.5, 0.25)\nx = 3.5\n", "python")
    assert [one.name for one in literals] == ["x", "x (2)", "x (3)"]


class TestTune(OperatorContract):
    name = "tune"

    def make(self) -> Operator:
        return OPERATORS.create({"name": "tune", "trials": 6})


PACKING = (Path(__file__).parents[3] / "examples/circle_packing/initial.py").read_text()
LOOPS = """\
N = 6
# EVOLVE-BLOCK-START
def run():
    total = [0.0] * N
    for i in range(N):
        half = 0.5 * i  # of it
        for j in range(2):
            total[i] = half + j
        name = "x"
    return sum(total)
# EVOLVE-BLOCK-END
"""


def tables(code: str, seed: int = 0) -> Tables:
    found = tables_of(np.random.default_rng(seed), code)
    assert found is not None
    return found


def test_what_loops_compute_has_a_correction_for_each_turn_that_is_nothing_at_first() -> None:
    found = tables(LOOPS)
    assert [(table.name, table.turn, table.base) for table in found.tables] == [
        ("half", "i", "0.5 * i"), ("total[i]", "j", "half + j"),
    ]  # fmt: skip
    assert len(found.axes) == len(found.groups) == 2 * 6
    assert found.written([axis.start for axis in found.axes]) == LOOPS
    point = [0.0] * 12
    point[2], point[4] = 0.25, -1.0
    changed = found.written(point)
    assert "half = 0.5 * i + {2: 0.25, 4: -1.0}.get(i, 0.0)  # of it\n" in changed
    assert found.changes(point) == [("half for i = 2", "0.0", "0.25"), ("half for i = 4", "0.0", "-1.0")]
    scope: dict[str, object] = {}
    exec(changed, scope)
    assert scope["run"]() == 7.5 + 6 + 0.25 - 1.0  # type: ignore[operator]


def test_a_table_that_is_there_is_taken_up_and_kept_where_it_is() -> None:
    first = tables(LOOPS).written([0.0, 0.5, *[0.0] * 10])
    for seed in range(5):
        again = tables(first, seed)
        half = again.tables[0]
        assert (half.base, half.entries) == ("0.5 * i", {1: 0.5})
        assert again.written([axis.start for axis in again.axes]) == first
        assert "{" not in again.written([0.0] * len(again.axes))
    assert [len(tables(first, seed).tables) for seed in range(20)].count(1) in range(8, 19)
    assert min(axis.step for axis in again.axes) > 0.2, "as large as what has helped before"


@pytest.mark.parametrize("code", [
    "x = 0.5\n", "for a, b in c:\n    x = a\n", "for i in r:\n    x = not i\n", "for _ in r:\n    x = 1.5\n", "for i in r:\n    x = (",
])  # fmt: skip
def test_other_programs_have_no_tables(code: str) -> None:
    assert tables_of(np.random.default_rng(0), f"# EVOLVE-BLOCK-START\n{code}# EVOLVE-BLOCK-END\n") is None


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), code=st.sampled_from([LOOPS, PACKING]))
def test_tables_keep_the_syntax_and_are_read_back(seed: int, code: str) -> None:
    rng = np.random.default_rng(seed)
    found = tables(code, seed)
    point = [float(rng.standard_normal()) * (rng.random() < 0.1) for _ in found.axes]
    changed = found.written(point)
    ast.parse(changed)
    assert immutable_parts(changed) == immutable_parts(code)
    turns, again = found.turns, tables_in(changed)
    wanted = [
        {turn: place for turn, place in enumerate(point[number * turns : (number + 1) * turns]) if place}
        for number in range(len(found.tables))
    ]
    assert [table.base for table in again] == [table.base for table in found.tables]
    for table, entries in zip(again, wanted, strict=True):
        assert table.entries == pytest.approx(entries, rel=1e-5)


async def test_a_parent_that_was_tuned_has_its_loops_corrected() -> None:
    sampling = plain_sampling(LOOPS, 1.0)
    sampling = replace(sampling, parent=replace(sampling.parent, patch_type="tune"))
    made = await Tune(corrections=1.0).propose(sampling, PaperBench())
    assert isinstance(made, Candidate)
    assert ".get(" in made.code
    assert " for i = " in made.description or " for j = " in made.description
    made = await Tune(corrections=0.0).propose(sampling, PaperBench())
    assert isinstance(made, Candidate)
    assert ".get(" not in made.code


def test_axes_of_a_kind_that_gains_are_moved_more_often_and_learn_their_step_from_each_other() -> None:
    axes = [Axis(0.0, 0.01)] * 60
    score = lambda point: -sum((place - 1.0) ** 2 for place in point[:30])  # noqa: E731
    search = LineSearch(axes, score((0.0,) * 60), np.random.default_rng(0), groups=[0] * 30 + [1] * 30)
    moved = [0, 0]
    for _ in range(60):
        (probe,) = search.ask()
        assert probe.axis is not None
        moved[probe.axis >= 30] += 1
        search.tell([(probe, score(probe.point))])
    assert moved[0] > 1.5 * moved[1]
    assert max(search.best) > 0.2
