"""ShinkaEvolve's settings of evolution and database, as ours.

Its names and values are taken where there is something like them here. Where the same name has another default, ours
holds (docs/migration.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from shinka_core.config.taking import MISSING, Taking

# Without a limit of money it would go on for ever there, and with one it goes on until the money is spent.
NO_END = 1_000_000
# Its kinds of jobs are classes of settings here.
JOB_TYPES = ("local", "slurm_docker", "slurm_conda", "slurm_env")

EVOLUTION = (
    "job_type", "llm_dynamic_selection", "llm_dynamic_selection_kwargs", "meta_rec_interval", "meta_llm_models",
    "meta_max_recommendations", "sample_single_meta_rec",
    "inspiration_sort_order", "enable_controlled_oversubscription", "proposal_target_mode",
    "proposal_target_min_samples", "proposal_target_ratio_cap", "proposal_buffer_max", "proposal_target_hard_cap",
    "proposal_target_ewma_alpha", "evolve_prompts", "prompt_patch_types", "prompt_patch_type_probs",
    "prompt_evolution_interval", "prompt_archive_size", "prompt_llm_models",
    "prompt_ucb_exploration_constant", "prompt_epsilon", "prompt_evo_top_k_programs",
    "prompt_percentile_recompute_interval", "enable_wandb_logging", "wandb_project", "wandb_entity", "wandb_group",
    "wandb_name", "wandb_mode", "wandb_tags", "wandb_notes", "wandb_dir", "wandb_run_id", "wandb_resume", "wandb_config",
)  # fmt: skip
DATABASE = (
    "max_stdout_log_chars", "enable_dynamic_islands", "island_spawn_strategy", "island_spawn_subtree_size", "num_beams",
    "archive_selection_strategy", "archive_criteria",
)  # fmt: skip

_Models = str | list[str] | None
# What decides over something here; what means nothing may be anything.
_EVOLUTION_KINDS: Mapping[str, Any] = {
    "llm_dynamic_selection_kwargs": dict[str, Any] | None,
    "meta_rec_interval": Annotated[int | None, Field(ge=0)],
    "meta_llm_models": _Models,
    "meta_max_recommendations": Annotated[int | None, Field(ge=1)],
    "sample_single_meta_rec": bool,
    "enable_controlled_oversubscription": bool | None,
    "evolve_prompts": bool | None,
    "prompt_llm_models": _Models,
    "enable_wandb_logging": bool | None,
}
_DATABASE_KINDS: Mapping[str, Any] = {
    "enable_dynamic_islands": bool | None,
    "archive_selection_strategy": Literal["fitness", "crowding"],
    "archive_criteria": dict[str, float] | None,
    "num_beams": Annotated[int, Field(ge=1)],
}

# Settings of its bandits, by their names here.
_UCB = {"exploration_coef": "exploration", "epsilon": "epsilon", "auto_decay": "decay", "cost_aware_coef": "cost_power"}
_THOMPSON = {"prior_alpha": "successes", "prior_beta": "failures", "auto_decay": "decay"}
_BANDITS: dict[str, tuple[str, Mapping[str, str]]] = {
    "fixed": ("fixed", {}),
    "ucb": ("asymmetric_ucb", _UCB),
    "ucb1": ("asymmetric_ucb", _UCB),
    "thompson": ("thompson", _THOMPSON),
}
_ORIGINS = {"initial": "initial", "best": "best", "archive_random": "archive", "archive": "archive"}
# What its criteria are called here; others are public metrics by their names.
_MEASURES = {"combined_score": "score", "loc": "lines"}
# Off unless said otherwise, there as here.
_STAGNATION = 100
_META_INTERVAL = 10


def evolution_taken(given: dict[str, Any], known: Iterable[str]) -> Taking:
    """The section `evolution` (`evo_config`) in our words."""
    taking = Taking(dict(given))
    taking.drop(["_target_"])  # of Hydra: which class it is
    taking.without_none("init_program_path", "novelty_llm_models")
    if taking.fields.get("num_generations", MISSING) is None and taking.fields.get("max_api_costs") is not None:
        taking.fields["num_generations"] = NO_END
    own = set(known)
    taken = [name for name in EVOLUTION if name in taking.fields and name not in own]
    if not taken:
        return taking
    taking.without_none("sample_single_meta_rec")
    taking.check(_EVOLUTION_KINDS)
    _job_type(taking)
    _bandit(taking)
    _advice(taking)
    _pacing(taking)
    _system_prompts(taking)
    _wandb(taking)
    taking.idles("inspiration_sort_order", "ascending", why="other versions are shown from lower to higher score")
    return taking


def database_taken(given: dict[str, Any], _known: Iterable[str]) -> Taking:
    """The section `database` (`db_config`) in our words."""
    taking = Taking(dict(given))
    taking.drop(["_target_"])
    if not any(name in taking.fields for name in DATABASE):
        return taking
    taking.without_none("archive_selection_strategy", "num_beams", "island_spawn_strategy", "island_spawn_subtree_size")
    taking.check(_DATABASE_KINDS)
    taking.idles("max_stdout_log_chars", None, why="max_output_bytes of the section job bounds it")
    _islands(taking)
    beams = taking.take("num_beams")
    if beams is not MISSING and taking.fields.get("parent_selection_strategy") == "beam_search":
        taking.fields["parent_selection_strategy"] = {"name": "beam_search", "beams": beams}
    _archive(taking)
    return taking


def _job_type(taking: Taking) -> None:
    kind = taking.take("job_type")
    if kind is MISSING or kind in ("local", None):
        return
    if kind in JOB_TYPES:
        taking.idle.append(f"job_type={kind!r} (the job's settings say where evaluations run)")
    else:
        taking.refused.append(f"job_type={kind!r} is none of {', '.join(JOB_TYPES)}; say kind in the section job")


def _bandit(taking: Taking) -> None:
    chosen: Any = taking.take("llm_dynamic_selection")
    given: dict[str, Any] = dict(taking.take("llm_dynamic_selection_kwargs", None) or {})
    if chosen is MISSING and not given:
        return
    if chosen is None or chosen is MISSING:
        chosen = "fixed" if chosen is None else "ucb"
    if not isinstance(chosen, str):
        taking.put("bandit", chosen, "llm_dynamic_selection")
        taking.idle += [f"llm_dynamic_selection_kwargs.{name}" for name in given]
        return
    if chosen.lower() not in _BANDITS:
        remedy = f"say one of {', '.join(_BANDITS)}, or bandit"
        taking.refused.append(f"llm_dynamic_selection={chosen!r} is no selection; {remedy}")
        return
    name, names = _BANDITS[chosen.lower()]
    weights = given.pop("prior_probs", None)
    if weights is not None and name == "fixed":
        taking.put("llm_weights", list(weights), "llm_dynamic_selection_kwargs.prior_probs")
    ours = {names[option]: value for option, value in given.items() if option in names and value is not None}
    taking.idle += [f"llm_dynamic_selection_kwargs.{option}" for option in given if option not in names]
    taking.put("bandit", {"name": name, **ours} if ours else name, "llm_dynamic_selection")


def _advice(taking: Taking) -> None:
    """Recommendations are written there where both an interval and models are given."""
    every, models = taking.take("meta_rec_interval"), taking.take("meta_llm_models", None)
    most, single = taking.take("meta_max_recommendations"), taking.take("sample_single_meta_rec", True)
    if every is MISSING and models:
        every = _META_INTERVAL
    if every is MISSING or not every or not models:
        if every is not MISSING and not every:
            taking.fields.setdefault("advice", None)
        return
    spec: dict[str, Any] = {"name": "recommendations" if single else "advice", "every": every}
    if single and most is not MISSING and most is not None:
        spec["most"] = most
    taking.put("advice", spec, "meta_rec_interval")
    taking.role("advice", models)


def _pacing(taking: Taking) -> None:
    on = taking.take("enable_controlled_oversubscription", False)
    cap = taking.take("proposal_target_ratio_cap", 2.0)
    inner = (
        "proposal_target_mode",
        "proposal_target_min_samples",
        "proposal_buffer_max",
        "proposal_target_hard_cap",
        "proposal_target_ewma_alpha",
    )
    if not on:
        taking.drop(inner)
        return
    taking.put("max_oversubscription", cap, "enable_controlled_oversubscription")
    for name in inner:
        taking.idles(name, None)


def _system_prompts(taking: Taking) -> None:
    on = taking.take("evolve_prompts", False)
    models = taking.take("prompt_llm_models", None)
    spec = {
        "every": taking.take("prompt_evolution_interval", None),
        "archive": taking.take("prompt_archive_size", None),
        "exploration": taking.take("prompt_ucb_exploration_constant", None),
    }
    idle = (
        "prompt_patch_types",
        "prompt_patch_type_probs",
        "prompt_epsilon",
        "prompt_evo_top_k_programs",
        "prompt_percentile_recompute_interval",
    )
    if not on:
        taking.drop(idle)
        return
    taking.put("system_prompts", {name: value for name, value in spec.items() if value is not None}, "evolve_prompts")
    taking.role("system_prompts", models)
    for name in idle:
        taking.idles(name)


def _wandb(taking: Taking) -> None:
    on, mode = taking.take("enable_wandb_logging", False), taking.take("wandb_mode", None)
    about = {name: taking.take(f"wandb_{name}", None) for name in ("project", "entity", "group")}
    if not on or mode == "disabled":
        taking.drop(name for name in EVOLUTION if name.startswith("wandb_"))
        return
    spec: dict[str, Any] = {"name": "wandb"} | {name: value for name, value in about.items() if value is not None}
    if mode in ("online", "offline"):
        spec["mode"] = mode
    elif mode is not None:
        taking.idle.append(f"wandb_mode={mode!r}")
    trackers: Any = taking.fields.get("trackers") or []
    taking.fields["trackers"] = [*trackers, spec]
    for name in ("name", "notes", "dir", "run_id", "tags", "config"):
        taking.idles(f"wandb_{name}", None, [], {})
    taking.idles("wandb_resume", "allow", None)


def _archive(taking: Taking) -> None:
    kind, criteria = taking.take("archive_selection_strategy"), taking.take("archive_criteria", None)
    weights: dict[str, float] = criteria or {}
    ours = {_MEASURES.get(name, name): weight for name, weight in weights.items() if weight}
    if set(ours) <= {"score"} and all(weight > 0 for weight in ours.values()):
        if kind is not MISSING:
            taking.put("archive_strategy", kind, "archive_selection_strategy")
        return
    rival = "similar" if kind == "crowding" else "worst"
    taking.put("archive_strategy", {"name": "criteria", "weights": ours, "rival": rival}, "archive_criteria")


def _islands(taking: Taking) -> None:
    """New islands begin there where that is said, and here where it is said after how many programs."""
    on = taking.take("enable_dynamic_islands")
    origin, size = taking.take("island_spawn_strategy"), taking.take("island_spawn_subtree_size", 1)
    if on is not MISSING and not on:
        taking.drop(["stagnation_threshold"])
    if on is MISSING or not on:
        return
    taking.fields.setdefault("stagnation_threshold", _STAGNATION)
    if origin is not MISSING:
        if origin in _ORIGINS:
            taking.put("island_origin", _ORIGINS[origin], "island_spawn_strategy")
        else:
            taking.refused.append(f"island_spawn_strategy={origin!r} is none of initial, best, archive_random")
    if size != 1:
        taking.idle.append("island_spawn_subtree_size (a new island begins with one program)")
