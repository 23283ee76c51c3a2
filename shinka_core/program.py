"""The values that flow through one generation, in the order in which they appear.

    GenerationContext → Sampling → Answer → Candidate → Verdict → Job → Evaluation → Program

All are frozen and small enough to serialise. Code travels by value; embeddings are numpy arrays
and never leave `shinka_core`.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, cast

from shinka_core.feedback import NOTHING, Feedback, Tried
from shinka_core.review import Decision as Decision
from shinka_core.review import Review as Review
from shinka_core.source import Source

# Reason of an evaluation that a request to end (SIGTERM, SIGINT, SIGHUP) has ended: whoever stops the whole run
# sends it to evaluations too, and then it says nothing about the program; otherwise the program did it to itself.
TERMINATED = "terminated"


# What the stage of a trial begins with: an evaluation that an operator asks for before there is a candidate.
TRIALS = "trials/"

# In the place of a generation's number, for what belongs to none.
NO_GENERATION = -2_000_000_000


def sampling_of_trial(stage: str) -> int:
    """Which attempt of its generation at sampling a trial was made for; its stage is `trials/attempt.turn.number`."""
    return int(stage.removeprefix(TRIALS).split(".")[0])


# For programs that are not correct, where the evaluator says no more.
NO_REASON = "the evaluator gives no reason"


class PatchType(StrEnum):
    """The operators that ask models and come along, by the names that settings and programs have for them."""

    DIFF = "diff"
    FULL = "full"
    CROSS = "cross"
    FIX = "fix"


class Purpose(StrEnum):
    """What a model call was for; costs are reported by it."""

    PROPOSAL = "proposal"
    REPAIR = "repair"
    NOVELTY = "novelty"
    EMBEDDING = "embedding"
    # What is asked about the search itself.
    IDEA = "idea"
    ADVICE = "advice"
    SYSTEM_PROMPT = "system_prompt"
    BOOTSTRAP = "bootstrap"
    DIRECTIONS = "directions"


class GenerationState(StrEnum):
    """The states a generation passes through, in order; the last two are final."""

    STARTED = "started"
    SAMPLED = "sampled"
    ANSWERED = "answered"
    PATCHED = "patched"
    JUDGED = "judged"
    REVIEWED = "reviewed"
    SUBMITTED = "submitted"
    EVALUATED = "evaluated"
    RECORDED = "recorded"
    FAILED = "failed"

    @property
    def final(self) -> bool:
        """Whether nothing more will happen to the generation."""
        return self in (GenerationState.RECORDED, GenerationState.FAILED)


@dataclass(frozen=True, slots=True)
class GenerationContext:
    """Which generation this is.

    Attributes:
        evolution: Name of the run.
        number: 0 for the seed program, then 1, 2, ... without holes.
        seed: Seed of the run; each step derives its own generator from (seed, number, attempt).
    """

    evolution: str
    number: int
    seed: int


@dataclass(frozen=True, slots=True)
class Program:
    """A scored candidate.

    Attributes:
        id: Unique over all runs.
        generation: The generation that made it; 0 is the seed program.
        source: Its files.
        island: Index of its island, from 0.
        score: The evaluator's `combined_score`, larger is better; None unless finite.
        correct: Whether the evaluator accepted it; only correct programs become parents.
        cost: US dollars of all model calls made for it; None where that of one of them is unknown.
        instance_scores: By instance, larger is better; empty when the evaluator gave none.
        features: What the evaluator says of its behaviour, by name.
        advice_id: Of what was written about the search and shown for it, as are the next two.
        feedback: What the evaluator told in pieces.
        sampled_after: How many programs were recorded when its parent was sampled; None where that is not known.
    """

    id: str
    generation: int
    source: Source
    island: int
    score: float | None
    correct: bool
    parent_id: str | None = None
    inspiration_ids: tuple[str, ...] = ()
    name: str = ""
    description: str = ""
    patch_type: str | None = None
    diff: str = ""
    model: str = ""
    cost: float | None = 0.0
    public_metrics: dict[str, Any] = field(default_factory=dict[str, Any])
    private_metrics: dict[str, Any] = field(default_factory=dict[str, Any])
    text_feedback: str = ""
    error: str = ""
    evaluation_seconds: float = 0.0
    instance_scores: dict[str, float] = field(default_factory=dict[str, float])
    features: dict[str, float] = field(default_factory=dict[str, float])
    advice_id: str | None = None
    idea_id: str | None = None
    system_prompt_id: str | None = None
    feedback: Feedback = NOTHING
    sampled_after: int | None = None

    @property
    def code(self) -> str:
        """The text of a program that is one file.

        Raises:
            ValueError: It has several.
        """
        return self.source.text

    @property
    def language(self) -> str:
        """What most of it is written in."""
        return self.source.language

    @property
    def has_result(self) -> bool:
        """Whether the evaluator said anything of it: what is wrong but measured can be mended by models."""
        return self.correct or self.score is not None or bool(self.public_metrics)


@dataclass(frozen=True, slots=True)
class Sampling:
    """What a proposal starts from.

    Attributes:
        attempt: How often this generation has sampled before, from 0.
        inspirations: Shown to the model beside the parent, worst score first; never the parent.
        seed: Drawn for this sampling; seeds the model call and the classical operators.
        trials: Evaluations that an operator may make on the way to a candidate; None: as many as the settings say.
        advice_id: Of what is written about the search and shown, as are the next two; None where nothing is.
        ended: How many generations had ended when it was chosen; None of one that an older version made.
        resting: Models of the settings that could not be asked then.
        after: How many programs were recorded by then; None in samplings of before.
        tried: Shown of what was proposed from the same parent before, the newest first.
        direction: Which of the task's own directions is shown, `refine` or `diverge`; None: neither.
        progress: Share of the run that was over by then, in [0, 1]; None: that of its generations.
        usual_gain: By how much an evaluation improved the best score lately, of those that no tuning made; None: not known.
    """

    parent: Program
    inspirations: tuple[Program, ...]
    island: int
    patch_type: str
    model: str
    attempt: int
    seed: int
    advice_id: str | None = None
    idea_id: str | None = None
    system_prompt_id: str | None = None
    ended: int | None = None
    resting: tuple[str, ...] = ()
    trials: int | None = None
    after: int | None = None
    tried: tuple[Tried, ...] = ()
    direction: str | None = None
    progress: float | None = None
    usual_gain: float | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one model call, as the provider counted them.

    Attributes:
        input_tokens: Of the whole prompt, those from a cache and those written into it included.
        cache_write_tokens: Those of them that a provider wrote into its cache for more than the usual price; known for
            the price of the call alone.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    cache_write_tokens: int = 0

    def kept(self) -> dict[str, int]:
        """What is kept of them with a call, by name."""
        kept = ("input_tokens", "output_tokens", "cached_tokens", "reasoning_tokens")
        return {name: getattr(self, name) for name in kept}


@dataclass(frozen=True, slots=True)
class Answer:
    """A model's answer, already stored in the database when anyone sees it.

    Attributes:
        cost: US dollars; None where nobody knows them.
        seconds: From sending the request to the whole answer.
        replayed: True when it was read back from the database and not asked for again.
        cut: Why the answer ends before its end: `length` or `content_filter`; `""` when it is whole.
        estimated: Whether tokens and cost are estimated from the texts, because the provider counted none.
    """

    text: str
    model: str
    usage: Usage = field(default_factory=Usage)
    cost: float | None = 0.0
    seconds: float = 0.0
    replayed: bool = False
    cut: str = ""
    estimated: bool = False


@dataclass(frozen=True, slots=True)
class Candidate:
    """A program that exists only as code so far.

    Attributes:
        diff: Unified diff against the parent.
    """

    source: Source
    name: str
    description: str
    diff: str

    @property
    def code(self) -> str:
        """The text of a program that is one file.

        Raises:
            ValueError: It has several.
        """
        return self.source.text


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a candidate differs enough from what its island already holds.

    Attributes:
        similarity: Largest cosine similarity in the island, in [-1, 1]; -1 for an empty island.
        nearest: Id of the most similar program, if any.
        judged: Whether a model was asked.
        cost: US dollars of that question; None where nobody knows them.
        twin: Id of the recorded program with the same text whose result is taken for this one's, or None.
    """

    novel: bool
    similarity: float
    nearest: str | None
    explanation: str
    judged: bool = False
    cost: float | None = 0.0
    twin: str | None = None


