"""What can go wrong, as one small tree.

    ShinkaError
    ├── ConfigError                the user must change a setting; raised before anything is spent
    ├── PatchError                 the model's edit cannot be applied; its text is fed back to the model
    ├── ModelError                 a model endpoint failed; `scope` says for whom, `retry_after` for how long
    │   ├── RateLimitedError       LATER: 429 or overload; retryable, may carry a waiting time
    │   ├── ModelUnavailableError  LATER: timeouts, resets, 5xx; retryable
    │   ├── UnusableAnswerError    PROMPT: empty, cut off or refused answer (paid for, and recorded)
    │   │   └── PromptRefusedError PROMPT: a content filter took exception to prompt or answer
    │   ├── PromptTooLongError     PROMPT: longer than the model's context
    │   ├── ModelRefusedError      MODEL: unknown model, no permission, a refused option
    │   └── EndpointError          ENDPOINT: wrong address, bad key, a page instead of an answer
    │       └── QuotaExhaustedError  ENDPOINT or MODEL: quota of the day or money used up
    ├── ModelsOutError             no model is left to ask; what has not begun stays open
    ├── LaunchError                an evaluation could not be started or was lost
    ├── DatabaseError              the program database failed
    │   ├── EvolutionExistsError   a run of that name is already there (or is running)
    │   ├── DatabaseUnavailableError  locked, restarting or out of reach for longer than it was waited for
    │   │   ├── DatabaseGoneError     its file was removed under the run
    │   │   └── OwnershipLostError    another process has taken the evolution up
    │   └── SchemaVersionError     the database was written by another version
    ├── OrchestratorError          Prefect's server stayed away; what is done is stored
    ├── RunStoppedError            the run is being stopped; what has not begun stays open
    │   └── EvaluatorChangedError  the evaluator is another than when the run began
    ├── BudgetExhaustedError       the next call would pass `max_api_costs`
    └── UnfinishedError            the evolution met an outage, or made nothing; `summary` says what it came to

`retryable` and `blame` belong to the class, never to a match on the message. A candidate program that
crashes, times out or scores badly is not an error: it is an `Evaluation` with `correct=False`.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shinka_core.program import Usage


class Blame(StrEnum):
    """Whose fault a failure is."""

    MODEL = "model"
    CANDIDATE = "candidate"
    EVALUATOR = "evaluator"
    INFRASTRUCTURE = "infrastructure"
    US = "us"


class ShinkaError(Exception):
    """Base of every error raised on purpose by this project."""

    retryable: bool = False
    blame: Blame = Blame.US


class ConfigError(ShinkaError, ValueError):
    """A setting is unknown, contradictory or out of range; the message names the remedy."""


class PatchError(ShinkaError):
    """An answer could not be turned into a new program.

    Attributes:
        reason: A stable snake_case word for counting, such as `search_not_found`.
    """

    blame = Blame.CANDIDATE

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class Scope(StrEnum):
    """How far a model's failure reaches, and so what to try instead."""

    LATER = "later"
    """This call: the same question may be answered later."""
    PROMPT = "prompt"
    """This prompt or its answer: another prompt, or another model, may do."""
    MODEL = "model"
    """Every question to this model: another model may do."""
    ENDPOINT = "endpoint"
    """Every model at this endpoint: one elsewhere may do."""


class ModelError(ShinkaError):
    """A model endpoint did not give a usable answer.

    Attributes:
        reason: A stable snake_case word for counting, such as `rate_limited`.
        scope: What fails alike as long as nothing is changed.
        model: The model's name as configured, or `""`.
        retry_after: Seconds the provider asked to wait, uncut, or None when it did not say.
        usage: What the provider counted; the call is paid for all the same. None: nothing.
        said: The provider's own words, in one bounded line and without keys; `""` when it had none.
        step: The step of a generation that asked.
    """

    reason: str = "model_error"
    step: str = "query"
    scope: Scope = Scope.PROMPT
    blame = Blame.MODEL

    def __init__(
        self,
        message: str,
        *,
        model: str = "",
        retry_after: float | None = None,
        usage: Usage | None = None,
        said: str = "",
        scope: Scope | None = None,
    ) -> None:
        super().__init__(message)
        self.model = model
        self.retry_after = retry_after
        self.usage = usage
        self.said = said
        if scope is not None:
            self.scope = scope


@contextmanager
def blaming(step: str) -> Generator[None, None, None]:
    """Writes into the errors of models inside the block which step asked."""
    try:
        yield
    except ModelError as error:
        error.step = step
        raise


class RateLimitedError(ModelError):
    """The provider asked for fewer requests; a short `retry_after` is worth waiting for."""

    retryable = True
    reason = "rate_limited"
    scope = Scope.LATER


