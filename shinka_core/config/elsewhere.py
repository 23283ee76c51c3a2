"""Names that other systems have for settings that have another name or form here, with what to say instead."""

from __future__ import annotations

EVOLUTION = {
    "meta_rec_interval": "say advice: {name: recommendations, every: N}",
    "meta_llm_models": "name them in llm_roles: {advice: [MODEL]}",
    "meta_llm_kwargs": "say it of those models in llm_model_kwargs",
    "meta_max_recommendations": "say advice: {name: recommendations, most: N}",
    "sample_single_meta_rec": "say advice: {name: recommendations} for one of several points, advice: {name: advice} for all in one text",
    "evolve_prompts": "say system_prompts: {} where they are to evolve",
    "prompt_evolution_interval": "say system_prompts: {every: N}",
    "prompt_archive_size": "say system_prompts: {archive: N}",
    "prompt_llm_models": "name them in llm_roles: {system_prompts: [MODEL]}",
    "prompt_llm_kwargs": "say it of those models in llm_model_kwargs",
    "prompt_ucb_exploration_constant": "say system_prompts: {exploration: X}",
    "prompt_epsilon": "leave it out: system_prompts: {exploration: X} says how much those that are little known are tried",
    "prompt_evo_top_k_programs": "say system_prompts: {tokens: N}, of what was tried",
    "prompt_percentile_recompute_interval": "leave it out: what system prompts come to is known after each program",
    "prompt_patch_types": "leave it out: a new system prompt is written whole",
    "prompt_patch_type_probs": "leave it out: a new system prompt is written whole",
}
