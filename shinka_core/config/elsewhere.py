"""Names that other systems have for settings that have another name or form here, with what to say instead."""

from __future__ import annotations

_PACING = "say max_oversubscription: 2.0 where evaluation slots stay empty"

EVOLUTION = {
    "job_type": "say kind in the section job",
    "llm_dynamic_selection": "say bandit: asymmetric_ucb (or ucb1, thompson, fixed)",
    "llm_dynamic_selection_kwargs": "give bandit parameters: {name: asymmetric_ucb, epsilon: 0.2}",
    "inspiration_sort_order": "leave it out: other versions are shown from lower to higher score",
    "enable_controlled_oversubscription": _PACING,
    "proposal_target_mode": _PACING,
    "proposal_target_min_samples": _PACING,
    "proposal_target_ratio_cap": _PACING,
    "proposal_buffer_max": _PACING,
    "proposal_target_hard_cap": _PACING,
    "proposal_target_ewma_alpha": _PACING,
    "meta_rec_interval": "say advice: {name: recommendations, every: N}",
    "meta_llm_models": "name them in llm_roles: {advice: [MODEL]}",
    "meta_max_recommendations": "say advice: {name: recommendations, most: N}",
    "sample_single_meta_rec": "say advice: {name: recommendations} for one of several points, advice: {name: advice} for all in one text",
    "evolve_prompts": "say system_prompts: {} where they are to evolve",
    "prompt_evolution_interval": "say system_prompts: {every: N}",
    "prompt_archive_size": "say system_prompts: {archive: N}",
    "prompt_llm_models": "name them in llm_roles: {system_prompts: [MODEL]}",
    "prompt_ucb_exploration_constant": "say system_prompts: {exploration: X}",
    "prompt_epsilon": "leave it out: system_prompts: {exploration: X} says how much those that are little known are tried",
    "prompt_evo_top_k_programs": "say system_prompts: {tokens: N}, of what was tried",
    "prompt_percentile_recompute_interval": "leave it out: what system prompts come to is known after each program",
    "prompt_patch_types": "leave it out: a new system prompt is written whole",
    "prompt_patch_type_probs": "leave it out: a new system prompt is written whole",
}

DATABASE = {
    "enable_dynamic_islands": "say stagnation_threshold: 100 where new islands are to begin",
    "island_spawn_strategy": "say island_origin: initial, best or archive",
    "island_spawn_subtree_size": "leave it out: a new island begins with one program",
    "num_beams": "say parent_selection_strategy: {name: beam_search, beams: 5}",
    "archive_selection_strategy": "say archive_strategy: fitness or crowding",
    "archive_criteria": "say archive_strategy: {name: pareto, objectives: {score: max, lines: min}}; weights have no equal",
    "max_stdout_log_chars": "say max_output_bytes in the section job",
    "population_size": "leave it out: all programs are kept; archive_size bounds the elites",
    "feature_dimensions": "say archive_strategy: {name: map_elites, features: [...]}",
    "feature_bins": "say archive_strategy: {name: map_elites, features: [...], bins: 10}",
    "exploration_ratio": "say parent_selection_strategy: {name: epsilon_greedy, epsilon: 0.2}",
}

JOB = {
    "conda_env": "say python: that environment's interpreter",
    "activate_script": "say python: that environment's interpreter, and env: {NAME: value} for what else it sets",
    "python_executable": "say python",
    "numeric_threads_per_job": "say env: {OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1', MKL_NUM_THREADS: '1'}",
    "eval_verbose": "leave it out: what an evaluator prints is kept in the results folder",
    "timeout": "say time",
    "cascade_evaluation": "say stages: [{name: quick, continue_above: 0.5}, {name: full}]",
    "cascade_thresholds": "say continue_above in each of stages but the last",
    "parallel_evaluations": "say max_parallel_jobs in the section evolution",
    "memory_limit_mb": "say max_memory_mb",
}

# Of evaluations as jobs of Slurm, over those of all evaluations.
SLURM = JOB | {
    "mem": "say memory: 8G",
    "docker_flags": "say image_options: [...], and image_engine: docker",
    "image_tar_path": "say image: the path of the file, which apptainer runs as it is",
}

# Of a whole settings file.
SECTIONS = {
    "evo_config": "evolution",
    "evo": "evolution",
    "db_config": "database",
    "db": "database",
    "job_config": "job",
    "llm": "evolution",
    "prompt": "evolution",
    "evaluator": "job",
}
