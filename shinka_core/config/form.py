"""How a form shows the settings: in groups of what belongs together, in one order wherever the schema was stored.

A database may keep the fields of an object in an order of its own, and a form shows fields of one section as a list. So
each field has a position, and those of a large section are titled by their group.
"""

from __future__ import annotations

from typing import Any

# Sections with more fields than can be taken in as a list. A field is named as everywhere else, after its group.
GROUPS: dict[str, dict[str, tuple[str, ...]]] = {
    "EvolutionConfig": {
        "Task": (
            "init_program_path", "more_init_programs", "bootstrap", "warm_start", "task_sys_msg", "language", "results_dir",
        ),
        "Length and money": (
            "num_generations", "max_parallel_jobs", "max_oversubscription", "max_api_costs", "max_time",
            "max_evaluations", "patience", "target_score", "stop_grace", "seed", "report", "stagnation_event",
            "metrics_port", "metrics_host",
        ),
        "Models": (
            "llm_models", "llm_weights", "bandit", "llm_roles", "llm_vision_models", "llm_base_url", "llm_api",
            "llm_kwargs", "llm_model_kwargs", "novelty_llm_kwargs", "meta_llm_kwargs", "prompt_llm_kwargs",
            "llm_context_tokens", "llm_endpoints", "llm_timeout", "llm_retries", "llm_prices", "unknown_prices", "model_limits", "model_rates", "provider_limits",
        ),
        "Proposals": (
            "patch_types", "patch_type_probs", "prompt_builder", "use_text_feedback", "shown_feedback", "shown_attempts",
            "directions_after", "max_patch_resamples", "max_patch_attempts", "max_trials", "max_trial_share",
            "max_repairs", "repair_after", "max_program_size", "max_data_size", "allow_new_files",
        ),
        "Novelty": (
            "exact_duplicates", "max_novelty_attempts", "code_embed_sim_threshold", "embedding_model",
            "novelty_llm_models",
        ),
        "Beside the loop": (
            "ideas", "tuning", "advice", "system_prompts", "review", "reviewer", "max_review_attempts", "periodic", "trackers",
        ),
    },
    "DatabaseConfig": {
        "Database": ("db_path",),
        "Islands": (
            "num_islands", "islands", "island_selection_strategy", "migration_strategy", "migration_interval",
            "migration_rate", "island_elitism", "enforce_island_separation", "stagnation_threshold", "max_islands",
            "island_cooldown", "island_origin", "replace_worst_island",
        ),
        "Parents": (
            "parent_selection_strategy", "parent_selection_lambda", "exploitation_alpha", "exploitation_ratio",
        ),
        "Inspirations": (
            "inspiration_strategies", "inspiration_share", "archive_strategy", "archive_size",
            "num_archive_inspirations", "num_top_k_inspirations", "elite_selection_ratio",
        ),
    },
}  # fmt: skip
# Of all kinds of evaluations; what else one has is about its engine.
EVALUATIONS = {
    "Evaluations": ("kind", "eval_program_path", "time", "python", "extra_cmd_args", "env", "shared_limit"),
    "Judging": (
        "stages", "repeats", "min_repeats", "early_stop", "early_stop_against", "early_stop_confidence",
        "seed_argument", "seed_variable",
    ),
    "Isolation and limits": (
        "isolation", "network", "readable", "max_memory_mb", "max_processes", "max_open_files", "max_file_mb",
        "max_output_bytes",
    ),
}  # fmt: skip
_OTHERS = "Engine"


def for_a_form(schema: dict[str, Any], model: type[Any]) -> None:
    """Adds to the schema of a section where each field stands, and of which group it is."""
    fields: dict[str, dict[str, Any]] = schema.get("properties", {})
    groups = EVALUATIONS if "kind" in fields else GROUPS.get(model.__name__, {})
    group_of = {field: group for group, members in groups.items() for field in members}
    order = [field for members in groups.values() for field in members if field in fields]
    order += [field for field in fields if field not in group_of]
    for position, name in enumerate(order):
        fields[name]["position"] = position
        if groups:
            fields[name]["title"] = f"{group_of.get(name, _OTHERS)}: {name}"
        else:
            fields[name]["title"] = name
