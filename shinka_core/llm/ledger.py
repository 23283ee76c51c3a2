"""A ledger in memory, for using the client without a database."""

from __future__ import annotations

from dataclasses import replace

from shinka_core.errors import ModelError
from shinka_core.llm.question import CallKey, Question
from shinka_core.program import Answer


class MemoryLedger:
    """Keeps answers as long as the process lives.

    Attributes:
        failures: Calls that gave no answer, in order.
    """

    def __init__(self) -> None:
        self._answers: dict[CallKey, Answer] = {}
        self.failures: list[tuple[CallKey, ModelError]] = []

    async def find(self, key: CallKey) -> Answer | None:
        """The answer to `key`, marked as replayed."""
        answer = self._answers.get(key)
        return None if answer is None else replace(answer, replayed=True)

    async def answered(self, question: Question, answer: Answer) -> None:
        """Keeps an answer."""
        self._answers[question.key] = answer

    async def failed(
        self, question: Question, error: ModelError, cost: float | None, seconds: float, *, estimated: bool = False
    ) -> None:
        """Keeps a failure."""
        del cost, seconds, estimated
        self.failures.append((question.key, error))
