"""When ideas are asked for, who tries them, and that all of it is in the record."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shinka_core import generation as steps
from shinka_core.config import EvolutionConfig
from shinka_core.errors import ConfigError, UnusableAnswerError
from shinka_core.generation import OpenGeneration
from shinka_core.meta.ideas.book import Idea, IdeaBook, Try
from shinka_core.meta.ideas.stagnation import Stagnation
from shinka_core.meta.ideas.step import NAME, IdeaStep
from shinka_core.meta.ideas.worth import in_vain
from shinka_core.meta.steps import meta_steps
from shinka_core.program import Candidate, Evaluation, Failure, Sampling
from shinka_core.record import Ended, Recorded
from shinka_core.run import Run
from shinka_core.source import Source
from tests.support.meta import opened
from tests.support.model_server import ModelServer, Script
from tests.support.runs import rows

THREE = "### IDEA 1: first way\nGo left at once.\n\n### IDEA 2: second way\nGo right at once.\n\n### IDEA 3: third way\nStay there."
IDEAS: dict[str, Any] = {"window": 4, "threshold": 0.3, "count": 3, "tries": 2}
SAMPLED = "SELECT generation, attempt, payload ->> 'idea_id' FROM generation_steps WHERE step = 'sampled' ORDER BY 1, 2"


def event(number: int, score: float | None, generation: int | None = None) -> Recorded:
    return Recorded(
        number + 1, f"p{number}", number if generation is None else generation, 0, (0,), score, score is not None, None
    )


@given(
    st.lists(st.one_of(st.none(), st.integers(0, 5)), max_size=30), st.integers(1, 6), st.sampled_from([0.12, 0.3, 1.0])
)
def test_the_best_stands_still_when_a_whole_window_improved_it_too_seldom(
    scores: list[int | None], window: int, threshold: float
) -> None:
    fold, best, improved = Stagnation(window, threshold), None, list[bool]()
    for number, score in enumerate([1, *scores]):
        fold.apply(event(number, score))
        better = score is not None and (best is None or score > best)
        best = score if better else best
        improved += [better] if number else []
        last = improved[-window:]
        assert fold.stands_still == (len(last) == window and sum(last) / window < threshold)


def test_nothing_stands_still_where_nothing_is_correct() -> None:
    fold = Stagnation(2, 1.0)
    for number in range(5):
        fold.apply(event(number, None))
    assert not fold.stands_still


def test_questions_in_vain_are_those_since_ideas_gained_more_than_what_went_before() -> None:
    fold, ideas = Stagnation(4, 0.3), list[Idea]()

    def asked(*scores: float | None) -> None:
        at = fold.sequence
        ideas.extend(
            Idea(f"i{at}-{number}", "t", "x", at, {at + number: Try(fold.best)}) for number in range(len(scores))
        )
        for score in scores:
            fold.apply(event(fold.sequence, score))

    def others(*scores: float) -> None:
        for score in scores:
            fold.apply(event(fold.sequence, score))

    others(1.0, *[0.5] * 9)
    assert in_vain(ideas, fold.steps) == 0
    asked(0.5, None)
    assert in_vain(ideas, fold.steps) == 1, "nothing gained"
    asked(1.0, 0.9)
    assert in_vain(ideas, fold.steps) == 2
    asked(1.001, 0.9)
    assert in_vain(ideas, fold.steps) == 0, "little, but more than nothing"
    others(3.0, *[1.0] * 9)
    asked(3.01, 3.02)
    assert in_vain(ideas, fold.steps) == 1, "the 26 programs before gained 2.001"
    asked(3.2, 0.9)
    assert in_vain(ideas, fold.steps) == 0
    ideas.append(Idea("new", "t", "x", fold.sequence))
    assert in_vain(ideas, fold.steps) == 0, "nobody has tried it"
    others(*[0.5] * 60)
    asked(3.21)
    assert in_vain(ideas, fold.steps) == 0, "what was long ago does not count"


@settings(max_examples=60)
@given(st.integers(1, 4), st.integers(1, 3), st.lists(st.tuples(st.integers(1, 30), st.integers(0, 4)), max_size=80))
def test_no_idea_is_tried_by_more_generations_than_it_may(count: int, most: int, moves: list[tuple[int, int]]) -> None:
    book, ended = IdeaBook(most), set[int]()
    book.add(Idea(f"i{number}", "t", "x", 5) for number in range(count))
    had: dict[int, str] = {}
    for generation, move in moves:
        if generation in ended:
            continue
        if move < 3:
            idea = book.hand_out(generation, 1.0)
            assert idea is None or had.setdefault(generation, idea.id) == idea.id, "it keeps the one that it has"
            assert (idea is None) == (generation not in had)
        else:
            scored = Recorded(1, "p", generation, 0, (0,), 3.0, True, None)
            book.apply(scored if move == 3 else Ended(generation, Failure("query", "x", "")))
            ended.add(generation)
        tries = Counter(had.values())
        assert all(number <= most for number in tries.values())
        assert max(tries.values(), default=0) - min((tries[f"i{number}"] for number in range(count)), default=0) <= 1
        used_up = sum(tries.values()) == count * most
        assert book.active == (not used_up or not set(had) <= ended)


def step_of(run: Run) -> IdeaStep:
    return next(named.step for named in run.periodics if isinstance(named.step, IdeaStep))


@dataclass
class Lives:
    """A run that is driven step by step, and may be closed and opened again between any two."""

    folder: Path
    server: ModelServer
    options: dict[str, Any] = field(default_factory=dict)
    next: int = 1
    open: dict[int, tuple[OpenGeneration, Sampling]] = field(default_factory=dict)

    def opened(self, *, resume: bool = False) -> Any:
        fields: dict[str, Any] = {
            "num_generations": 200,
            "ideas": IDEAS,
            "patch_types": ["full"],
            "patch_type_probs": [1.0],
        }
        return opened(self.folder, self.server.url, resume=resume, **fields | self.options)

    async def begin(self, run: Run) -> None:
        one = await steps.open_generation(run, 0)
        await self.end(run, one, None, 1.0)

    async def sample(self, run: Run, number: int = 0, attempt: int = 0) -> Sampling:
        number = number or self.next
        self.next = max(self.next, number + 1)
        one = self.open[number][0] if number in self.open else await steps.open_generation(run, number)
        sampling = await steps.sample(one, attempt)
        await one.see_written()
        self.open[number] = (one, sampling)
        return sampling

    async def record(self, run: Run, number: int, score: float | None) -> None:
        await self.end(run, *self.open.pop(number), score)

    async def end(self, run: Run, one: OpenGeneration, sampling: Sampling | None, score: float | None) -> None:
        number = one.context.number
        source = Source.of(f"x = {number}\n", "python")
        evaluation = Evaluation(score, score is not None)
        await steps.record(one, sampling, Candidate(source, f"change_{number}", "What it is.", ""), evaluation)
        recorded = len(run.database)
        if step_of(run).due(recorded):
            await self.ask(run, recorded)

    async def ask(self, run: Run, recorded: int) -> None:
        """As the flow of periodic steps does it."""
        assert await run.database.journal.begin_periodic(NAME, recorded, again=True)
        problem = ""
        try:
            await step_of(run).run_at(run, recorded)
        except UnusableAnswerError as error:
            problem = str(error)
        await run.database.journal.end_periodic(NAME, recorded, problem)


def script(answer: str = THREE) -> Script:
    return Script(answer=lambda messages, number: answer)


def told(run: Run) -> list[tuple[str, dict[int, float | None], bool]]:
    return [
        (idea.words, {number: one.gain for number, one in idea.tries.items()}, step_of(run).book.active)
        for idea in step_of(run).book
    ]


async def stuck(lives: Lives, run: Run) -> None:
    """To where ideas were just written."""
    await lives.begin(run)
    for number in range(1, 5):
        await lives.sample(run)
        await lives.record(run, number, 0.5)


async def test_from_stagnation_to_outcome(tmp_path: Path) -> None:
    async with ModelServer(script()) as server:
        lives = Lives(tmp_path, server)
        async with lives.opened() as run:
            await stuck(lives, run)
            assert len(server.requests) == 1, "asked once"
            given = [await lives.sample(run) for _ in range(8)]
            ways = [
                None if one.idea_id is None else (await run.database.guidance.ideas.get(one.idea_id)).text
                for one in given
            ]
            first, second, third = (
                "first way\nGo left at once.",
                "second way\nGo right at once.",
                "third way\nStay there.",
            )
            assert ways == [first, second, third, first, second, third, None, None]
            assert {one.parent.generation for one in given[:6]} == {0}, "all begin with the best"
            for number, score in zip(range(5, 11), (0.9, 3.0, None, 1.0, 2.5, None), strict=True):
                await lives.record(run, number, score)
            gains = [(words.split("\n")[0], tries) for words, tries, _ in told(run)][:3]
            assert gains == [
                ("first way", {5: pytest.approx(-0.1), 8: 0.0}),
                ("second way", {6: 2.0, 9: 1.5}),
                ("third way", {7: None, 10: None}),
            ]
            before = told(run)
        async with lives.opened(resume=True) as run:
            assert told(run) == before
    kept = rows(tmp_path / "results", "SELECT text, uses, score FROM ideas ORDER BY id")
    assert [(text.split("\n")[0], uses, score) for text, uses, score in kept[:3]] == [
        ("first way", 2, 0.0), ("second way", 2, 2.0), ("third way", 2, None),
    ]  # fmt: skip


async def test_the_next_question_tells_what_came_of_the_ideas_and_waits_for_all_of_them(tmp_path: Path) -> None:
    async with ModelServer(script()) as server:
        lives = Lives(tmp_path, server)
        async with lives.opened() as run:
            await stuck(lives, run)
            for _ in range(6):
                await lives.sample(run)
            await lives.record(run, 5, 1.5)
            for number in range(6, 10):
                await lives.record(run, number, 0.25)
            await lives.sample(run)
            await lives.record(run, 11, 0.25)
            assert len(server.requests) == 1, "one try is not over"
            await lives.record(run, 10, 0.25)
            assert len(server.requests) == 2
            asked = server.bodies[1]["messages"][1]["content"]
    assert "1. better than the best by 0.5: first way" in asked
    assert "2. worse than the best by 0.75: second way" in asked
    assert asked.index("# The best program") < asked.index("# Directions that were tried") < asked.index("change_11")
    assert "Generation 5" in asked, "the best program is shown"


@pytest.mark.slow
async def test_questions_whose_ideas_gain_nothing_become_rarer_until_one_gains(tmp_path: Path) -> None:
    async with ModelServer(script()) as server:
        lives = Lives(tmp_path, server, {"ideas": IDEAS | {"window": 8, "tries": 1}})
        recorded, asked = 1, list[int]()
        async with lives.opened() as run:
            await lives.begin(run)
        for _ in range(3):
            async with lives.opened(resume=True) as run:
                for _ in range(30):
                    number, before = lives.next, len(server.requests)
                    await lives.sample(run)
                    await lives.record(run, number, 2.0 if number == 58 else 0.5)
                    recorded += 1
                    asked += [recorded] * (len(server.requests) - before)
    waits = [later - earlier for earlier, later in itertools.pairwise(asked)]
    assert asked[:3] == [9, 25, 57], "the ideas of the first came to nothing, and those of the second"
    assert waits[2:4] == [8, 16], "one of the third gained something, and those of the fourth nothing"


async def test_what_samples_anew_keeps_its_idea_and_what_asks_no_model_is_given_none(tmp_path: Path) -> None:
    async with ModelServer(script()) as server:
        lives = Lives(tmp_path, server, {"patch_types": ["full", "mutate"], "patch_type_probs": [0.5, 0.5], "seed": 3})
        async with lives.opened() as run:
            await stuck(lives, run)
            for number in range(5, 25):
                for attempt in range(3):
                    await lives.sample(run, number, attempt)
            tried = Counter(idea for _, _, idea in rows(tmp_path / "results", SAMPLED) if idea)
            by_generation: dict[int, set[str]] = {}
            for number, _, idea in rows(tmp_path / "results", SAMPLED):
                by_generation.setdefault(number, set()).update([idea] if idea else [])
            assert all(len(ideas) <= 1 for ideas in by_generation.values())
            assert sum(map(len, by_generation.values())) == 6
            assert sum(tried.values()) > 6, "some have sampled anew"
            mutated = "SELECT count(*) FROM generation_steps WHERE payload ->> 'patch_type' = 'mutate' AND payload ->> 'idea_id' IS NOT NULL"
            assert rows(tmp_path / "results", mutated) == [(0,)]
            aside = [
                number for number, (_, last) in lives.open.items() if by_generation[number] and last.idea_id is None
            ]
            shown = [number for number, (_, last) in lives.open.items() if last.idea_id is not None]
            assert aside
            assert shown
            for number in (aside[0], shown[0]):
                await lives.record(run, number, 9.0)
            gains = {number: gain for _, tries, _ in told(run) for number, gain in tries.items()}
            assert gains[aside[0]] is None, "what was made without the idea is not its doing"
            assert gains[shown[0]] is not None
            before = told(run)
        async with lives.opened(resume=True) as run:
            assert told(run) == before


async def test_an_answer_that_holds_no_idea_is_asked_about_once_more_and_then_left_for_later(tmp_path: Path) -> None:
    async with ModelServer(script("I have no idea.")) as server:
        lives = Lives(tmp_path, server)
        async with lives.opened() as run:
            await stuck(lives, run)
            assert len(server.requests) == 2
            assert "No direction could be read" in server.bodies[1]["messages"][-1]["content"]
            asked_at = list[int]()
            for number in range(5, 45):
                before = len(server.requests)
                await lives.sample(run)
                await lives.record(run, number, 0.5)
                asked_at += [number + 1] if len(server.requests) > before else []
            assert asked_at == [9, 17, 33], "4, 8 and 16 programs later"
        async with lives.opened(resume=True) as run:
            for number in range(45, 64):
                await lives.sample(run)
                await lives.record(run, number, 0.5)
            assert len(server.requests) == 8
            await lives.sample(run)
            await lives.record(run, 64, 0.5)
            assert len(server.requests) == 10, "a resumed run waits as long: 32 programs"
            server.script.answer = script().answer
            assert not list(step_of(run).book)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
async def test_whatever_happens_and_whenever_it_is_opened_again_the_record_tells_the_same(
    tmp_path: Path, seed: int
) -> None:
    rng = random.Random(seed)
    async with ModelServer(script()) as server:
        lives, resume = Lives(tmp_path, server), False
        before: list[tuple[str, dict[int, float | None], bool]] = []
        for _ in range(5):
            async with lives.opened(resume=resume) as run:
                if not resume:
                    await stuck(lives, run)
                    resume = True
                else:
                    assert told(run) == before
                    lives.open = {
                        number: (one := await steps.open_generation(run, number), await steps.sample(one, 0))
                        for number in sorted(lives.open)
                    }
                for _ in range(rng.randrange(5, 25)):
                    move = rng.random()
                    if move < 0.5 or not lives.open:
                        await lives.sample(run)
                        continue
                    number = rng.choice(list(lives.open))
                    if move < 0.9:
                        await lives.record(run, number, rng.choice([None, 0.5, 1.0, 1.0 + number / 50]))
                    else:
                        await steps.give_up(lives.open.pop(number)[0], Failure("patch", "x", "y"))
                before = told(run)
        tried = Counter(idea for _, _, idea in rows(tmp_path / "results", SAMPLED) if idea)
        assert tried
        assert max(tried.values()) <= IDEAS["tries"]


def test_the_step_is_there_where_somebody_can_be_asked_and_nowhere_else() -> None:
    def names(**fields: Any) -> list[str]:
        return [named.name for named in meta_steps(EvolutionConfig(**fields)) if isinstance(named.step, IdeaStep)]

    assert names(llm_models=["m"]) == ["ideas"]
    assert names() == [], "builtin/mutate writes no text"
    assert names(llm_roles={"ideas": ["strong"]}) == ["ideas"], "it reads the programs that ideas are shown with"
    assert names(llm_models=["m"], ideas=None) == []
    assert names(llm_models=["m"], patch_types=["mutate"], patch_type_probs=[1.0]) == []


@pytest.mark.parametrize(
    ("fields", "words"),
    [({"window": 0}, "window"), ({"threshold": 1.5}, "threshold"), ({"tries": 0}, "tries"), ({"windw": 3}, "did you mean 'window'")],
)  # fmt: skip
def test_settings_that_mean_nothing_are_told(fields: dict[str, Any], words: str) -> None:
    with pytest.raises((ConfigError, ValueError), match=words):
        EvolutionConfig(ideas=fields)  # pyright: ignore[reportArgumentType]
