"""Whether a candidate differs enough from what its island already holds to be worth an evaluation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from shinka_core.embed.embedder import Embedder, Vector
from shinka_core.errors import ModelError
from shinka_core.llm import AsyncLLMClient
from shinka_core.llm.question import CallKey, Question
from shinka_core.program import Program, Verdict
from shinka_core.prompts import novelty_prompt, read_novelty_answer


class Neighbours(Protocol):
    """The part of the program database that the judge looks at."""

    def nearest(self, island: int, embedding: Vector) -> tuple[str, float] | None:
        """Id and cosine of the island's most similar program, or None when it has none."""
        ...

    async def get(self, program_id: str) -> Program:
        """A program by its id."""
        ...


class AsyncNoveltyJudge:
    """Compares embeddings, and asks a model once when they are nearly the same."""

    def __init__(
        self,
        embedder: Embedder,
        *,
        threshold: float | None = None,
        client: AsyncLLMClient | None = None,
        models: Sequence[str] = (),
    ) -> None:
        """Puts a judge together.

        Args:
            threshold: Cosine above which a candidate is a near duplicate; None takes the back end's.
            client: Asks the judging model; None rejects near duplicates unasked.
            models: Asked in turn, one per question.
        """
        self._embedder = embedder
        self._threshold = embedder.similarity_threshold if threshold is None else threshold
        self._client = client
        self._models = tuple(models)

    async def embed(self, code: str, language: str) -> Vector:
        """The embedding of a program, `(d,)` float32."""
        return await self._embedder.embed(code, language)

    async def check(
        self, code: str, *, language: str, island: int, neighbours: Neighbours, key: CallKey
    ) -> tuple[Verdict, Vector]:
        """Judges one candidate.

        Args:
            key: Names the question to the model, should one be asked.

        Returns:
            The verdict, and the candidate's embedding `(d,)` float32.

        Raises:
            ModelError: A retryable fault of the embedding endpoint or the judging model. A final
                fault of the judging model rejects the candidate, with the fault as explanation.
        """
        embedding = await self.embed(code, language)
        nearest = neighbours.nearest(island, embedding)
        if nearest is None:
            return Verdict(True, -1.0, None, "the island is empty"), embedding
        program_id, similarity = nearest
        if similarity <= self._threshold:
            return Verdict(True, similarity, program_id, "below the similarity threshold"), embedding
        program = await neighbours.get(program_id)
        if program.code.strip() == code.strip():
            return Verdict(False, similarity, program_id, f"identical to generation {program.generation}"), embedding
        if self._client is None or not self._models:
            why = f"similarity {similarity:.5f} to generation {program.generation} is above {self._threshold}"
            return Verdict(False, similarity, program_id, why), embedding
        return await self._ask(code, program, similarity, language, key), embedding

    async def _ask(self, code: str, nearest: Program, similarity: float, language: str, key: CallKey) -> Verdict:
        assert self._client is not None
        system, user = novelty_prompt(code, nearest, language)
        model = self._models[key.generation % len(self._models)]
        try:
            answer = await self._client.query(Question(key, model, system, user, seed=key.generation))
        except ModelError as error:
            if error.retryable:
                raise
            return Verdict(False, similarity, nearest.id, f"near duplicate, and the judge failed: {error}", judged=True)
        novel, explanation = read_novelty_answer(answer.text)
        return Verdict(novel, similarity, nearest.id, explanation, judged=True, cost=answer.cost)
