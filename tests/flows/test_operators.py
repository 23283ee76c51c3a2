"""Operators from outside the package make programs in whole runs, evaluate on the way, and learn nothing twice."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from prefect import flow

from flows.generation import generation
from flows.open_runs import registered
from shinka_core.bandit import Arm, Bandit, Outcome
from shinka_core.config import DatabaseConfig, EvolutionConfig, LocalJobConfig
from shinka_core.errors import RunStoppedError
from shinka_core.operators import Bench
from shinka_core.program import Candidate, Failure, GenerationState, Program, Sampling
from shinka_core.run import Run, open_run
from shinka_core.settings import RunSettings
from tests.golden.evolutions import EVALUATOR, SEED
from tests.support.model_server import ModelServer, Script
from tests.support.operators import Climb, Halve
from tests.support.runs import settings_for


@pytest.fixture(autouse=True)
def _server(prefect_api: str, prefect_home: Path) -> Any:  # pyright: ignore[reportUnusedFunction]
    with settings_for(prefect_api, prefect_home):
        yield


def settings_of(folder: Path, broken_seed: int = 0, **evolution: Any) -> RunSettings:
    """A run whose evaluator notes every program that it is called with."""
    (folder / "initial.py").write_text(SEED)
    noting = f"with open({str(folder / 'evaluated')!r}, 'a') as log: log.write(options.program_path + '\\n')\n"
    text = EVALUATOR.replace("text = pathlib", noting + "text = pathlib")
    (folder / "evaluate.py").write_text(text)
    return RunSettings(
        f"operators-{folder.name}",
        folder / "results",
        EvolutionConfig(
            num_generations=8, init_program_path=str(folder / "initial.py"), embedding_model=None, **evolution
        ),
        LocalJobConfig(
            eval_program_path=str(folder / "evaluate.py"), isolation="none", extra_cmd_args={"broken_seed": broken_seed}
        ),
        DatabaseConfig(num_islands=1),
    )


def evaluated(folder: Path) -> list[str]:
    lines = (folder / "evaluated").read_text().splitlines()
    return [str(Path(line).relative_to(folder / "results").parent) for line in lines]


async def make(run: Run, *numbers: int) -> list[Program | None]:
    """The programs of these generations, made one after the other."""

    @flow(name="made", validate_parameters=False, persist_result=False)
    async def made() -> None:
        with registered(run):
            for number in numbers:
                await generation.fn(run.evolution, number)

    await made()
    return [await run.database.by_generation(number) for number in numbers]


async def test_an_operator_given_by_place_or_object_makes_programs_beside_the_others(tmp_path: Path) -> None:
    place = f"{Halve.__module__}:Halve"
    settings = settings_of(tmp_path, patch_types=[place, "mutate", "diff"], patch_type_probs=[0.4, 0.3, 0.3])
    async with open_run(settings) as run:
        programs = await make(run, *range(9))
        made = {str(program.patch_type): program.model for program in programs if program and program.parent_id}
        assert made == {place: "", "mutate": "", "diff": "builtin/mutate"}
        calls = (await run.database.summary()).cost
        assert calls == 0
    halved = next(program for program in programs if program and program.patch_type == place)
    assert halved.name == "halve"


async def test_trials_are_evaluated_in_their_own_folders_and_the_best_becomes_the_candidate(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, patch_types=[Climb(3)], patch_type_probs=[1.0])
    async with open_run(settings) as run:
        _, program = await make(run, 0, 1)
        assert program is not None
        assert program.patch_type == f"{Climb.__module__}:Climb"
    trials = [f"gen_1/trials/0.0.{number}" for number in range(3)]
    assert evaluated(tmp_path) == ["gen_0", *trials, "gen_1"]
    scores = [
        json.loads((tmp_path / "results" / trial / "results" / "metrics.json").read_text())["combined_score"]
        for trial in trials
    ]
    assert program.score == max(scores)


async def test_more_trials_than_the_settings_allow_end_the_proposal(tmp_path: Path) -> None:
    settings = settings_of(
        tmp_path, patch_types=[Greedy], patch_type_probs=[1.0], max_trials=2, max_patch_attempts=1, max_patch_resamples=1
    )  # fmt: skip
    async with open_run(settings) as run:
        assert (await make(run, 0, 1))[1] is None
        failure = (await run.database.journal.claim(1)).failure
    assert failure is not None
    assert (failure.step, failure.reason) == ("propose", "trials_used_up")
    assert "max_trials" in failure.detail
    assert len(evaluated(tmp_path)) == 3


@dataclass(frozen=True)
class Greedy:
    """Asks for more evaluations than it may make."""

    async def propose(self, sampling: Sampling, bench: Bench) -> Candidate | Failure:
        return await Climb(bench.left + 1).propose(sampling, Endless(bench))


class Endless:
    """A bench that says that something is left."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self.turn, self.limit, self.left = bench.turn, bench.limit, 1_000
        self.rng, self.evaluate = bench.rng, bench.evaluate


@dataclass(frozen=True)
class Interrupted:
    """Climbs, but the first time the run is stopped after two trials."""

    async def propose(self, sampling: Sampling, bench: Bench) -> Candidate | Failure:
        return await Climb(4).propose(sampling, _Cut(bench) if INTERRUPTED["left"] else bench)


class _Cut(Endless):
    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self.evaluate = self._until_cut

    async def _until_cut(self, source: Any, trial: int) -> Any:
        if trial == 2:
            INTERRUPTED["left"] -= 1
            raise RunStoppedError("the run is being stopped")
        return await self._bench.evaluate(source, trial)


INTERRUPTED = {"left": 1}


