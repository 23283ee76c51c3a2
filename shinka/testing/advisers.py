"""What every adviser has to hold to, as tests: subclass `AdviserContract` and say how one is made."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from shinka.testing.periodics import with_a_run
from shinka_core.database.tried import History, Tried
from shinka_core.llm import AsyncLLMClient
from shinka_core.llm.question import Question, RawAnswer
from shinka_core.meta import Advice, Adviser, Turn
from shinka_core.run import Run

MODEL = "scripted"
TRIED = History(
    (
        Tried(2, 1, "wider", "diff", 1.5, True, 1.0, "Larger steps.", "-a\n+b"),
        Tried(3, 2, "broken", "full", None, False, 1.5, error="ZeroDivisionError"),
    ),
    seed_score=1.0,
    best_score=1.5,
)  # fmt: skip


class AdviserContract:
    """The tests. Override `adviser`, and `answer` where what the model says has to have a form."""

    def adviser(self) -> Adviser:
        """An adviser, as a run would make it."""
        raise NotImplementedError

    def answer(self, question: Question) -> str:
        """What the model says to a question of the adviser."""
        del question
        return "1. Larger steps pay.\n2. Smaller ones do not."

    def test_it_says_how_often_it_writes_and_to_how_many(self) -> None:
        adviser = self.adviser()
        assert adviser.every >= 1
        assert 0 <= adviser.share <= 1

    def test_it_writes_something_and_the_same_without_a_question_more(self, tmp_path: Path) -> None:
        async def check(run: Run, asked: list[Question]) -> None:
            first = await self.adviser().write(_turn(run, 3))
            assert first.points
            assert all(isinstance(point, str) and point.strip() for point in first.points)
            before = len(asked)
            assert await self.adviser().write(_turn(run, 3)) == first, "as a run that was killed asks for it again"
            assert len(asked) == before
            after = await self.adviser().write(_turn(run, 6, first))
            assert after.points
            assert len(asked) > before, "another turn has questions of its own"

        self._run(tmp_path, check)

    def _run(self, folder: Path, check: Callable[[Run, list[Question]], Awaitable[None]]) -> None:
        contract, asked = self, list[Question]()

        class Scripted:
            async def ask(self, question: Question) -> RawAnswer:
                asked.append(question)
                return RawAnswer(contract.answer(question))

            async def close(self) -> None:
                pass

        async def checked(run: Run) -> None:
            run.client = AsyncLLMClient({MODEL: Scripted()}, weights={MODEL: 1.0}, ledger=run.database.calls)
            await check(run, asked)

        # Nobody is asked at this address: the client is exchanged.
        fields = {"llm_models": [MODEL], "llm_base_url": "http://127.0.0.1:9/v1", "unknown_prices": "warn"}
        asyncio.run(with_a_run(folder, checked, **fields))


def _turn(run: Run, recorded: int, before: Advice | None = None) -> Turn:
    return Turn(run, recorded, TRIED, before.points if before else (), before.notes if before else "")
