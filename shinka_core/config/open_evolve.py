"""The settings of an OpenEvolve or SkyDiscover task as settings of this project.

What has an equal here is taken over under the name that it has here; what has none is named, so that nobody believes that
it holds. Keys are taken from the environment alone.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import urlsplit

from shinka_core.errors import ConfigError

# Sections and fields by which such a file is known.
MARKS = frozenset(
    {"llm", "prompt", "evaluator", "max_iterations", "diff_based_evolution", "diff_based_generation", "search"}
)
OURS = frozenset({"evolution", "evo_config", "job", "job_config", "db_config"})
# What belongs to the models of such a file, and goes with them when others are named.
OF_THE_MODELS = ("llm_models", "llm_weights", "llm_base_url", "llm_endpoints", "llm_kwargs", "llm_model_kwargs")
_PLAIN_OPENAI = "https://api.openai.com/v1"
_VARIABLE = re.compile(r"\$\{(\w+)\}")
_USUAL_THRESHOLDS = (0.5, 0.75, 0.9)
# Where each of their fields goes that is the same in another place.
_EVOLUTION = {
    "max_iterations": "num_generations",
    "prompt.system_message": "task_sys_msg",
    "llm.system_message": "task_sys_msg",
    "random_seed": "seed",
    "llm.timeout": "llm_timeout",
    "llm.retries": "llm_retries",
    "evaluator.parallel_evaluations": "max_parallel_jobs",
}
_DATABASE = {
    name: name
    for name in ("num_islands", "migration_interval", "migration_rate", "archive_size", "elite_selection_ratio")
}
_OPTIONS = ("temperature", "top_p", "max_tokens", "reasoning_effort")
_OF_A_MODEL = ("name", "weight", "api_base", "api_key")
_MODELS = (
    "models",
    "primary_model",
    "primary_model_weight",
    "secondary_model",
    "secondary_model_weight",
    "api_base",
    "api_key",
)


@dataclass(slots=True)
class TakenOver:
    """What becomes of such a file.

    Attributes:
        evolution: Fields of that section; `job` and `database` alike.
        taken: Their fields that count, by dotted name, with the name here where it is another.
        left_out: Their fields that do not.
    """

    evolution: dict[str, Any] = field(default_factory=dict[str, Any])
    job: dict[str, Any] = field(default_factory=dict[str, Any])
    database: dict[str, Any] = field(default_factory=dict[str, Any])
    taken: list[str] = field(default_factory=list[str])
    left_out: list[str] = field(default_factory=list[str])


def is_theirs(settings: Mapping[str, Any]) -> bool:
    """Whether a settings file is one of OpenEvolve's or SkyDiscover's."""
    return bool(MARKS & settings.keys()) and not OURS & settings.keys()


def taken_over(settings: Mapping[str, Any]) -> TakenOver:
    """The same settings as this project says them.

    Args:
        settings: As their file has them.

    Raises:
        ConfigError: What a field says can be nothing of its kind.
    """
    found = TakenOver()
    told = dict(_flat(settings))
    done = {
        *_same(told, found),
        *_models(told, found),
        *_proposals(told, found),
        *_evaluations(told, found),
        *_features(told, found),
    }
    found.left_out += [name for name in told if name not in done]
    return found


def _flat(settings: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Each field that says something, by its dotted name."""
    for name, value in settings.items():
        if isinstance(value, Mapping):
            section = cast("Mapping[Any, Any]", value)
            yield from ((f"{name}.{key}", inner) for key, inner in section.items() if inner is not None)
        elif value is not None:
            yield str(name), value


def _same(told: Mapping[str, Any], found: TakenOver) -> Iterator[str]:
    for theirs, ours in _EVOLUTION.items():
        if theirs in told and (theirs != "llm.system_message" or "prompt.system_message" not in told):
            # A word alone is the name of a template, not a message.
            if ours == "task_sys_msg" and " " not in str(told[theirs]).strip():
                continue
            found.evolution[ours] = told[theirs]
            yield _said(found, theirs, ours)
    for name in _DATABASE:
        if (theirs := f"database.{name}") in told:
            found.database[name] = told[theirs]
            yield _said(found, theirs, name)
    patience = told.get("early_stopping_patience")
    if isinstance(patience, int) and patience > 0:
        found.evolution["patience"] = patience
        yield _said(found, "early_stopping_patience", "patience")
    if told.get("prompt.include_artifacts") is False:
        found.evolution["shown_feedback"] = ["instances", "images"]
        yield _said(found, "prompt.include_artifacts", "shown_feedback")
    elif "prompt.include_artifacts" in told:
        yield "prompt.include_artifacts"


def _models(told: Mapping[str, Any], found: TakenOver) -> Iterator[str]:
    """Names, weights, addresses and options; a model's own options over those of all."""
    models = list(_named_models(told))
    if not models:
        return
    base = _filled(told.get("llm.api_base"), "llm.api_base")
    names: list[str] = []
    for model in models:
        name, own = (_filled(model.get(key), f"llm.models: {key}") for key in ("name", "api_base"))
        names.append(f"{name}@{own}" if own and own not in (base, _PLAIN_OPENAI) else name)
    weights = [_weight(model) for model in models]
    merged: dict[str, float] = {}
    for name, weight in zip(names, weights, strict=True):
        merged[name] = merged.get(name, 0.0) + weight
    found.evolution["llm_models"] = list(merged)
    if len(set(merged.values())) > 1:
        found.evolution["llm_weights"] = list(merged.values())
    if base and base != _PLAIN_OPENAI:
        found.evolution["llm_base_url"] = base
    _keys(told, models, found)
    for name in _OPTIONS:
        if f"llm.{name}" in told:
            found.evolution.setdefault("llm_kwargs", {})[name] = told[f"llm.{name}"]
    for name, model in zip(names, models, strict=True):
        own_options = {option: model[option] for option in _OPTIONS if model.get(option) is not None}
        if own_options:
            found.evolution.setdefault("llm_model_kwargs", {})[name] = own_options
    left_out = (
        key for model in models for key in model if key not in (*_OF_A_MODEL, *_OPTIONS) and model[key] is not None
    )
    found.left_out += dict.fromkeys(f"llm.models[].{key}" for key in left_out)
    for name in (*_MODELS, *_OPTIONS):
        if f"llm.{name}" in told and (name != "api_key" or "llm_endpoints" in found.evolution):
            yield _said(found, f"llm.{name}", "")


