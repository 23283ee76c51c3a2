"""System prompts evolve beside programs: what is tried, what stays, what is written, and what it can never change."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shinka_core import generation as steps
from shinka_core.config.guidance import SystemPromptConfig
from shinka_core.database.guidance import Written
from shinka_core.errors import UnusableAnswerError
from shinka_core.meta.approaches import best_first, chosen, living
from shinka_core.meta.merits import Merit
from shinka_core.meta.system_prompts import opening_of
from shinka_core.prompts.proposal import APPROACH, RULES
from tests.shinka_core.meta.test_advising import a_run, proposals, questions
from tests.support.advised import Counsel, live_on, step
from tests.support.generated import load_profile
from tests.support.model_server import ModelServer, Script
from tests.support.runs import rows

load_profile()

SETTINGS = SystemPromptConfig(archive=3, trials=3)
KINDS = "SELECT system_prompt_id, count(*) FROM programs WHERE generation > 0 GROUP BY 1"


def prompts(count: int) -> list[Written]:
    return [Written(str(number), f"text {number}") for number in range(count)]


def merits(**known: tuple[int, float]) -> Any:
    """By number of the prompt: uses and mean."""
    found = {name.removeprefix("p"): Merit(uses, uses * mean) for name, (uses, mean) in known.items()}

    def of(name: str | None) -> Merit:
        return found.get(name or "", Merit())

    return of


def names(written: list[Written]) -> list[str]:
    return [one.id for one in written]


def test_the_usual_one_stays_and_of_the_others_the_best_and_those_that_are_hardly_tried() -> None:
    known = merits(p0=(9, 0.1), p1=(5, 0.9), p2=(5, 0.2), p3=(5, 0.6))
    assert names(living(prompts(4), known, SETTINGS)) == ["0", "1", "3"]
    assert names(living(prompts(5), known, SETTINGS)) == ["0", "1", "4"], "the newest has a chance"
    assert names(living(prompts(2), known, SETTINGS)) == ["0", "1"]
    assert names(living(prompts(6), merits(), SETTINGS)) == ["0", "4", "5"]


def test_those_that_were_never_tried_come_first_and_then_the_largest_bound() -> None:
    alive, rng = prompts(3), np.random.default_rng(0)
    known = merits(p0=(10, 0.5), p1=(10, 0.6))
    assert chosen(alive, known, {}, 0.5, rng).id == "2"
    assert chosen(alive, known, {"2": 1}, 0.0, rng).id == "1"
    tried = merits(p0=(200, 0.5), p1=(200, 0.6), p2=(2, 0.5))
    assert chosen(alive, tried, {}, 0.5, rng).id == "2", "little is known of it"
    assert chosen(alive, tried, {"2": 400}, 0.5, rng).id == "1", "enough of it is under way"
    assert {chosen(prompts(2), merits(), {}, 0.5, rng).id for _ in range(50)} == {"0", "1"}


def test_a_new_one_is_made_of_the_best_that_were_tried_often_enough() -> None:
    known = merits(p0=(9, 0.4), p1=(2, 0.9), p2=(3, 0.7))
    assert names(best_first(prompts(3), known, 3)) == ["2", "0"]
    assert names(best_first(prompts(3), merits(), 3)) == ["0"]


@given(st.integers(1, 12), st.lists(st.tuples(st.integers(0, 9), st.floats(0, 1)), min_size=12, max_size=12))
def test_there_are_never_more_of_them_than_the_archive_holds(count: int, known: list[tuple[int, float]]) -> None:
    of = merits(**{f"p{number}": one for number, one in enumerate(known)})
    alive = living(prompts(count), of, SETTINGS)
    assert alive[0].id == "0"
    assert names(alive) == sorted(set(names(alive)), key=int)
    assert len(alive) == min(count, SETTINGS.archive)
    assert chosen(alive, of, {}, 0.5, np.random.default_rng(0)) in alive


def test_what_an_opening_says_about_answers_is_left_out() -> None:
    answer = (
        "## System prompt\nYou are a careful engineer. Always answer in JSON.\n- Prefer small steps.\n"
        "- Use SEARCH/REPLACE blocks.\n```\nReturn the code in a code block. Think of extremes first.\n```"
    )
    assert opening_of(answer, 100) == (
        "System prompt\nYou are a careful engineer.\n- Prefer small steps.\n\nThink of extremes first."
    )
    assert opening_of("One two three. " * 100, 10) == "One two three. One two three. One two three."


@given(st.text(max_size=300), st.integers(20, 60))
def test_an_opening_is_bounded_and_holds_no_mark(answer: str, words: int) -> None:
    text = opening_of(answer, words)
    assert len(text.split()) <= words
    assert "EVOLVE-BLOCK" not in text


async def test_proposals_are_made_with_all_that_live_and_a_new_one_is_written_from_what_came_of_them(
    tmp_path: Path,
) -> None:
    counsel = Counsel()
    options: dict[str, Any] = {"system_prompts": {"every": 4, "trials": 1}}
    async with ModelServer(Script(answer=counsel)) as server:
        async with a_run(tmp_path, server, **options) as run:
            await live_on(run, 3)
            await step(run, "system_prompts").run_at(run, 4)
            await live_on(run, 10)
            usual, new = await run.database.guidance.system_prompts.all()
            assert (usual.text, new.parent_id, new.details) == (APPROACH, usual.id, {"recorded": 4})
            counts = dict(rows(tmp_path / "results", KINDS))
            assert sum(counts.values()) == 10
            assert counts[new.id] >= 1
            alive = step(run, "system_prompts").alive
            known = [run.guide.merits.of_prompt(one.id) for one in alive]
            assert [one.uses for one in known] == [counts[usual.id], counts[new.id]]
        async with a_run(tmp_path, server, resume=True, **options) as run:
            assert names(step(run, "system_prompts").alive) == names(alive)
            assert [run.guide.merits.of_prompt(one.id) for one in alive] == known, "read back, the record says the same"
            await step(run, "system_prompts").run_at(run, 4)
            assert counsel.asked == ["opening"]
    told = proposals(server)
    assert set(told[:3]) == {text for text in told if text.startswith(f"{APPROACH} {RULES}\n\n# The task\n")}
    changed = [text for text in told if text.startswith(f"{new.text} {RULES}\n\n# The task\nMake x large.")]
    assert len(changed) == counts[new.id]
    assert {text.removeprefix(new.text) for text in changed} <= {text.removeprefix(APPROACH) for text in told}
    assert "0.5 as good as the others, 1 the best.\n\n" in questions(server)[0]
    assert APPROACH in questions(server)[0]


async def test_a_turn_that_is_cut_off_has_the_same_answer_and_the_same_parent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counsel = Counsel()
    options: dict[str, Any] = {"system_prompts": {"every": 4, "trials": 1}}
    async with ModelServer(Script(answer=counsel)) as server:
        async with a_run(tmp_path, server, **options) as run:
            await live_on(run, 3)
            await step(run, "system_prompts").run_at(run, 4)
            await live_on(run, 7)
            then = step(run, "system_prompts")._then[8]
            shelf = run.database.guidance.system_prompts

            async def cut_off(*_: Any, **__: Any) -> Any:
                raise asyncio.CancelledError

            monkeypatch.setattr(shelf, "add", cut_off)
            with pytest.raises(asyncio.CancelledError):
                await step(run, "system_prompts").run_at(run, 8)
            await live_on(run, 12)
        async with a_run(tmp_path, server, resume=True, **options) as run:
            assert step(run, "system_prompts")._then[8] == then
            assert run.guide.merits.of_prompts() != then
            await step(run, "system_prompts").run_at(run, 8)
            usual, first, second = await run.database.guidance.system_prompts.all()
    assert counsel.asked == ["opening", "opening"]
    assert second.parent_id == max((usual.id, first.id), key=lambda name: then[name].mean or 0.0)


@pytest.mark.parametrize(
    ("answer", "words"), [("Be good.", "holds no system prompt"), (APPROACH.upper(), "there already")]
)
async def test_an_answer_that_is_none_or_known_is_not_stored(tmp_path: Path, answer: str, words: str) -> None:
    counsel = Counsel({"opening": answer})
    async with ModelServer(Script(answer=counsel)) as server, a_run(tmp_path, server, system_prompts={}) as run:
        await live_on(run, 2)
        with pytest.raises(UnusableAnswerError, match=words):
            await step(run, "system_prompts").run_at(run, 3)
        assert len(await run.database.guidance.system_prompts.all()) == 1


async def test_what_is_under_way_spreads_the_choice_also_after_a_resume(tmp_path: Path) -> None:
    options: dict[str, Any] = {"system_prompts": {"every": 4}, "num_generations": 4}
    async with ModelServer(Script(answer=Counsel())) as server:
        async with a_run(tmp_path, server, **options) as run:
            await live_on(run, 2)
            for number in (3, 4):
                await steps.sample(await steps.open_generation(run, number), 0)
            before = run.guide.merits.under_way()
            assert before.total() == 2
        async with a_run(tmp_path, server, resume=True, **options) as run:
            assert run.guide.merits.under_way() == before
            await live_on(run, 4)
            assert not run.guide.merits.under_way()
