"""Advice in runs: written from the record, asked for once, shown to a share of the proposals, and found again."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from shinka_core import generation as steps
from shinka_core.config import EvolutionConfig
from shinka_core.database import values
from shinka_core.errors import ConfigError, UnusableAnswerError
from shinka_core.meta import Advice, RecordedGuide, Turn, guide_of
from shinka_core.program import GenerationState, Sampling
from shinka_core.prompts.proposal import ADVICE
from shinka_core.record import Spawned
from shinka_core.run import Run
from tests.support.advised import PROGRAM, Counsel, kind_of, live_on, step
from tests.support.meta import opened
from tests.support.model_server import ModelServer, Script
from tests.support.runs import rows

LESSONS = {"name": "advice", "every": 3, "share": 1.0}
SEVERAL = {"name": "recommendations", "every": 3, "share": 1.0}
SHOWN = "SELECT generation, advice_id FROM programs ORDER BY generation"


def proposals(server: ModelServer) -> list[str]:
    """The system messages of all proposals, in their order."""
    return [body["messages"][0]["content"] for body in server.bodies if not kind_of(body["messages"])]


def questions(server: ModelServer) -> list[str]:
    return [body["messages"][1]["content"] for body in server.bodies if kind_of(body["messages"])]


def a_run(folder: Path, server: ModelServer, **fields: Any) -> Any:
    return opened(folder, server.url, program=PROGRAM, task_sys_msg="Make x large.", **fields)


async def test_lessons_are_written_from_what_was_tried_and_shown_at_the_end_of_what_never_changes(
    tmp_path: Path,
) -> None:
    counsel = Counsel()
    async with ModelServer(Script(answer=counsel)) as server:
        async with a_run(tmp_path, server, advice=LESSONS) as run:
            await live_on(run, 4)
            before = proposals(server)
            await step(run, "advice").run_at(run, 3)
            await live_on(run, 6)
            (advice,) = await run.database.guidance.advice.all()
        async with a_run(tmp_path, server, advice=LESSONS, resume=True) as run:
            await live_on(run, 8)
            await step(run, "advice").run_at(run, 9)
        assert counsel.asked == ["lessons", "lessons"]
        first, second = questions(server)
    assert [kind_of([{"content": text}]) for text in before] == [""] * 4
    assert not any(ADVICE in text for text in before)
    after = proposals(server)[4:]
    assert len(after) == 4
    assert all(text.endswith(f"{ADVICE}\nLesson 1: larger constants pay.") for text in after)
    assert {text.removesuffix("\n\n" + ADVICE + "\nLesson 1: larger constants pay.") for text in after} <= set(before)
    shown = rows(tmp_path / "results", SHOWN)
    assert [name for _, name in shown] == [None] * 5 + [advice.id] * 4
    for words in (
        "# The task\nMake x large.",
        "3 programs are recorded.",
        "2 programs were tried",
        "change_",
        "as it is",
    ):
        assert words in first
    assert "The lessons so far" not in first
    assert "# The lessons so far\nLesson 1: larger constants pay." in second
    assert "6 programs were tried" in second


async def test_recommendations_take_three_questions_and_each_proposal_is_shown_one_of_them(tmp_path: Path) -> None:
    counsel = Counsel()
    async with ModelServer(Script(answer=counsel)) as server, a_run(tmp_path, server, advice=SEVERAL) as run:
        await live_on(run, 2)
        await step(run, "advice").run_at(run, 3)
        assert counsel.asked == ["each", "notes", "next"]
        await live_on(run, 12)
        each, notes, following = questions(server)
        points = await run.database.guidance.advice.all()
        assert [point.text for point in points] == ["Try one thing (1).", "Try another (1)."]
        assert "changed:" in each
        assert "# What the newest programs teach\n1. it moved a constant (1)" in notes
        assert "# The notes\nNotes 1: constants matter." in following
        assert "# The best program" in following
        counts = [
            rows(tmp_path / "results", f"SELECT count(*) FROM programs WHERE advice_id = '{one.id}'") for one in points
        ]
        assert sum(count for ((count,),) in counts) == 10
        assert all(count for ((count,),) in counts)
        await step(run, "advice").run_at(run, 12)
        again = questions(server)[3:]
        assert "# The notes so far\nNotes 1: constants matter." in again[1]
        assert "- Try one thing (1).\n- Try another (1)." in again[2]


@pytest.mark.parametrize("advice", [LESSONS, SEVERAL])
@pytest.mark.parametrize("at", [0, 1])
async def test_a_turn_that_is_cut_off_is_finished_without_a_question_more(
    tmp_path: Path, advice: Any, at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    counsel = Counsel()
    async with ModelServer(Script(answer=counsel)) as server:
        async with a_run(tmp_path, server, advice=advice) as run:
            await live_on(run, 2)
            shelf, added = run.database.guidance.advice, run.database.guidance.advice.add

            async def cut_off(*arguments: Any, **named: Any) -> Any:
                if len(await shelf.all()) == at:
                    raise asyncio.CancelledError
                return await added(*arguments, **named)

            monkeypatch.setattr(shelf, "add", cut_off)
            if at == 0 or advice is SEVERAL:
                with pytest.raises(asyncio.CancelledError):
                    await step(run, "advice").run_at(run, 3)
                assert run.guide.guided(await a_sampling(run)).advice_id is None, "half a turn is not in force"
            else:
                await step(run, "advice").run_at(run, 3)
        asked = list(counsel.asked)
        async with a_run(tmp_path, server, advice=advice, resume=True) as run:
            await step(run, "advice").run_at(run, 3)
            await step(run, "advice").run_at(run, 3)
            assert counsel.asked == asked
            written = await run.database.guidance.advice.all()
            assert len(written) == (1 if advice is LESSONS else 2)
            assert len({one.text for one in written}) == len(written)
            assert run.guide.guided(await a_sampling(run)).advice_id is not None


async def a_sampling(run: Run) -> Sampling:
    claim = await run.database.journal.claim(1)
    return await values.load_sampling(claim.steps[GenerationState.SAMPLED, 0, 0], run.database)


async def test_a_share_of_the_proposals_is_shown_it_and_an_island_begun_over_is_not(tmp_path: Path) -> None:
    async with (
        ModelServer(Script(answer=Counsel())) as server,
        a_run(tmp_path, server, advice=LESSONS | {"share": 0.8}) as run,
    ):
        await live_on(run, 2)
        await step(run, "advice").run_at(run, 3)
        sampling = await a_sampling(run)
        drawn = [run.guide.guided(replace(sampling, seed=seed)) for seed in range(1_000)]
        share = sum(one.advice_id is not None for one in drawn) / len(drawn)
        assert 0.76 < share < 0.84
        assert drawn == [run.guide.guided(replace(sampling, seed=seed)) for seed in range(1_000)]
        run.guide.apply(Spawned(3, sampling.island, "bootstrap"))
        assert all(run.guide.guided(replace(sampling, seed=seed)) == replace(sampling, seed=seed) for seed in range(50))


async def test_where_a_run_is_played_again_a_sampling_shows_what_was_recorded(tmp_path: Path) -> None:
    async with ModelServer(Script(answer=Counsel())) as server, a_run(tmp_path, server, advice=LESSONS) as run:
        await live_on(run, 2)
        await step(run, "advice").run_at(run, 3)
        await live_on(run, 3)
        before, after = [
            (await run.database.journal.claim(number)).steps[GenerationState.SAMPLED, 0, 0] for number in (2, 3)
        ]
        assert (before.get("advice_id"), after.get("advice_id") is None) == (None, False)
        for payload in (before, after):
            run.guide = RecordedGuide(payload.get("advice_id"), payload.get("system_prompt_id"))
            number = 4 + (payload is after)
            again = await steps.sample(await steps.open_generation(run, number), 0)
            assert (again.advice_id, again.system_prompt_id) == (payload.get("advice_id"), None)


async def test_the_page_tells_what_was_shown_and_what_came_of_it(tmp_path: Path) -> None:
    async with (
        ModelServer(Script(answer=Counsel())) as server,
        a_run(tmp_path, server, advice=SEVERAL, system_prompts={"every": 3}) as run,
    ):
        await live_on(run, 2)
        await step(run, "advice").run_at(run, 3)
        await step(run, "system_prompts").run_at(run, 3)
        page = tmp_path / "results" / "advice.md"
        before = page.read_text()
        assert (
            "## After 3 programs\n\n0 proposals:\n\nTry one thing (1).\n\n0 proposals:\n\nTry another (1).\n" in before
        )
        await live_on(run, 5)
        await run.guide.report(run)
        points = [run.guide.merits.of_advice(one.id) for one in await run.database.guidance.advice.all()]
        assert sum(one.uses for one in points) == 3
        for one in points:
            if one.mean is not None:
                assert f"{one.uses} proposals, mean place {one.mean:.3f}:" in page.read_text()
        assert "Proposals without advice: 2 proposals, mean place " in page.read_text()
        kept = [(one.uses, one.score) for one in await run.database.guidance.advice.all()]
        assert kept == [(one.uses, one.mean) for one in points]
        openings = (tmp_path / "results" / "system_prompts.md").read_text()
        assert "(the usual one): " in openings
        assert "## 1 (after 3 programs, from 0): " in openings
        assert "You are a patient engineer of kind 1" in openings


async def test_an_answer_that_says_nothing_leaves_in_force_what_was(tmp_path: Path) -> None:
    counsel = Counsel()
    async with ModelServer(Script(answer=counsel)) as server, a_run(tmp_path, server, advice=LESSONS) as run:
        await live_on(run, 5)
        await step(run, "advice").run_at(run, 3)
        counsel.answers["lessons"] = "<think>hm</think>```\n```"
        with pytest.raises(UnusableAnswerError, match="no lessons"):
            await step(run, "advice").run_at(run, 6)
        (only,) = await run.database.guidance.advice.all()
        assert run.guide.guided(await a_sampling(run)).advice_id == only.id


async def test_what_is_shown_never_keeps_a_program_from_being_asked_about(tmp_path: Path) -> None:
    long = LESSONS | {"words": 1_000}
    counsel = Counsel({"lessons": "larger constants pay. " * 330})
    async with ModelServer(Script(answer=counsel)) as server:
        async with a_run(tmp_path, server, advice=long) as run:
            await live_on(run, 2)
            await step(run, "advice").run_at(run, 3)
        fields = {"llm_kwargs": {"max_tokens": 100}, "llm_context_tokens": {"scripted": 1_100}}
        async with a_run(tmp_path, server, advice=long, resume=True, **fields) as run:
            await live_on(run, 3)
    assert rows(tmp_path / "results", SHOWN)[-1][1] is not None, "it was drawn"
    assert ADVICE not in proposals(server)[-1], "and left out"


class Often:
    every, share = 0, 1.0

    async def write(self, turn: Turn) -> Advice:
        raise NotImplementedError


class Much(Often):
    every, share = 5, 3.0


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"advice": "advise"}, "advice: there is no adviser 'advise'; did you mean 'advice'?"),
        ({"advice": {"name": "advice", "share": 2}}, "advice: adviser 'advice': share=2"),
        ({"advice": {"name": "recommendations", "best": 3}}, "has no parameter 'best'"),
        ({"advice": "advice", "llm_models": ["builtin/mutate"]}, "llm_roles: {advice: [MODEL]}"),
        (
            {"advice": "advice", "llm_models": ["builtin/mutate"], "llm_roles": {"advice": ["m"]}},
            "advice is for models that propose, and none does",
        ),
        ({"advice": "advice", "patch_types": ["mutate"], "patch_type_probs": [1]}, "patch_types=['mutate']"),
        ({"advice": f"{__name__}:Often"}, "every=0 of adviser"),
        ({"advice": f"{__name__}:Much"}, "share=3.0 of adviser"),
        ({"system_prompts": {}, "llm_models": ["builtin/mutate"]}, "llm_roles: {system_prompts: [MODEL]}"),
    ],
)
def test_what_is_wrong_is_told_before_anything_is_spent(fields: dict[str, Any], words: str) -> None:
    given: dict[str, Any] = {"llm_models": ["m"]}
    with pytest.raises(ConfigError) as told:
        guide_of(EvolutionConfig(**given | fields))
    assert words in str(told.value)
