"""The reference of settings, read from the models: `python -m tests.docs.settings_reference --write`."""

from __future__ import annotations

import json
import re
import types
from collections.abc import Mapping
from enum import Enum
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from shinka_core.config import (
    BootstrapConfig,
    CustomJobConfig,
    DatabaseConfig,
    EndpointOptions,
    EvolutionConfig,
    IdeaSettings,
    InProcessJobConfig,
    IslandConfig,
    LocalJobConfig,
    ModelPrice,
    Stage,
    SystemPromptConfig,
    TuningSettings,
    WarmStartConfig,
)
from shinka_core.config.clusters import (
    DaskJobConfig,
    ElsewhereSettings,
    PrefectJobConfig,
    RayJobConfig,
    SlurmJobConfig,
)
from shinka_core.config.evaluations import JobSettings, ProcessSettings
from shinka_core.registry import Spec
from tests.docs.made import Made
from tests.docs.pages import DOCS

# Title, model, and the model whose fields it has as well.
SECTIONS: tuple[tuple[str, type[BaseModel], type[BaseModel] | None], ...] = (
    ("evolution", EvolutionConfig, None),
    ("evolution.bootstrap", BootstrapConfig, None),
    ("evolution.warm_start", WarmStartConfig, None),
    ("evolution.ideas", IdeaSettings, None),
    ("evolution.tuning", TuningSettings, None),
    ("evolution.system_prompts", SystemPromptConfig, None),
    ("evolution.llm_endpoints", EndpointOptions, None),
    ("evolution.llm_prices", ModelPrice, None),
    ("job", JobSettings, None),
    ("job, in processes", ProcessSettings, JobSettings),
    ("job, kind: local", LocalJobConfig, ProcessSettings),
    ("job, kind: in_process", InProcessJobConfig, JobSettings),
    ("job, elsewhere", ElsewhereSettings, ProcessSettings),
    ("job, kind: slurm", SlurmJobConfig, ElsewhereSettings),
    ("job, kind: dask", DaskJobConfig, ElsewhereSettings),
    ("job, kind: ray", RayJobConfig, ElsewhereSettings),
    ("job, kind: prefect", PrefectJobConfig, ElsewhereSettings),
    ("job, kind: custom", CustomJobConfig, JobSettings),
    ("job.stages", Stage, None),
    ("database", DatabaseConfig, None),
    ("database.islands", IslandConfig, None),
)
BOUNDS = {"ge": "≥ {}", "gt": "> {}", "le": "≤ {}", "lt": "< {}", "min_length": "at least {} of them"}
WORDS = {type(None): "null", bool: "true or false", int: "whole number", float: "number", str: "text", Any: "anything"}


def text() -> str:
    """A table for every section."""
    parts: list[str] = []
    for title, model, base in SECTIONS:
        parts += [f"### `{title}`", "", _sentence(model), ""]
        fields = {
            name: field for name, field in model.model_fields.items() if base is None or name not in base.model_fields
        }
        parts += ["| field | type | default | |", "|---|---|---|---|"]
        parts += [_row(name, field) for name, field in fields.items()]
        parts.append("")
    return "\n".join(parts)


def _row(name: str, field: FieldInfo) -> str:
    cells = (f"`{name}`", _type(field), f"`{_default(field)}`" if not field.is_required() else "required")
    return "| " + " | ".join((*cells, _cell(field.description or ""))) + " |"


def _type(field: FieldInfo) -> str:
    bounds = [said for part in field.metadata if (said := _bound(part))]
    return _cell(", ".join([_named(field.annotation), *bounds]))


def _bound(part: object) -> str:
    said = [
        form.format(_number(value)) for name, form in BOUNDS.items() if (value := getattr(part, name, None)) is not None
    ]
    pattern = getattr(part, "pattern", None)
    return ", ".join([*said, *([f"as `{pattern}`"] if isinstance(pattern, str) else [])])


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"


def _named(annotation: Any) -> str:
    """A type in words."""
    if annotation == Spec:
        return "name, or name with parameters"
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _named(inner[0])
    if origin is Literal:
        return " or ".join(f"`{value}`" for value in inner)
    if origin in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(_named(each) for each in inner))
    if origin is list:
        return f"list of {_named(inner[0])}"
    if origin in (dict, Mapping):
        return f"{_named(inner[1])} by name"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        title = next(title for title, model, _ in SECTIONS if model is annotation)
        anchor = re.sub(r"[^\w\- ]", "", title).replace(" ", "-")
        return f"[{title}](#{anchor})"
    return WORDS[annotation]


def _default(field: FieldInfo) -> str:
    """As it would stand in the settings file, in one line."""
    value = field.get_default(call_default_factory=True)
    assert value is not PydanticUndefined
    if isinstance(value, BaseModel):
        return "{}"
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, str):
        return value or '""'
    return json.dumps(value).replace('"', "")


def _sentence(model: type[BaseModel]) -> str:
    return _cell((model.__doc__ or "").split("\n\n")[0])


def _cell(said: str) -> str:
    return " ".join(said.split()).replace("|", "\\|").replace("<", "&lt;")


DOCUMENT = Made(DOCS / "settings.md", text)

if __name__ == "__main__":
    DOCUMENT.main()