def _named_models(told: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    listed: Any = told.get("llm.models")
    if isinstance(listed, list):
        for model in cast("list[Any]", listed):
            if isinstance(model, Mapping) and cast("Mapping[str, Any]", model).get("name"):
                yield cast("Mapping[str, Any]", model)
            elif isinstance(model, str) and model:
                yield {"name": model}
    for which, usual in (("primary", 1.0), ("secondary", 0.2)):
        weight = told.get(f"llm.{which}_model_weight", usual)
        if told.get(f"llm.{which}_model") and weight:
            yield {"name": told[f"llm.{which}_model"], "weight": weight}


def _weight(model: Mapping[str, Any]) -> float:
    weight = model.get("weight")
    try:
        return 1.0 if weight is None else float(weight)
    except (TypeError, ValueError):
        raise ConfigError(f"llm.models: the weight of {model['name']!r} is {weight!r}; it must be a number") from None


def _filled(value: Any, where: str) -> str:
    """A name or an address, with the environment's variables that it names; "" where there is none.

    Raises:
        ConfigError: One of them is not set.
    """
    text = str(value or "")
    for name in _VARIABLE.findall(text):
        if not os.environ.get(name):
            raise ConfigError(
                f"{where} is {text!r}, and the environment variable {name} is not set; set it, or write it out"
            )
    return _VARIABLE.sub(lambda found: os.environ[found[1]], text)


def _keys(told: Mapping[str, Any], models: list[Mapping[str, Any]], found: TakenOver) -> None:
    """Variables that hold keys, by host; a key itself is never a setting."""
    base = _filled(told.get("llm.api_base"), "llm.api_base") or _PLAIN_OPENAI
    said = [
        (base, told.get("llm.api_key")),
        *((_filled(model.get("api_base"), "llm.models: api_base") or base, model.get("api_key")) for model in models),
    ]
    for address, key in said:
        variable = _VARIABLE.fullmatch(str(key or ""))
        host = urlsplit(address).netloc
        if variable and host:
            found.evolution.setdefault("llm_endpoints", {})[host] = {"api_key_env": variable[1]}


def _proposals(told: Mapping[str, Any], found: TakenOver) -> Iterator[str]:
    for name in ("diff_based_evolution", "diff_based_generation"):
        if isinstance(told.get(name), bool):
            found.evolution |= {"patch_types": ["diff" if told[name] else "full"], "patch_type_probs": [1.0]}
            yield _said(found, name, "patch_types")


def _evaluations(told: Mapping[str, Any], found: TakenOver) -> Iterator[str]:
    if "evaluator.timeout" in told:
        found.job["time"] = told["evaluator.timeout"]
        yield _said(found, "evaluator.timeout", "time")
    if "evaluator.memory_limit_mb" in told:
        found.job["max_memory_mb"] = told["evaluator.memory_limit_mb"]
        yield _said(found, "evaluator.memory_limit_mb", "max_memory_mb")
    if told.get("evaluator.cascade_evaluation") is False:
        yield "evaluator.cascade_evaluation"
        if "evaluator.cascade_thresholds" in told:
            yield "evaluator.cascade_thresholds"
        return
    thresholds: Any = told.get("evaluator.cascade_thresholds", _USUAL_THRESHOLDS)
    bars: list[Any] = list(thresholds) if isinstance(thresholds, list | tuple) else [thresholds]  # pyright: ignore[reportUnknownArgumentType]
    if bars:
        try:
            found.job["extra_cmd_args"] = {"cascade": ",".join(f"{float(bar):g}" for bar in bars)}
        except (TypeError, ValueError):
            raise ConfigError(
                f"evaluator.cascade_thresholds={thresholds!r} must be numbers, one for each stage but the first"
            ) from None
        for name in ("cascade_evaluation", "cascade_thresholds"):
            if f"evaluator.{name}" in told:
                yield _said(found, f"evaluator.{name}", "")


def _features(told: Mapping[str, Any], found: TakenOver) -> Iterator[str]:
    features: Any = told.get("database.feature_dimensions")
    if not isinstance(features, list) or not features:
        return
    names = [str(name) for name in cast("list[Any]", features)]
    archive: dict[str, Any] = {"name": "map_elites", "features": names}
    bins: Any = told.get("database.feature_bins")
    if isinstance(bins, Mapping):
        by_name = cast("Mapping[str, int]", bins)
        archive["bins"] = {name: by_name.get(name, 10) for name in names}
    elif bins is not None:
        archive["bins"] = bins
    found.database["archive_strategy"] = archive
    yield _said(found, "database.feature_dimensions", "archive_strategy")
    if bins is not None:
        yield "database.feature_bins"


def _said(found: TakenOver, theirs: str, ours: str) -> str:
    last = theirs.rpartition(".")[2]
    found.taken.append(theirs if ours in ("", last) else f"{theirs} ({ours})")
    return theirs
