"""What was tried between two places of the record, for whoever writes about the search."""

from __future__ import annotations

from pathlib import Path

from shinka_core.database import AsyncProgramDatabase
from shinka_core.database.tried import LONGEST
from shinka_core.errors import Blame
from shinka_core.generation.sampling import pulls_of
from shinka_core.generation.under_way import OpenGeneration
from shinka_core.program import Failure, GenerationContext, GenerationState
from shinka_core.record import Ended, Event, Pull, Recorded
from tests.shinka_core.database.test_programs import name, opened, program

FAILURES = [
    (Failure("patch", "search_not_found", "no such line"), None),
    (Failure("query", "unavailable", "the provider is down"), Blame.INFRASTRUCTURE),
    (Failure("evaluate", "timeout", "60 s"), Blame.CANDIDATE),
]


async def fill(db: AsyncProgramDatabase) -> dict[int, str]:
    """Programs 0 to 4 with one failure of each kind behind the second."""
    seed = program(0, 1.0)
    better = program(1, 1.5, parent=seed, name="better", description="d" * 2 * LONGEST, diff="+x", patch_type="diff")
    broken = program(5, None, parent=better, name="broken", error="boom", text_feedback="read this")
    from_broken = program(6, 2.0, parent=broken, name="mended")
    for one in (seed, better):
        await db.journal.claim(one.generation)
        await db.add(one, None)
    for number, (failure, blame) in enumerate(FAILURES, 2):
        await db.journal.claim(number)
        await db.journal.fail(number, failure, blame)
    for one in (broken, from_broken):
        await db.journal.claim(one.generation)
        await db.add(one, None)
    return {one.generation: one.id for one in (seed, better, broken, from_broken)}


async def test_the_programs_of_a_stretch_come_with_their_words_and_what_they_gained(
    tmp_path: Path, database_url: str | None
) -> None:
    async with opened(tmp_path, database_url) as db:
        await db.begin(name(), seed=7, settings={})
        ids = await fill(db)
        whole = await db.guidance.history(0, 4)
        assert [one.sequence for one in whole.programs] == [2, 3, 4], "the seed program was not tried"
        better, broken, mended = whole.programs
        assert (better.gain, broken.gain, mended.gain) == (0.5, None, None)
        assert (better.operator, better.diff, better.description) == ("diff", "+x", "d" * LONGEST)
        assert (broken.error, broken.text_feedback, broken.parent_score) == ("boom", "read this", 1.5)
        assert mended.parent_score is None, "a parent that is not correct is no measure"
        assert whole.failures == (FAILURES[0][0], FAILURES[2][0])
        assert (whole.seed_score, whole.best_score) == (1.0, 2.0)
        earlier = await db.guidance.history(0, 3)
        assert (earlier.best_score, earlier.best_id) == (1.5, ids[1])
        later = await db.guidance.history(2, 3)
        assert [one.name for one in later.programs] == ["broken"]
        assert len(later.failures) == 2
        assert (await db.guidance.history(3, 4)).failures == ()
        assert await db.guidance.history(1, 2) == await db.guidance.history(0, 2)


async def test_a_pull_says_what_its_prompt_showed_also_when_it_is_read_back(
    tmp_path: Path, database_url: str | None
) -> None:
    run, events = name(), list[Event]()

    class Seen:
        def apply(self, event: Event) -> None:
            events.append(event)

    async with opened(tmp_path, database_url) as db:
        await db.begin(run, seed=7, settings={})
        db.folds.add(Seen())
        await db.add(program(0), None)
        sampled = {
            "patch_type": "diff",
            "model": "m",
            "island": 0,
            "parent": "p",
            "advice_id": "a",
            "system_prompt_id": "s",
        }
        for number in (1, 2):
            claim = await db.journal.claim(number)
            await db.journal.write(number, GenerationState.SAMPLED, 0, 0, sampled, 0.0)
            claim.put(GenerationState.SAMPLED, 0, 0, sampled)
            if number == 1:
                opened_generation = OpenGeneration(None, GenerationContext(run, 1, 7), claim)  # pyright: ignore[reportArgumentType]
                await db.add(program(1), None, pulls_of(opened_generation))
            else:
                await db.journal.fail(number, FAILURES[0][0])
    told = [event.pulls for event in events if isinstance(event, Recorded | Ended)]
    assert told[1:] == [(Pull("diff", "m", advice_id="a", system_prompt_id="s", parent="p"),)] * 2
    async with opened(tmp_path, database_url) as db:
        events.clear()
        await db.resume(run, None, Seen())
    assert [event.pulls for event in events if isinstance(event, Recorded | Ended)] == told
