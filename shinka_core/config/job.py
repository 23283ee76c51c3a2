"""Where evaluations run, by `kind`, and what they are given."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self, cast

from pydantic import Discriminator, Field, GetJsonSchemaHandler, Tag, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from shinka_core.config import elsewhere
from shinka_core.config.base import parse_duration
from shinka_core.config.evaluation import Judging
from shinka_core.errors import ConfigError
from shinka_core.registry import Spec
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


class JobSettings(Judging):
    """What evaluations have in common, wherever they run."""

    elsewhere: ClassVar[Mapping[str, str]] = elsewhere.JOB

    eval_program_path: str = Field(default="evaluate.py", description="The evaluator script.")
    time: float | str | None = Field(
        default=None, description="Limit of one evaluation: seconds or [HH:]MM:SS; None: no limit."
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


class LocalJobConfig(JobSettings):
    """Evaluations as subprocesses on this machine."""

    kind: Literal["local"] = Field(default="local", description="Chooses this section.")
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


class InProcessJobConfig(JobSettings):
    """Evaluations as calls of a function in this process, for evaluators and programs that are trusted and quick.

    Nothing is isolated: a program sees the keys in this process's environment, can end the run, and cannot be killed.
    """

    kind: Literal["in_process"] = Field(default="in_process", description="Chooses this section.")
    function: str | None = Field(
        default=None,
        description="Of the evaluator, called with program_path, results_dir and extra_cmd_args; None: `evaluate` or `main`.",
    )
    threads: int = Field(
        default=1, ge=1, description="Calls at once; more than 1 only where evaluator and programs bear it."
    )

    @property
    def python(self) -> str | None:
        """None: the running interpreter."""
        return None


class CustomJobConfig(JobSettings):
    """Evaluations by a launcher of another package, or of one's own.

    It is named as an entry point of the group `shinka.launchers`, by `module:attribute`, or given as an object.
    """

    kind: Literal["custom"] = Field(default="custom", description="Chooses this section.")
    launcher: Spec = Field(
        description="Its name, or `{name: ...}` with its parameters.", json_schema_extra=NAMES_OF_NO_SECRETS
    )
    python: str | None = Field(default=None, description="Interpreter for the evaluator; None takes the running one.")


Kind = LocalJobConfig | InProcessJobConfig | CustomJobConfig
KINDS: dict[str, type[Kind]] = {"local": LocalJobConfig, "in_process": InProcessJobConfig, "custom": CustomJobConfig}
_UNKNOWN = "unknown"


def _tag(value: Any) -> str:
    """Settings that name no kind are of the usual one."""
    if isinstance(value, dict):
        kind = cast("dict[str, Any]", value).get("kind", "local")
    else:
        kind = getattr(cast(object, value), "kind", _UNKNOWN)
    return kind if kind in KINDS else _UNKNOWN


class _AnyOf:
    """A form and a server that checks parameters want `anyOf`: of `{}` it cannot be told which of several it is."""

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        found = handler(schema)
        found["anyOf"] = found.pop("oneOf")
        return found


JobConfig = Annotated[
    Annotated[LocalJobConfig, Tag("local")]
    | Annotated[InProcessJobConfig, Tag("in_process")]
    | Annotated[CustomJobConfig, Tag("custom")],
    Discriminator(
        _tag,
        custom_error_type="unknown_kind",
        custom_error_message=f"kind must be one of {', '.join(KINDS)}",
    ),
    _AnyOf(),
]


def kind_of(fields: Mapping[str, Any]) -> type[Kind]:
    """Which settings those fields belong to.

    Raises:
        ConfigError: There is no such kind.
    """
    kind = fields.get("kind", "local")
    if kind not in KINDS:
        near = difflib.get_close_matches(str(kind), KINDS, n=1)
        remedy = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(KINDS)}"
        raise ConfigError(
            f"kind={kind!r} (section 'job') is no place for evaluations; {remedy}; another package's launcher is named "
            "by `kind: custom` and `launcher: NAME`"
        )
    return KINDS[kind]


def job_of(fields: Mapping[str, Any]) -> Kind:
    """The settings that those fields give.

    Raises:
        ConfigError: There is no such kind.
        pydantic.ValidationError: A field's value is wrong.
    """
    return kind_of(fields)(**fields)


def _refuse_own(field: str, extra: Mapping[str, Any], own: str | None) -> None:
    if own is not None and own in extra:
        raise ValueError(f"{field} sets {own!r}, which is to hold the seed of each repeat; remove it there")