class ModelUnavailableError(ModelError):
    """Timeout, reset connection or 5xx: asking again may help."""

    retryable = True
    reason = "model_unavailable"
    scope = Scope.LATER


class UnusableAnswerError(ModelError):
    """The answer arrived and was paid for, but holds no text to work with."""

    reason = "unusable_answer"


class PromptRefusedError(UnusableAnswerError):
    """A content filter took exception to this prompt, or to what the model made of it."""

    reason = "prompt_refused"


class PromptTooLongError(ModelError):
    """The prompt, or prompt and answer together, are longer than the model's context.

    Attributes:
        context: Tokens that the model takes, or None when the provider did not say.
        asked: Tokens that the provider counted, or None.
    """

    reason = "prompt_too_long"

    def __init__(
        self, message: str, *, context: int | None = None, asked: int | None = None, model: str = "", said: str = ""
    ) -> None:
        super().__init__(message, model=model, said=said)
        self.context = context
        self.asked = asked


class ModelRefusedError(ModelError):
    """The provider refuses this model's requests for good: name, permission or form of the request."""

    reason = "model_refused"
    scope = Scope.MODEL


class EndpointError(ModelError):
    """Whoever answers at this address refuses everything, or is no model endpoint: address or key."""

    reason = "endpoint_refused"
    scope = Scope.ENDPOINT


class QuotaExhaustedError(EndpointError):
    """A quota of hours or days, or the money, is used up; `retry_after` says for how long if the provider did."""

    reason = "quota_exhausted"


class ModelsOutError(ShinkaError):
    """Every model refuses, or has its quota used up: the run ends cleanly and can be resumed."""

    blame = Blame.MODEL


class LaunchError(ShinkaError):
    """An evaluation could not be started, or its result was lost."""

    retryable = True
    blame = Blame.EVALUATOR


class ReviewError(ShinkaError):
    """A reviewer failed; the candidate is there, and is reviewed when the generation is taken up."""

    blame = Blame.INFRASTRUCTURE


class DatabaseError(ShinkaError):
    """The program database failed or holds something impossible."""

    blame = Blame.INFRASTRUCTURE


class EvolutionExistsError(DatabaseError):
    """An evolution of that name is already in the database, or another process runs it."""


class EvolutionTakenMeanwhileError(EvolutionExistsError):
    """Another process began or took the evolution up at this very moment; who wants to take part looks again."""


class DatabaseUnavailableError(DatabaseError):
    """The database is locked, restarting or out of reach, and was waited for; the run ends and can be resumed."""


class DatabaseGoneError(DatabaseUnavailableError):
    """The database's file was removed or replaced while the run was writing it."""


class OwnershipLostError(DatabaseUnavailableError):
    """Another process has taken the evolution up: this one writes nothing any more."""


class SchemaVersionError(DatabaseError):
    """The database's schema is not the one this version works with."""


class OrchestratorError(ShinkaError):
    """The orchestrator did not come back; the run ends and can be resumed."""

    blame = Blame.INFRASTRUCTURE


class RunStoppedError(ShinkaError):
    """The run is being stopped: what has not begun yet, or was ended with it, stays open for a resume."""


class EvaluatorChangedError(RunStoppedError):
    """The evaluator's file was changed during the run and cannot run from a copy: scores would not compare."""


class BudgetExhaustedError(ShinkaError):
    """The next paid call could pass `max_api_costs`; the run ends cleanly and can be resumed."""


class TrialsUsedUpError(ShinkaError):
    """An operator asks for more evaluations than `max_trials` allows for one candidate."""


class UnfinishedError(ShinkaError):
    """The evolution was stopped by an outage, or none of its generations made a correct program.

    Attributes:
        summary: What it came to all the same, a `RunSummary`.
    """

    def __init__(self, message: str, summary: Any = None) -> None:
        super().__init__(message)
        self.summary = summary


@contextmanager
def one_error() -> Generator[None, None, None]:
    """Raises the first error of a group in its place: callers and people know errors, not how tasks were grouped.

    One that is raised on purpose comes before the others.
    """
    try:
        yield
    except ExceptionGroup as group:
        raise _first(group) from group


def _first(group: ExceptionGroup[Exception]) -> Exception:
    leaves = list(_leaves(group))
    return next((error for error in leaves if isinstance(error, ShinkaError)), leaves[0])


def _leaves(group: ExceptionGroup[Exception]) -> Iterator[Exception]:
    for error in group.exceptions:
        if isinstance(error, ExceptionGroup):
            yield from _leaves(error)  # pyright: ignore[reportUnknownArgumentType] - of exceptions, as the whole is
        else:
            yield error
