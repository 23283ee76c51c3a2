"""What evaluations have in common: wherever they run, and where they run as processes of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from shinka_core.config import elsewhere
from shinka_core.config.assigning import Assigned
from shinka_core.config.base import parse_duration
from shinka_core.config.evaluation import Judging
from shinka_core.config.shinkaevolve_jobs import job_taken
from shinka_core.config.taking import TakeOver
from shinka_core.secrets import NAMES_OF_NO_SECRETS

# Before an orchestrator stores parameters: under the name of a secret only `$NAME` will do, for browsers' regular
# expressions too.
_SECRET = "|".join(
    "".join(f"[{letter.upper()}{letter}]" for letter in word)
    for word in ("key", "token", "secret", "password", "passwd")
)
_REFERENCES_FOR_SECRETS: dict[str, Any] = {
    "patternProperties": {f"({_SECRET})(_[Ii][Dd])?$": {"pattern": r"^(\$\{?[A-Za-z0-9_]+\}?)?$"}}
}


class JobSettings(Assigned, Judging):
    """What evaluations have in common, wherever they run."""

    elsewhere: ClassVar[Mapping[str, str]] = {**elsewhere.JOB, **elsewhere.SLURM}
    takes_over: ClassVar[TakeOver] = job_taken

    eval_program_path: str = Field(default="evaluate.py", description="The evaluator script.")
    score: str | None = Field(
        default=None,
        min_length=1,
        description="Which of the numbers that `evaluate(program_path)` returns is the score, the larger the better; None: "
        "combined_score.",
    )
    time: float | str | None = Field(
        default=None, description="Limit of one evaluation: seconds, [HH:]MM:SS or D-HH:MM:SS; None: no limit."
    )
    extra_cmd_args: dict[str, Any] = Field(
        default={}, description="More `--key value` arguments for the evaluator.", json_schema_extra=NAMES_OF_NO_SECRETS
    )
    shared_limit: int | None = Field(
        default=None, ge=1, description="Evaluations at once over all runs of this evaluator on a server."
    )

    @property
    def time_limit(self) -> float | None:
        """The limit in seconds, or None."""
        return parse_duration(self.time)

    @model_validator(mode="after")
    def _check_time(self) -> Self:
        limit = parse_duration(self.time)
        if limit is not None and limit <= 0:
            raise ValueError(f"time={self.time!r} must be longer than 0 seconds")
        _refuse_own("extra_cmd_args", self.extra_cmd_args, self.seed_argument)
        return self


class ProcessSettings(JobSettings):
    """What evaluations in processes of their own are given, on this machine or on others."""

    python: str | None = Field(default=None, description="Interpreter for it; None takes the running one.")
    env: dict[str, str] = Field(
        default={},
        description="Added to the evaluator's environment; `$NAME` stands for a variable of this process, as a key needs it.",
        json_schema_extra=_REFERENCES_FOR_SECRETS,
    )
    max_output_bytes: int = Field(default=1_000_000, ge=1_000, description="Kept of stdout and stderr, each.")

    isolation: Literal["auto", "none", "limits", "sandbox"] = Field(
        default="auto", description="auto: the strongest that this machine offers."
    )
    network: bool = Field(default=False, description="Whether a sandbox has the machine's network.")
    readable: list[str] = Field(default=[], description="Folders in your home that a sandbox shows, read-only.")
    max_memory_mb: int | None = Field(default=None, ge=16, description="Of one evaluation; None: 3/4 of the machine.")
    max_processes: int = Field(default=256, ge=1, description="Of one evaluation at once.")
    max_open_files: int = Field(default=1024, ge=16, description="Of each process.")
    max_file_mb: int = Field(default=1024, ge=1, description="Of one written file.")

    @model_validator(mode="after")
    def _check_env(self) -> Self:
        _refuse_own("env", self.env, self.seed_variable)
        return self


def _refuse_own(field: str, extra: Mapping[str, Any], own: str | None) -> None:
    if own is not None and own in extra:
        raise ValueError(f"{field} sets {own!r}, which is to hold the seed of each repeat; remove it there")
