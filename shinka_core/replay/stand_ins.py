"""Whoever costs something in a run, replaced by what the record holds: models, an embedding, evaluations."""

from __future__ import annotations

from typing import NoReturn

from shinka_core.budget import Budget
from shinka_core.config import BUILTIN_EMBEDDING, EvolutionConfig
from shinka_core.database.course import Course
from shinka_core.embed import HashedNgrams
from shinka_core.embed.embedder import Vector
from shinka_core.embed.identity import Identity
from shinka_core.errors import ModelError
from shinka_core.launch import EvaluationRequest, JobState
from shinka_core.llm import AsyncLLMClient
from shinka_core.llm.question import CallKey, Question
from shinka_core.novelty import AsyncNoveltyJudge
from shinka_core.program import Answer, Evaluation, Job
from shinka_core.replay.comparing import NotRecordedError

# The threshold of the embeddings that are not built in.
THRESHOLD = 0.99


class RecordedAnswers:
    """A ledger that knows what was answered, and takes nothing new."""

    def __init__(self, course: Course) -> None:
        self._course = course

    async def find(self, key: CallKey) -> Answer | None:
        """The recorded answer."""
        return await self._course.answer(key)

    async def answered(self, question: Question, answer: Answer) -> None:
        """Nobody is asked."""
        raise NotRecordedError(f"an answer of {answer.model} to {question.key}")

    async def failed(
        self, question: Question, error: ModelError, cost: float | None, seconds: float, *, estimated: bool = False
    ) -> None:
        """Nobody is asked."""
        del cost, seconds, estimated
        raise NotRecordedError(f"a call of {question.model} for {question.key}: {error}")


class RecordedModels(AsyncLLMClient):
    """The models of a run, none of which is asked.

    Attributes:
        resting: Those that could not be asked at the moment that is replayed.
    """

    def __init__(self, config: EvolutionConfig, course: Course) -> None:
        weights = config.llm_weights or [1.0] * len(config.llm_models)
        super().__init__(
            {},
            weights=dict(zip(config.llm_models, weights, strict=True)),
            others=config.proposal_models,
            ledger=RecordedAnswers(course),
            budget=Budget(None),
        )
        self.resting: frozenset[str] = frozenset()

    def asks_at_once(self, model: str) -> bool:
        """Whether it could be asked."""
        return model not in self.resting

    async def query(self, question: Question) -> Answer:
        """Reads the answer back."""
        answer = await self._ledger.find(question.key)
        if answer is None:
            raise NotRecordedError(f"a question to {question.model}")
        return answer


class RecordedEmbedding:
    """Gives the vector that is recorded of the candidate under judgement, once.

    Attributes:
        vector: Of the candidate.
    """

    similarity_threshold = THRESHOLD
    piece = 4  # so that what was said of parts of a text, whose vectors are not kept, is asked for and not guessed

    def __init__(self, model: str) -> None:
        self.name = model
        self.identity = Identity(model, "recorded")
        self.vector: Vector | None = None

    async def embed(self, code: str, language: str) -> Vector:
        """The recorded vector."""
        del code, language
        vector, self.vector = self.vector, None
        if vector is None:
            raise NotRecordedError(f"an embedding of {self.name}")
        return vector

    async def close(self) -> None:
        """Nothing is open."""


def judge_of(
    config: EvolutionConfig, client: AsyncLLMClient
) -> tuple[AsyncNoveltyJudge | None, RecordedEmbedding | None]:
    """The judge of a run; what is not built in stands on recorded vectors."""
    if config.embedding_model is None:
        return None, None
    recorded = None if config.embedding_model == BUILTIN_EMBEDDING else RecordedEmbedding(config.embedding_model)
    judge = AsyncNoveltyJudge(
        recorded or HashedNgrams(),
        threshold=config.code_embed_sim_threshold,
        client=client if config.novelty_llm_models else None,
        models=config.novelty_llm_models,
    )
    return judge, recorded


class NoEvaluations:
    """A launcher that starts nothing."""

    async def submit(self, request: EvaluationRequest) -> Job:
        """Nothing is evaluated."""
        self._refuse(str(request.program_path))

    async def result(self, job: Job) -> Evaluation:
        """Nothing is evaluated."""
        self._refuse(job.program_path)

    async def find(self, job: Job) -> JobState:
        """Nothing is there."""
        del job
        return JobState.GONE

    async def attach(self, job: Job) -> bool:
        """Nothing is there."""
        del job
        return False

    async def cancel(self, job: Job) -> None:
        """Nothing is there."""

    async def close(self) -> None:
        """Nothing is there."""

    def _refuse(self, what: str) -> NoReturn:
        raise NotRecordedError(f"an evaluation of {what}")
