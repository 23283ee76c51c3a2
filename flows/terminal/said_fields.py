"""`--set section.field=value`: any setting from the command line, over the settings file."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from types import NoneType
from typing import Any, cast, get_args

import yaml

from flows.terminal.other_words import IDLE, SECTION_NAMES, in_our_words
from shinka_core.config import DatabaseConfig, EvolutionConfig, LocalJobConfig
from shinka_core.config.base import AND, Section
from shinka_core.config.job import KINDS
from shinka_core.config.shinkaevolve import DATABASE, EVOLUTION
from shinka_core.config.shinkaevolve_jobs import JOB
from shinka_core.errors import ConfigError

_FIELDS: Mapping[str, frozenset[str]] = {
    "evolution": frozenset({*EvolutionConfig.model_fields, *EVOLUTION}),
    "database": frozenset({*DatabaseConfig.model_fields, *DATABASE}),
    "job": frozenset({*(field for kind in KINDS.values() for field in kind.model_fields), *JOB}),
}
_MODELS: Mapping[str, tuple[type[Section], ...]] = {
    "evolution": (EvolutionConfig,),
    "database": (DatabaseConfig,),
    "job": (LocalJobConfig, *KINDS.values()),
}
# Fields of ShinkaEvolve that are texts.
_TEXTS = (
    "wandb_project", "wandb_entity", "wandb_group", "conda_env", "activate_script", "python_executable", "mem",
    "docker_flags", "image_tar_path",
)  # fmt: skip
_NONE = ("none", "null", "~")
# What stands beside the sections, and is an option of its own.
_OPTIONS = {"max_proposal_jobs": "--max-proposal-jobs", "max_evaluation_jobs": "--max-evaluation-jobs"}
_SECTIONS = {**{name: name for name in _FIELDS}, **SECTION_NAMES}


def with_said(settings: dict[str, Any], said: Sequence[str]) -> dict[str, Any]:
    """The sections of a settings file with what the command line says of fields in them, all of it in our words.

    Args:
        said: `section.field=value`, the value as in YAML, and of a field that is a text as it stands there;
            `section.field.key=value` for one key of a field.

    Raises:
        ConfigError: It names no field, naming the nearest for each, or its value is no YAML.
    """
    if not said:
        return settings
    found: dict[str, Any] = {
        name: dict(cast("dict[str, Any]", part)) if isinstance(part, dict) else part for name, part in settings.items()
    }
    wrong: list[str] = []
    for one in said:
        place, equals, text = one.partition("=")
        section, _, field = place.strip().partition(".")
        field, *keys = field.split(".")
        problem = _problem(one, section, field, equals)
        if problem:
            wrong.append(problem)
            continue
        named = next((name for name in (section, *_also(section)) if name in found), section)
        inside: Any = found.get(named)
        found[named] = inside = dict(cast("dict[str, Any]", inside)) if isinstance(inside, dict) else {}
        _put(inside, [field, *keys], _value(one, text, Any if keys else _kind(_SECTIONS[section], field)))
    if wrong:
        raise ConfigError(AND.join(wrong))
    return in_our_words("--set", found)


def _also(section: str) -> list[str]:
    """Other names of the same section."""
    return [name for name, ours in _SECTIONS.items() if ours == _SECTIONS.get(section)]


def _problem(one: str, section: str, field: str, equals: str) -> str:
    if equals and section in _OPTIONS and not field:
        return f"--set {one!r}: {section} belongs to no section; say {_OPTIONS[section]}"
    if equals and section in IDLE and not field:
        return f"--set {one!r}: {section} means nothing here; leave it out"
    if not equals or not field:
        return f"--set {one!r} says nothing; write section.field=value, as evolution.num_generations=20"
    if section not in _SECTIONS:
        near = difflib.get_close_matches(section, _SECTIONS, n=1)
        remedy = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(_SECTIONS)}"
        return f"--set {one!r}: there is no section {section!r}; {remedy}"
    known = _FIELDS[_SECTIONS[section]]
    if field in known:
        return ""
    instead = _MODELS[_SECTIONS[section]][0].elsewhere.get(field)
    near = difflib.get_close_matches(field, known, n=1)
    elsewhere = [name for name, fields in _FIELDS.items() if field in fields]
    if instead is not None:
        remedy = instead
    elif elsewhere:
        remedy = f"it is in {elsewhere[0]!r}"
    else:
        remedy = f"did you mean {near[0]!r}?" if near else "docs/settings.md has all of them"
    return f"--set {one!r}: section {section!r} has no field {field!r}; {remedy}"


def _kind(section: str, field: str) -> Any:
    """The type of a field as it is declared; Any where it is not ours."""
    found = (model.model_fields[field].annotation for model in _MODELS[section] if field in model.model_fields)
    return next(found, str | None if field in _TEXTS else Any)


def _value(one: str, text: str, kind: Any) -> Any:
    """The value, read as its field is declared: a text is no number and no truth, and `none` is nothing where that may be."""
    members = get_args(kind)
    if text.strip().lower() in _NONE and (kind is Any or NoneType in members) and "none" not in _words(members):
        return None
    if {kind, *members} - {NoneType, kind if members else None} == {str} and text.strip()[:1] not in ("'", '"'):
        return text.strip()
    try:
        return yaml.safe_load(text) if text.strip() else ""
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise ConfigError(f"--set {one!r}: the value is no YAML ({str(error).splitlines()[0]}); quote it") from error


def _words(members: tuple[Any, ...]) -> set[Any]:
    """What a literal among them may be."""
    return {word for member in members for word in (member, *get_args(member)) if isinstance(word, str)}


def _put(inside: dict[str, Any], path: list[str], value: Any) -> None:
    *above, last = path
    for key in above:
        below: Any = inside.get(key)
        inside[key] = dict(cast("dict[str, Any]", below)) if isinstance(below, dict) else {}
        inside = inside[key]
    inside[last] = value