async def test_a_resumed_proposal_evaluates_no_finished_trial_again(tmp_path: Path) -> None:
    INTERRUPTED["left"] = 1
    settings = settings_of(tmp_path, patch_types=[Interrupted], patch_type_probs=[1.0])
    async with open_run(settings) as run:
        assert (await make(run, 0, 1))[1] is None
    assert len(evaluated(tmp_path)) == 3
    async with open_run(settings, resume=True) as run:
        assert (await make(run, 1))[0] is not None
    assert Counter(evaluated(tmp_path)) == Counter(
        ["gen_0", *(f"gen_1/trials/0.0.{number}" for number in range(4)), "gen_1"]
    )


async def test_what_a_bandit_observes_is_the_same_lived_through_and_read_back(tmp_path: Path) -> None:
    place = f"{Halve.__module__}:Halve"
    settings = settings_of(tmp_path, patch_types=[place, "diff"], patch_type_probs=[0.5, 0.5], bandit=f"{__name__}:Log")
    async with open_run(settings) as run:
        await make(run, *range(7))
        lived = log_of(run)
    assert {outcome.arm for outcome in lived} == {Arm(place), Arm("diff", "builtin/mutate")}
    assert any(outcome.gain is not None and outcome.gain < 0 for outcome in lived)
    async with open_run(settings, resume=True) as run:
        assert log_of(run) == lived
        await make(run, 7)
        assert len(log_of(run)) > len(lived)


async def test_a_bandit_is_told_of_the_seconds_of_trials_and_a_share_of_the_run_bounds_them(tmp_path: Path) -> None:
    settings = settings_of(
        tmp_path, patch_types=[Climb(6)], patch_type_probs=[1.0], bandit=f"{__name__}:Log", max_trial_share=0.6
    )
    async with open_run(settings) as run:
        await make(run, *range(5))
        lived, count = log_of(run), (run.trials.trials, run.trials.evaluations)
    trials = [line for line in evaluated(tmp_path) if "/trials/" in line]
    assert count == (len(trials), len(evaluated(tmp_path)))
    assert 0 < count[0] <= 0.6 * (count[1] + 1)
    async with open_run(settings, resume=True) as run:
        assert log_of(run) == lived
        assert (run.trials.trials, run.trials.evaluations) == count
        programs = [await run.database.by_generation(number) for number in range(1, 5)]
    own = sum(program.evaluation_seconds for program in programs if program)
    assert sum(outcome.seconds for outcome in lived if outcome.arm.operator) > own


async def test_trials_of_the_tuner_run_at_once_and_its_child_is_the_same_after_a_cut(tmp_path: Path) -> None:
    tuner = {"name": "tune", "trials": 6, "at_once": 3}
    settings = settings_of(tmp_path, patch_types=[tuner], patch_type_probs=[1.0])
    async with open_run(settings) as run:
        assert run.ways_on(0).operators.trials("tune", 20) == 6
        write, seen = run.database.journal.write, list[Any]()

        def writing(number: int, step: Any, *what: Any) -> Any:
            seen.append(step)
            if number == 1 and seen.count(GenerationState.EVALUATED) == 3:
                raise RunStoppedError("cut off here")
            return write(number, step, *what)

        run.database.journal.write = writing  # type: ignore[method-assign]
        assert (await make(run, 0, 1))[1] is None
    async with open_run(settings, resume=True) as run:
        (program,) = await make(run, 1)
        claim = await run.database.journal.claim(1)
    assert program is not None
    assert program.name.startswith("tuned_")
    assert program.description.startswith("tuned: ")
    starts = [(turn, payload["stage"]) for turn, payload in claim.turns(GenerationState.SUBMITTED)]
    assert [turn for turn, _ in starts] == sorted({turn for turn, _ in starts}), "each start has a number of its own"
    ended = [stage for turn, stage in starts if claim.find(GenerationState.EVALUATED, 0, turn) is not None]
    assert sorted(ended) == ["", *(f"trials/0.0.{number}" for number in range(6))], "nothing finished was run again"


class Log:
    """Keeps what it observes, and pulls by weight."""

    def __init__(self) -> None:
        self.seen: list[Outcome] = []

    def pull(self, offers: Any, under_way: Any, rng: Any) -> Arm:
        from shinka_core.bandit import Fixed

        return Fixed().pull(offers, under_way, rng)

    def observe(self, outcome: Outcome) -> None:
        self.seen.append(outcome)


def log_of(run: Run) -> list[Outcome]:
    bandit: Bandit = run.arms._bandit
    assert isinstance(bandit, Log)
    return list(bandit.seen)


@pytest.mark.parametrize(
    "name", ["asymmetric_ucb", *(pytest.param(name, marks=pytest.mark.slow) for name in ("ucb1", "thompson"))]
)
async def test_a_run_learns_from_its_own_programs(tmp_path: Path, name: str) -> None:
    settings = settings_of(tmp_path, patch_types=["diff", "mutate"], patch_type_probs=[0.5, 0.5], bandit=name)
    async with open_run(settings) as run:
        programs = await make(run, *range(6))
        assert {program.patch_type for program in programs[1:] if program} == {"diff", "mutate"}


async def test_a_role_gives_an_operator_its_own_model(tmp_path: Path) -> None:
    async with ModelServer(Script()) as server:
        settings = settings_of(
            tmp_path, 1, llm_roles={"fix": ["fixer"]}, llm_base_url=server.url, unknown_prices="warn", llm_retries=0
        )
        async with open_run(settings) as run:
            _, fixed = await make(run, 0, 1)
    assert fixed is not None
    assert (fixed.patch_type, fixed.model) == ("fix", "fixer")
