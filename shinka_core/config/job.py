"""Where evaluations run, by `kind`, and what they are given."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Annotated, Any, Literal, cast

from pydantic import Discriminator, Field, GetJsonSchemaHandler, Tag
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from shinka_core.config.clusters import DaskJobConfig, ElsewhereSettings, PrefectJobConfig, RayJobConfig, SlurmJobConfig
from shinka_core.config.evaluations import JobSettings, ProcessSettings
from shinka_core.errors import ConfigError
from shinka_core.registry import Spec
from shinka_core.secrets import NAMES_OF_NO_SECRETS


class LocalJobConfig(ProcessSettings):
    """Evaluations as subprocesses on this machine."""

    kind: Literal["local"] = Field(default="local", description="Chooses this section.")


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


Kind = (
    LocalJobConfig
    | InProcessJobConfig
    | SlurmJobConfig
    | DaskJobConfig
    | RayJobConfig
    | PrefectJobConfig
    | CustomJobConfig
)
KINDS: dict[str, type[Kind]] = {
    "local": LocalJobConfig,
    "in_process": InProcessJobConfig,
    "slurm": SlurmJobConfig,
    "dask": DaskJobConfig,
    "ray": RayJobConfig,
    "prefect": PrefectJobConfig,
    "custom": CustomJobConfig,
}
_UNKNOWN = "unknown"
_ELSEWHERE = {kind.__name__ for kind in KINDS.values() if issubclass(kind, ElsewhereSettings)}


def _tag(value: Any) -> str:
    """Settings that name no kind are of the usual one."""
    if isinstance(value, dict):
        kind = cast("dict[str, Any]", value).get("kind", "local")
    else:
        kind = getattr(cast(object, value), "kind", _UNKNOWN)
    return kind if kind in KINDS else _UNKNOWN


class _AnyOf:
    """A form and a server that checks parameters want `anyOf`: of `{}` it cannot be told which of several it is.

    Kinds on other machines are a choice inside of it. Of several kinds that refuse the same value the server names no
    field, and of the kinds here one alone has processes.
    """

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        found = handler(schema)
        kinds: list[JsonSchemaValue] = found.pop("oneOf")
        found.pop("discriminator", None)
        elsewhere = [kind for kind in kinds if handler.resolve_ref_schema(kind)["title"] in _ELSEWHERE]
        here = [kind for kind in kinds if kind not in elsewhere]
        found["anyOf"] = [*here, {"title": "On other machines", "anyOf": elsewhere}]
        return found


JobConfig = Annotated[
    Annotated[LocalJobConfig, Tag("local")]
    | Annotated[InProcessJobConfig, Tag("in_process")]
    | Annotated[SlurmJobConfig, Tag("slurm")]
    | Annotated[DaskJobConfig, Tag("dask")]
    | Annotated[RayJobConfig, Tag("ray")]
    | Annotated[PrefectJobConfig, Tag("prefect")]
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
