"""Our own search inside one process: the product's population, strategies and rules, without Prefect and database.

What is left out: model service, prompts, evaluator processes, failures of any of them. What is imitated: several
evaluations in flight that end in the order in which they began, answers that do not apply, the refusal of copies
with another try, tuning beside the proposals, migration and islands that come and go as the recorder has them. A run
takes about a second, so that seeds can be had by the hundred; what is claimed of it is then measured with whole runs.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from benchmarks.search.evaluation import Scorer
from benchmarks.search.simulated_tuning import Asked, Session
from benchmarks.search.trace import Trace
from shinka_core.config import DatabaseConfig, TuningSettings
from shinka_core.config.database import with_islands
from shinka_core.operators import TUNE, Operators, ProposingOperator
from shinka_core.population.search import Choice
from shinka_core.population.settings import search_of, spawning_of
from shinka_core.population.spawning import due_retirement, due_spawn
from shinka_core.population.state import Population
from shinka_core.program import Candidate, Failure, Program, Sampling
from shinka_core.record import Ended, Event, Joined, Pull, Recorded, Retired, Spawned
from shinka_core.source import Source
from shinka_core.trials import TrialCount
from shinka_core.tuning import Tuning

# From a source of randomness, a parent, other programs and whether a crossover is asked for to a text and what it is.
Propose = Callable[[random.Random, str, Sequence[str], bool], tuple[str, str]]

OPERATORS = {"diff": 0.6, "full": 0.3, "cross": 0.1}


@dataclass(frozen=True, slots=True)
class Rules:
    """How a run goes, beside the search.

    Attributes:
        evaluations: After the seed program.
        in_flight: Evaluations that have begun and not ended; four, as in the whole runs.
        unusable: Share of answers that do not apply.
        resamples: Samplings of one generation, with a new parent each.
        attempts: Answers of one sampling.
        refusals: Copies of one generation.
        refuse_copies: A candidate whose text lives on its island is proposed anew and not evaluated.
    """

    evaluations: int = 150
    in_flight: int = 4
    unusable: float = 0.04
    resamples: int = 3
    attempts: int = 2
    refusals: int = 3
    refuse_copies: bool = True


@dataclass(frozen=True, slots=True)
class Proposed:
    """A candidate whose evaluation has begun.

    Attributes:
        pull: That made it, with the trials on the way.
    """

    generation: int
    text: str
    choice: Choice
    pull: Pull


@dataclass
class Simulation:
    """One run of our search on a task."""

    scorer: Scorer
    seed: int
    propose: Propose
    database: DatabaseConfig
    tuning: TuningSettings | None = None
    operators: Mapping[str, float] = field(default_factory=lambda: OPERATORS)
    rules: Rules = field(default_factory=Rules)
    name: str = "ours"

    def __post_init__(self) -> None:
        self.search = search_of(self.database)
        self.spawning = spawning_of(self.database, self.search.islands)
        self.population = Population(self.database.num_islands, self.search.archive, self.seed)
        self.tuner = None if self.tuning is None else Tuning(self.tuning)
        self.trials = TrialCount()
        self.texts: list[str] = []
        self.keys: list[int] = []
        self.tuned: set[int] = set()
        self.trace = Trace(self.name, self.scorer.task.name, self.seed)
        self.generation = 0
        self.session: Session | None = None
        self.flight: deque[Proposed | Asked] = deque()

    def run(self) -> Trace:
        """Runs it to the last evaluation."""
        self.record(0, self.scorer.task.initial, None, tuple(range(self.database.num_islands)))
        while len(self.trace) < self.rules.evaluations and self.generation < 4 * self.rules.evaluations:
            self.fill()
            if self.flight:
                self.land(self.flight.popleft())
        if self.session is not None:
            self.session.close()
        return self.trace

    def fill(self) -> None:
        """Begins evaluations: trials first, then new proposals, as many as there are slots for."""
        while len(self.flight) < self.rules.in_flight:
            if self.session is not None and (trials := self.session.wanted()):
                self.flight.extend(trials)
                continue
            self.generation += 1
            if self.begin_tuning():
                continue
            made = self.make(self.generation)
            if made is not None:
                self.flight.append(Proposed(self.generation, *made, Pull("diff", "mutation")))
                continue
            self.tell(Ended(self.generation, Failure("patch", "not_novel", "")))
            if self.flight:
                return

    def begin_tuning(self) -> bool:
        """Gives the generation to the tuner, when that is due."""
        if self.tuner is None or self.session is not None:
            return False
        choice = self.choose(np.random.default_rng([self.seed, self.generation, 0]))
        if choice.broken:
            return False
        best = int(self.population.view().best_on(choice.island))
        rng = np.random.default_rng([self.seed, self.generation, 1])
        trials = self.tuner.due(self.population.ids[best], self.room(self.tuner.settings.most), rng)
        if not trials:
            return False
        self.tuner.expect(self.generation, TUNE)
        self.trials.expect(self.generation, 0, trials)
        self.population.expect_child(self.generation, best, choice.island)
        parent = Program(
            self.population.ids[best],
            0,
            Source.of(self.texts[best], "python"),
            choice.island,
            float(self.population.view().scores[best]),
            correct=True,
            patch_type=TUNE if best in self.tuned else "diff",
        )
        tune = Operators([self.tuner.settings.operator]).of(TUNE)
        assert isinstance(tune, ProposingOperator)
        chosen = replace(choice, parent=best, inspirations=())
        usual = self.tuner.usual_gain
        sampling = Sampling(parent, (), choice.island, TUNE, "", 0, self.generation, usual_gain=usual)
        self.session = Session(sampling, chosen, tune, trials, rng)
        self.follow_session()
        return True

    def room(self, share: float) -> int:
        """Trials that there are evaluations for, and that keep to the share."""
        left = self.rules.evaluations - len(self.trace)
        return min(left, self.trials.allowed(left, share))

    def follow_session(self) -> None:
        """Takes what a tuning has come to for a candidate, or for the end of its generation."""
        session = self.session
        outcome = None if session is None else session.outcome()
        if session is None or outcome is None:
            return
        self.session = None
        parent = self.population.ids[session.choice.parent]
        pull = Pull(TUNE, "", session.choice.island, trials=session.trials, parent=parent)
        if isinstance(outcome, Candidate) and not self.is_copy(outcome.source.text, session.choice.island):
            self.flight.append(Proposed(session.generation, outcome.source.text, session.choice, pull))
        else:
            self.tell(Ended(session.generation, Failure("propose", "nothing_to_tune", ""), (pull,)))

    def tell(self, event: Event) -> None:
        """Has the folds take an event up."""
        self.population.apply(event)
        self.trials.apply(event)
        if self.tuner is not None:
            self.tuner.apply(event)

    def make(self, generation: int) -> tuple[str, Choice] | None:
        """A candidate, or None when all attempts are used up."""
        refused = 0
        for attempt in range(self.rules.resamples):
            rng = np.random.default_rng([self.seed, generation, attempt])
            choice = self.choose(rng)
            self.population.expect_child(generation, choice.parent, choice.island)
            operator = self.operator(rng, choice)
            for turn in range(self.rules.attempts):
                text = self.answer(f"{self.seed}|{generation}|{attempt}|{turn}", choice, operator)
                if text is None:
                    continue
                if self.rules.refuse_copies and self.is_copy(text, choice.island):
                    refused += 1
                    if refused >= self.rules.refusals:
                        return None
                    continue
                return text, choice
        return None

    def choose(self, rng: np.random.Generator) -> Choice:
        """Island, parent and inspirations."""
        population = self.population
        progress = min(len(self.trace) / self.rules.evaluations, 1.0)
        return self.search.choose(population.view(), population.stats(progress), rng, population.fresh())

    def operator(self, rng: np.random.Generator, choice: Choice) -> str:
        """Draws one by weight; a crossover needs a second program."""
        names, weights = list(self.operators), np.array(list(self.operators.values()))
        name = names[int(rng.choice(len(names), p=weights / weights.sum()))]
        return "diff" if name == "cross" and not choice.inspirations else name

    def answer(self, seed: str, choice: Choice, operator: str) -> str | None:
        """What the mutation model makes of it, or None when that does not apply."""
        rng = random.Random(seed)
        self.trace.calls += 1
        others = [self.texts[position] for position in choice.inspirations]
        text, _ = self.propose(rng, self.texts[choice.parent], others, operator == "cross")
        return None if rng.random() < self.rules.unusable else text

    def is_copy(self, text: str, island: int) -> bool:
        """Whether the island holds a program of the same text."""
        key = _key(text)
        members: list[int] = self.population.islands[island].members.tolist()
        return any(self.keys[position] == key for position in members)

    def land(self, ended: Proposed | Asked) -> None:
        """An evaluation ends."""
        if isinstance(ended, Asked):
            result = self.scorer.evaluate(ended.source.text)
            self.trace.add(result.score, result.correct, ended.source.text)
            assert self.session is not None, "trials in flight are its own"
            self.session.answer(ended, result)
            self.follow_session()
            return
        if ended.pull.operator == TUNE:
            self.tuned.add(len(self.texts))
        self.record(ended.generation, ended.text, ended.choice.parent, (ended.choice.island,), ended.pull)
        self.follow_up()

    def record(
        self, generation: int, text: str, parent: int | None, islands: tuple[int, ...], pull: Pull | None = None
    ) -> None:
        """Evaluates a program and has it taken up."""
        result = self.scorer.evaluate(text)
        self.trace.add(result.score, result.correct, text)
        self.texts.append(text)
        self.keys.append(_key(text))
        parent_id = None if parent is None else self.population.ids[parent]
        self.tell(
            Recorded(
                sequence=len(self.texts),
                program_id=f"p{len(self.texts)}",
                generation=generation,
                island=islands[0],
                islands=islands,
                score=result.score if result.correct else None,
                correct=result.correct,
                parent_id=parent_id,
                pulls=() if pull is None else (pull,),
            )
        )

    def follow_up(self) -> None:
        """Migration, then islands that are due: as `shinka_core.database.recording` has it."""
        population = self.population
        newest, stats = len(population) - 1, population.stats()
        if newest % self.database.migration_interval == 0 and len(stats.numbers) > 1:
            rng = np.random.default_rng([self.seed, newest, len(stats.numbers)])
            moves = self.search.migration.plan(population.view(), stats, rng)
            fresh = population.fresh()
            moves = [move for move in moves if move.target not in fresh]
            for move in sorted(moves, key=lambda move: (move.program, move.target)):
                population.apply(Joined(len(population), population.ids[move.program], move.target))
        if self.spawning is not None:
            self.renew_islands()

    def renew_islands(self) -> None:
        """Makes the island that is due, and retires those that are."""
        population, settings = self.population, self.spawning
        assert settings is not None
        progress = min(len(self.trace) / self.rules.evaluations, 1.0)
        made = [island.made for island in population.islands]
        if self.database.stagnation_threshold:
            rng = np.random.default_rng([self.seed, len(population), len(made)])
            due = due_spawn(population.view(), population.stats(progress), settings, rng, made=made)
            if due is not None:
                population.apply(Spawned(len(population), due.island, due.origin))
                population.apply(Joined(len(population), population.ids[due.founders[0]], due.island))
                made = [island.made for island in population.islands]
        over = due_retirement(
            population.view(), population.stats(progress), settings, selector=self.search.islands, made=made
        )
        for retirement in over:
            population.apply(Retired(len(population), retirement.island))


def _key(text: str) -> int:
    return hash(text.strip())


def simulate(scorer: Scorer, seed: int, propose: Propose, settings: Mapping[str, Any], **others: Any) -> Trace:
    """One run with those settings of the section `database`; the number of islands is that of a run of its length."""
    rules: Rules = others.get("rules", Rules())
    database = with_islands(DatabaseConfig(**settings), rules.evaluations)
    return Simulation(scorer, seed, propose, database, **others).run()
