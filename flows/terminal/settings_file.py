"""Reading a settings file: every slip in it is told in one line, with its place and the nearest word that is known."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import yaml
from pydantic import BaseModel

from flows.terminal.other_words import in_our_words
from shinka_core.config import DatabaseConfig, EvolutionConfig, LocalJobConfig, elsewhere, kind_of
from shinka_core.config.starting import spread_programs
from shinka_core.errors import ConfigError

MODELS: dict[str, type[BaseModel]] = {
    "evolution": EvolutionConfig,
    "job": LocalJobConfig,
    "database": DatabaseConfig,
}
SECTIONS = {*MODELS, "max_proposal_jobs", "max_evaluation_jobs"}
LARGEST = 10_000_000  # bytes
NUMBERS: tuple[Any, ...] = (int, float, int | None, float | None)


def read_settings(path: Path, *, required: bool) -> dict[str, Any]:
    """The sections of a settings file; none when there is no file and none is required.

    Raises:
        ConfigError: It cannot be read, is no YAML, or holds what no settings file holds.
    """
    settings = yaml_of(path, required=required)
    return {} if settings is None else _spread(path, _known(path, in_our_words(str(path), settings)))


def yaml_of(path: Path, *, required: bool) -> dict[str, Any] | None:
    """What a settings file holds, whoever it was written for; None when there is none.

    Raises:
        ConfigError: It cannot be read, is no YAML, or holds no sections.
    """
    text = _text(path, required=required)
    if text is None:
        return None
    try:
        settings: Any = yaml.load(text, Loader=_Strict)
    except yaml.YAMLError as error:
        raise ConfigError(f"{path} is not valid YAML: {_in_one_line(error)}") from error
    except (RecursionError, ValueError) as error:
        raise ConfigError(f"{path} is not valid YAML: {type(error).__name__}: {error}") from error
    settings = {} if settings is None else settings
    if _holds_no_text(settings):
        raise ConfigError(
            f"{path} holds a NUL or half of a character in a string, which can be neither stored nor sent"
        )
    if not isinstance(settings, dict):
        raise ConfigError(f"{path} must hold sections: {', '.join(sorted(SECTIONS))}")
    return {str(key): value for key, value in cast(dict[Any, Any], settings).items()}


def _spread(path: Path, settings: dict[str, Any]) -> dict[str, Any]:
    """Several programs in `init_program_path` are a first one and others."""
    evolution = settings.get("evolution")
    if not isinstance(evolution, dict):
        return settings
    try:
        return settings | {"evolution": spread_programs(cast(dict[str, Any], evolution))}
    except ValueError as error:
        raise ConfigError(f"{path}: {error}") from error


def section_of(settings: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The fields of one section.

    Raises:
        ConfigError: It holds something else, or a truth where a number belongs.
    """
    section: Any = settings.get(name)
    if section is None:
        return {}
    if not isinstance(section, dict):
        raise ConfigError(f"section {name!r} of the settings file must hold fields, not {_shown(section)}")
    fields = {str(key): value for key, value in cast(dict[Any, Any], section).items()}
    model = kind_of(fields) if name == "job" else MODELS[name]
    for field, value in fields.items():
        wanted = model.model_fields.get(field)
        if isinstance(value, bool) and wanted and wanted.annotation in NUMBERS:
            raise ConfigError(f"{field}={_shown(value)} must be a number (section {name!r} of the settings file)")
    return fields


def _text(path: Path, *, required: bool) -> str | None:
    if not path.exists() and not path.is_symlink() and not required:
        return None
    if not path.is_file():
        raise ConfigError(f"settings file {str(path)!r} is not a file")
    try:
        if path.stat().st_size > LARGEST:
            raise ConfigError(f"settings file {str(path)!r} is larger than {LARGEST} bytes")
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8 text: {error}") from error
    except OSError as error:
        raise ConfigError(f"settings file {str(path)!r} cannot be read: {error.strerror}") from error


def _known(path: Path, settings: dict[str, Any]) -> dict[str, Any]:
    unknown = sorted(settings.keys() - SECTIONS)
    if not unknown:
        return settings
    first = unknown[0]
    owners = [name for name, model in MODELS.items() if first in model.model_fields]
    nearest = difflib.get_close_matches(first, SECTIONS, n=1)
    if owners:
        hint = f"; {first!r} belongs into section {owners[0]!r}"
    elif first in elsewhere.SECTIONS:
        hint = f"; what others have in {first!r} is in {elsewhere.SECTIONS[first]!r} here (docs/migration.md)"
    else:
        hint = f"; did you mean {nearest[0]!r}?" if nearest else ""
    raise ConfigError(f"{path} has unknown sections: {', '.join(unknown)}; known: {', '.join(sorted(SECTIONS))}{hint}")


class _Strict(yaml.SafeLoader):
    """YAML in which a name stands once: of two, one would be dropped in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            word = str(getattr(key, "value", ""))
            if word in seen and key.tag != "tag:yaml.org,2002:merge":
                raise yaml.constructor.ConstructorError(None, None, f"{word!r} stands there twice", key.start_mark)
            seen.add(word)
        return super().construct_mapping(node, deep)


def _holds_no_text(value: Any) -> bool:
    if isinstance(value, str):
        return any(letter == "\0" or "\ud800" <= letter <= "\udfff" for letter in value)
    if isinstance(value, dict):
        return any(map(_holds_no_text, (*cast(dict[Any, Any], value).keys(), *cast(dict[Any, Any], value).values())))
    return isinstance(value, list) and any(map(_holds_no_text, cast(list[Any], value)))


def _in_one_line(error: yaml.YAMLError) -> str:
    mark: Any = getattr(error, "problem_mark", None)
    said: Any = getattr(error, "problem", None) or " ".join(str(error).split())
    if "'\\t'" in said:
        said += "; indent with spaces"
    return f"line {mark.line + 1}, column {mark.column + 1}: {said}" if mark is not None else str(said)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 100 else text[:100] + "..."
