"""Whether a candidate differs enough from what its island already holds to be worth an evaluation.

Only what may change is compared: the texts of the EVOLVE-BLOCKs. In this order:

1. A cosine at or below the threshold to the most similar programs is novel.
2. The same tokens (for the back ends' languages without comments and layout) are a duplicate.
3. The built-in embedding's own threshold asks no more than that: its vectors cannot tell how much a change matters.
4. Texts longer than the back end's piece are compared by the parts that differ: the threshold holds for those.
5. A judging model, where there is one, is asked once; otherwise it is a near duplicate.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Protocol

from shinka_core.bounds import shortened
from shinka_core.config import BUILTIN_EMBEDDING
from shinka_core.edit.evolvable import evolvable_texts
from shinka_core.embed.changed import changed_parts
from shinka_core.embed.embedder import Embedder, Vector
from shinka_core.embed.identity import Identity
from shinka_core.embed.tokens import tokens
from shinka_core.errors import EndpointError, ModelError, Scope
from shinka_core.llm import AsyncLLMClient
from shinka_core.llm.question import CallKey, Question
from shinka_core.program import Program, Verdict
from shinka_core.prompts import novelty_prompt, read_novelty_answer
from shinka_core.source import Source

logger = logging.getLogger("shinka.novelty")

# Characters up to which a program is taken apart on the event loop.
SMALL = 50_000

# Characters of each program that a judging model is shown.
SHOWN = 24_000

# Programs of the island that are looked at: with rounded numbers a copy is not always the first of them.
CANDIDATES = 5


class Neighbours(Protocol):
    """The part of the program database that the judge looks at."""

    async def nearest(self, island: int, embedding: Vector, count: int) -> list[tuple[str, float]]:
        """Id and cosine of the island's most similar programs, the most similar first."""
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
        self._copies_alone = threshold is None and embedder.name == BUILTIN_EMBEDDING
        self._client = client
        self._models = tuple(models)
        self._refused = False
        self._width: int | None = None

    @property
    def identity(self) -> Identity:
        """What decides the vectors: those of two identities are not to be compared."""
        return self._embedder.identity

    async def close(self) -> None:
        """Closes the embedding's connections."""
        await self._embedder.close()

    async def embed(self, source: Source) -> Vector:
        """The embedding of a program, `(d,)` float32.

        Raises:
            ModelError: The endpoint cannot be reached, refuses, or gives vectors of another width than before.
        """
        vector = await self._embedder.embed(await _evolvable(source), source.language)
        self._width = self._width or len(vector)
        if len(vector) != self._width:
            name = self._embedder.name
            raise EndpointError(
                f"{name}: the endpoint gave an embedding of {len(vector)} numbers and gave {self._width} before, so it is "
                "another model; put the old one back, or resume with another embedding_model, which embeds all programs anew",
                model=name,
            )
        return vector

    def expect(self, width: int | None) -> None:
        """Holds embeddings to that many numbers; None: to as many as the first one has."""
        self._width = width

    async def check(
        self, source: Source, *, island: int, neighbours: Neighbours, key: CallKey
    ) -> tuple[Verdict, Vector | None]:
        """Judges one candidate.

        Args:
            key: Names the question to the model, should one be asked.

        Returns:
            The verdict, and the candidate's embedding `(d,)` float32; None when the endpoint refuses this
            program for good, which then counts as novel.

        Raises:
            ModelError: A retryable fault of the embedding endpoint or the judging model, or an endpoint that
                refuses everything. A judging model that refuses leaves a near duplicate rejected, as without one.
        """
        try:
            embedding = await self.embed(source)
        except ModelError as error:
            if error.scope not in (Scope.PROMPT, Scope.MODEL):
                raise
            return self._unembedded(error), None
        return await self._compare(source, embedding, island, neighbours, key), embedding

    async def embed_if_taken(self, source: Source) -> Vector | None:
        """The embedding of a program, `(d,)` float32; None when the endpoint does not take this text.

        Raises:
            ModelError: It cannot be reached, or takes no text at all.
        """
        try:
            return await self.embed(source)
        except ModelError as error:
            if error.scope is not Scope.PROMPT:
                raise
            self._unembedded(error)
            return None

    def _unembedded(self, error: ModelError) -> Verdict:
        """The candidate is paid for and may be good, so it is evaluated without having been compared."""
        if not self._refused:
            self._refused = True
            logger.warning("evaluated without the novelty check, said once: no embedding: %s", error)
        return Verdict(True, -1.0, None, f"not compared: {error}"[:500])

    async def _compare(
        self, source: Source, embedding: Vector, island: int, neighbours: Neighbours, key: CallKey
    ) -> Verdict:
        found = await neighbours.nearest(island, embedding, CANDIDATES)
        if not found:
            return Verdict(True, -1.0, None, "the island is empty")
        nearest, similarity = found[0]
        if similarity <= self._threshold:
            return Verdict(True, similarity, nearest, "below the similarity threshold")
        close = [(await neighbours.get(program_id), cosine) for program_id, cosine in found if cosine > self._threshold]
        for program, cosine in close:
            if await asyncio.to_thread(same, source, program.source):
                return Verdict(False, cosine, program.id, f"identical to generation {program.generation}")
        program = close[0][0]
        asks = self._client is not None and bool(self._models)
        if self._copies_alone and not asks:
            return Verdict(True, similarity, nearest, f"close to generation {program.generation}, and no copy of it")
        similarity = await self._similarity_of_changes(source, program.source, similarity)
        if similarity <= self._threshold:
            return Verdict(True, similarity, nearest, "what differs is below the similarity threshold")
        if not asks:
            why = f"similarity {similarity:.5f} to generation {program.generation} is above {self._threshold}"
            return Verdict(False, similarity, nearest, why)
        return await self._ask(source, program, similarity, key)

    async def _similarity_of_changes(self, source: Source, other: Source, similarity: float) -> float:
        """The cosine of what differs, for texts too long for a change to show in their own."""
        mine, yours = await _evolvable(source), await _evolvable(other)
        if max(len(mine.encode("utf-8", "replace")), len(yours.encode("utf-8", "replace"))) <= self._embedder.piece:
            return similarity
        parts = await asyncio.to_thread(changed_parts, mine, yours, self._embedder.piece)
        one, two = [await self._embedder.embed(part, source.language) for part in parts]
        return min(similarity, float(one @ two))

    async def _ask(self, source: Source, nearest: Program, similarity: float, key: CallKey) -> Verdict:
        assert self._client is not None
        system, user = novelty_prompt(*await asyncio.to_thread(_shown, source, nearest.source))
        first = key.generation % len(self._models)
        problem = ""
        for model in (*self._models[first:], *self._models[:first]):
            try:
                answer = await self._client.query(Question(key, model, system, user, seed=key.generation))
            except ModelError as error:
                if error.retryable:
                    raise
                problem = str(error)
                self._client.account.tell_once("judge", model, "near duplicates are rejected unjudged: %s", error)
                continue
            novel, explanation = read_novelty_answer(answer.text)
            return Verdict(novel, similarity, nearest.id, explanation, judged=True, cost=answer.cost)
        why = f"near duplicate, and the judge failed: {problem}"
        return Verdict(False, similarity, nearest.id, why, judged=True)


