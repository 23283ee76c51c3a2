"""`builtin/mutate`: the operator `mutate` in the place of a model, which answers whatever it is asked with edits."""

from __future__ import annotations

import numpy as np

from shinka_core.errors import UnusableAnswerError
from shinka_core.llm.question import Question, RawAnswer
from shinka_core.operators.mutate import NOTHING, varied


class MutationModel:
    """Implements `Provider`; stateless, and deterministic in the question's seed."""

    async def ask(self, question: Question) -> RawAnswer:
        """Varies the parent.

        Raises:
            UnusableAnswerError: The program holds nothing that can be varied.
        """
        if question.material is None:
            raise UnusableAnswerError(f"{question.model} only proposes programs; it cannot judge", model=question.model)
        rng = np.random.default_rng([question.seed, len(question.history), question.key.turn])
        answer = await varied(rng, question.material)
        if answer is None:
            raise UnusableAnswerError(f"{question.model} found {NOTHING}", model=question.model)
        return RawAnswer(answer)

    async def close(self) -> None:
        """Has nothing to release."""
