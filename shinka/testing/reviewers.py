"""What every reviewer has to hold to, as tests: subclass `ReviewerContract` and say how one is made."""

from __future__ import annotations

import asyncio
from pathlib import Path

from shinka_core.program import Candidate, Decision, Program, Review, Sampling, Verdict
from shinka_core.reviewers import Reviewer
from shinka_core.source import Source

SOON = 10.0


class ReviewerContract:
    """The tests. Override `reviewer`, and `answer` for one that waits for somebody."""

    def reviewer(self) -> Reviewer:
        """A reviewer, as a run would make it."""
        raise NotImplementedError

    def answer(self, folder: Path) -> None:
        """Lets somebody answer what the reviewer asks about the generation in that folder, if it asks anybody."""

    def test_a_candidate_is_decided_on(self, tmp_path: Path) -> None:
        found = self._reviewed(tmp_path / "gen_1", "x = 2")
        assert isinstance(found, Review)
        assert isinstance(found.decision, Decision)
        assert found.text or found.decision is Decision.ACCEPT, "the model has to be told why"

    def test_a_run_that_was_killed_may_ask_again(self, tmp_path: Path) -> None:
        first = self._reviewed(tmp_path / "gen_1", "x = 2")
        assert self._reviewed(tmp_path / "gen_1", "x = 2") == first

    def test_a_run_that_is_stopped_does_not_wait_for_the_decision(self, tmp_path: Path) -> None:
        async def check() -> None:
            working = asyncio.create_task(self._review(self.reviewer(), tmp_path / "gen_1", "x = 2"))
            await asyncio.sleep(0.05)
            working.cancel()
            done, _ = await asyncio.wait([working], timeout=SOON)
            assert done

        asyncio.run(check())

    def test_several_candidates_are_reviewed_at_once(self, tmp_path: Path) -> None:
        async def check() -> list[Review]:
            reviewer, folders = self.reviewer(), [tmp_path / f"gen_{number}" for number in range(5)]
            working = [
                asyncio.create_task(self._review(reviewer, folder, f"x = {number}"))
                for number, folder in enumerate(folders)
            ]
            await asyncio.sleep(0.2)
            for folder in folders:
                await asyncio.to_thread(self.answer, folder)
            async with asyncio.timeout(SOON):
                return await asyncio.gather(*working)

        assert len(asyncio.run(check())) == 5

    def _reviewed(self, folder: Path, code: str) -> Review:
        async def check() -> Review:
            working = asyncio.create_task(self._review(self.reviewer(), folder, code))
            await asyncio.sleep(0.2)
            await asyncio.to_thread(self.answer, folder)
            async with asyncio.timeout(SOON):
                return await working

        return asyncio.run(check())

    async def _review(self, reviewer: Reviewer, folder: Path, code: str) -> Review:
        parent = Program("p", 0, Source.of("x = 1\n", "python"), 0, score=1.0, correct=True)
        sampling = Sampling(parent, (), 0, "diff", "model", attempt=0, seed=1)
        candidate = Candidate(
            source=Source.of(f"{code}\n", "python"),
            name="change_x",
            description="Changes x.",
            diff=f"-x = 1\n+{code}\n",
        )
        verdict = Verdict(novel=True, similarity=0.5, nearest="p", explanation="far enough")
        return await reviewer.review(sampling, candidate, verdict, folder)