@dataclass(frozen=True, slots=True)
class Trial:
    """Which of a candidate's evaluations one is.

    Attributes:
        stage: Its name; "" where there are no stages.
        repeat: From 0.
        against: The score with which early stops of this stage compare, or None.
    """

    stage: str = ""
    repeat: int = 0
    against: float | None = field(default=None, compare=False)

    @property
    def folder(self) -> str:
        """Where it lies inside its generation's folder: that of the candidate itself, or that of a trial on the way to it."""
        return self.stage if self.stage.startswith(TRIALS) else ""

    def __str__(self) -> str:
        """As a part of a name; nothing for the only one."""
        return (f" {self.stage}" if self.stage else "") + (f" run {self.repeat + 1}" if self.repeat else "")


# Of a candidate that is evaluated once.
ONLY = Trial()


@dataclass(frozen=True, slots=True)
class Job:
    """A submitted evaluation.

    Attributes:
        id: The launcher's own handle: a process id, a Slurm job number.
        program_path: The candidate on disk.
        results_dir: Where the evaluator writes `metrics.json` and `correct.json`.
        submitted_at: Seconds since the epoch.
        stage: Of the candidate's evaluation, "" where there are no stages.
        repeat: Of the stage, from 0.
    """

    id: str
    program_path: str
    results_dir: str
    submitted_at: float
    stage: str = ""
    repeat: int = 0

    @property
    def trial(self) -> Trial:
        """Which of the candidate's evaluations it is."""
        return Trial(self.stage, self.repeat)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The outcome of one run of the user's evaluator.

    Attributes:
        score: `combined_score`; None when absent or not finite.
        error: Why it is not correct, in one line or short paragraph; "" when correct.
        reason: A stable snake_case word for a failure (`timeout`, `crashed`, ...); "" when correct.
        seconds: Wall time of the evaluator.
        instance_scores: Finite numbers by instance, larger is better.
        features: Finite numbers that say how the program behaves, by name.
        feedback: What the evaluator told in pieces.
    """

    score: float | None
    correct: bool
    public_metrics: dict[str, Any] = field(default_factory=dict[str, Any])
    private_metrics: dict[str, Any] = field(default_factory=dict[str, Any])
    text_feedback: str = ""
    error: str = ""
    reason: str = ""
    seconds: float = 0.0
    instance_scores: dict[str, float] = field(default_factory=dict[str, float])
    features: dict[str, float] = field(default_factory=dict[str, float])
    feedback: Feedback = NOTHING

    def __post_init__(self) -> None:
        """Takes feedback as JSON as well: a launcher may keep its results as JSON of all fields."""
        if not isinstance(cast(object, self.feedback), Feedback):
            object.__setattr__(self, "feedback", Feedback.load(self.feedback))


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a generation ended without a program.

    Attributes:
        step: The step that gave up, such as `query` or `novelty`.
        reason: A stable snake_case word, for counting.
        detail: The last error in full, bounded.
    """

    step: str
    reason: str
    detail: str


def new_program_id() -> str:
    """A fresh id, unique over all runs and machines."""
    return uuid.uuid4().hex