def _shown(source: Source, other: Source) -> tuple[Source, Source]:
    """What a judging model is shown: whole programs might be dear, or more than it takes."""
    if max(source.length, other.length) <= SHOWN:
        return source, other
    mine, yours = changed_parts(evolvable(source), evolvable(other), SHOWN)
    language = source.language
    return Source.of(shortened(mine, SHOWN), language), Source.of(shortened(yours, SHOWN), language)


async def _evolvable(source: Source) -> str:
    return evolvable(source) if source.length <= SMALL else await asyncio.to_thread(evolvable, source)


def evolvable(source: Source) -> str:
    """What of a program may change: the texts of its EVOLVE-BLOCKs, or all of it; in a folder file by file."""
    texts = evolvable_texts(source)
    return "\n".join(text if source.single else f"### {file.path}\n{text}" for file, text in texts)


def same(one: Source, other: Source) -> bool:
    """Whether two programs have the same tokens in their EVOLVE-BLOCKs."""
    mine, yours = ({file.path: (file, text) for file, text in evolvable_texts(source)} for source in (one, other))
    return mine.keys() == yours.keys() and all(
        text.strip() == yours[path][1].strip() or tokens(text, file.language) == tokens(yours[path][1], file.language)
        for path, (file, text) in mine.items()
    )
