"""How one candidate is judged, wherever its evaluations run: in stages, and several times where scores are noisy."""

from __future__ import annotations

import re
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from shinka_core.config.base import Section, parse_duration
from shinka_core.secrets import NAMES_OF_NO_SECRETS

# What every evaluation is called with; no setting may say it otherwise.
OWN_ARGUMENTS = ("program_path", "results_dir", "stage")
STAGE_NAME = "^[A-Za-z][A-Za-z0-9_]{0,39}$"
VARIABLE_NAME = r"[A-Za-z_][A-Za-z0-9_]*"


class Stage(Section):
    """One of several evaluations of a candidate, each harder to pass, or dearer, than the one before."""

    name: str = Field(
        pattern=STAGE_NAME, description="Given to the evaluator as `--stage NAME`; letters, digits, underscores."
    )
    args: dict[str, Any] = Field(
        default={},
        description="More `--key value` arguments in this stage, over extra_cmd_args.",
        json_schema_extra=NAMES_OF_NO_SECRETS,
    )
    time: float | str | None = Field(
        default=None, description="Limit of one evaluation in this stage; None: that of the job."
    )
    continue_above: float | None = Field(
        default=None, description="Score above which a correct program goes on to the next stage; None: any score."
    )
    repeats: int | None = Field(
        default=None, ge=1, description="Evaluations in this stage; None: the job's in the last stage, else one."
    )
    slots: int | None = Field(
        default=None,
        ge=1,
        description="Candidates in this stage at once, besides those in others; None: it shares max_parallel_jobs.",
    )
    shared_limit: int | None = Field(
        default=None,
        ge=1,
        description="Evaluations in this stage at once over all runs of this evaluator; None: it shares the job's.",
    )

    @property
    def time_limit(self) -> float | None:
        """The limit in seconds, or None for the job's."""
        return parse_duration(self.time)

    @model_validator(mode="after")
    def _check(self) -> Self:
        limit = self.time_limit
        if limit is not None and limit <= 0:
            raise ValueError(f"time={self.time!r} of the stage {self.name!r} must be longer than 0 seconds")
        for key in OWN_ARGUMENTS:
            if key in self.args:
                raise ValueError(
                    f"args of the stage {self.name!r} names {key!r}, which every evaluation has; remove it"
                )
        return self


class Judging(Section):
    """Stages and repeats."""

    stages: list[Stage] = Field(
        default=[],
        description="In this order; a candidate that does not pass one is judged by it. None: one evaluation.",
    )
    repeats: int = Field(
        default=1, ge=1, le=1_000, description="Evaluations of a candidate at most; its score is their mean."
    )
    min_repeats: int = Field(default=3, ge=2, description="Evaluations before an early stop.")
    early_stop: Literal["none", "confidence_interval", "bayesian", "hybrid"] = Field(
        default="none", description="When the other repeats are left out, since they would decide nothing."
    )
    early_stop_against: Literal["best", "parent"] = Field(
        default="best",
        description="Whose score a candidate is compared with; in a stage before the last, its threshold.",
    )
    early_stop_confidence: float = Field(
        default=0.95, gt=0.5, lt=1, description="Share of early stops that decide as all repeats would."
    )
    seed_argument: str | None = Field(
        default=None, description="`seed`: each evaluation is called with `--seed K`, K another one in each repeat."
    )
    seed_variable: str | None = Field(default=None, description="Environment variable that holds K.")

    @property
    def in_words(self) -> str:
        """What is special about it; "" where a candidate is evaluated once."""
        stages = [stage.name + (f" ×{stage.repeats}" if stage.repeats else "") for stage in self.stages]
        parts = [f"in stages {' → '.join(stages)}" if stages else ""]
        parts += [f"up to {self.repeats} times" if self.repeats > 1 else ""]
        against = f"early stop {self.early_stop} against {self.early_stop_against}"
        parts += [against if self.early_stop != "none" else ""]
        return ", ".join(filter(None, parts))

    @model_validator(mode="after")
    def _check_judging(self) -> Self:
        names = [stage.name for stage in self.stages]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"stages names {name!r} twice; give each stage its own name")
        if self.stages and self.stages[-1].continue_above is not None:
            raise ValueError(
                f"continue_above={self.stages[-1].continue_above:g} of the last stage, {names[-1]!r}, leads to no other "
                "stage; leave it out there"
            )
        most = max([self.repeats, *(stage.repeats or 1 for stage in self.stages)])
        if self.early_stop != "none" and most <= self.min_repeats:
            raise ValueError(
                f"early_stop={self.early_stop!r} has nothing to stop: repeats={most} is no more than "
                f"min_repeats={self.min_repeats}; raise the one or lower the other"
            )
        for field, name, form in (
            ("seed_argument", self.seed_argument, r"[A-Za-z][\w-]*"),
            ("seed_variable", self.seed_variable, VARIABLE_NAME),
        ):
            if name is not None and not re.fullmatch(form, name, re.ASCII):
                raise ValueError(f"{field}={name!r} is no name; say `seed`, for example")
        taken = {*OWN_ARGUMENTS, *(key for stage in self.stages for key in stage.args)}
        if self.seed_argument in taken:
            raise ValueError(f"seed_argument={self.seed_argument!r} is an argument of its own already; choose another")
        return self
