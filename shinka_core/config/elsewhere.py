"""Names that other systems have for settings that have another name or form here, with what to say instead."""

from __future__ import annotations

EVOLUTION = {
    "max_iterations": "say num_generations",
    "random_seed": "say seed",
    "max_code_length": "say max_program_size",
    "early_stopping_patience": "say patience",
    "diff_based_evolution": "say patch_types: [diff, full] with patch_type_probs",
    "full_rewrite_probability": "say patch_type_probs: [0.8, 0.2] of patch_types: [diff, full]",
    "checkpoint_interval": "leave it out: every step is stored",
    "file_suffix": "leave it out: it is the seed program's own",
    "system_message": "say task_sys_msg",
    "api_base": "say llm_base_url",
    "primary_model": "say llm_models",
    "secondary_model": "say llm_models",
}

DATABASE = {
    "population_size": "leave it out: all programs are kept; archive_size bounds the elites",
    "feature_dimensions": "say archive_strategy: {name: map_elites, features: [...]}",
    "feature_bins": "say archive_strategy: {name: map_elites, features: [...], bins: 10}",
    "exploration_ratio": "say parent_selection_strategy: {name: epsilon_greedy, epsilon: 0.2}",
}

JOB = {
    "timeout": "say time",
    "cascade_evaluation": "say stages: [{name: quick, continue_above: 0.5}, {name: full}]",
    "cascade_thresholds": "say continue_above in each of stages but the last",
    "parallel_evaluations": "say max_parallel_jobs in the section evolution",
    "memory_limit_mb": "say max_memory_mb",
}

# Of a whole settings file.
SECTIONS = {
    "llm": "evolution",
    "prompt": "evolution",
    "evaluator": "job",
}

# What ShinkaEvolve's runner is given, and is looked for in its settings.
RUNNER = {
    **dict.fromkeys(
        ("max_proposal_jobs", "max_evaluation_jobs"),
        "it stands beside the sections: an argument of the runner, --max-proposal-jobs and --max-evaluation-jobs of a command",
    ),
    **dict.fromkeys(
        ("max_db_workers", "verbose", "debug"), "leave it out: the runner takes it, and it belongs to no section"
    ),
}

# What jobs of Slurm have, and are looked for in those of this machine.
SLURM = {
    **dict.fromkeys(
        (
            "partition", "account", "qos", "constraint", "cpus", "gpus", "mem", "memory", "modules", "image", "image_tar_path",
            "docker_flags",
        ),
        "jobs of Slurm have it: SlurmCondaJobConfig and SlurmDockerJobConfig, or kind: slurm",
    ),
}  # fmt: skip
