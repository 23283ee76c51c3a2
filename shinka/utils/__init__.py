"""What scripts and evaluators for ShinkaEvolve import from `shinka.utils`."""

from __future__ import annotations

from shinka_core.shinkaevolve.absent import WITHOUT_HYDRA, lazily

TYPE_CHECKING = False
if TYPE_CHECKING:
    from shinka_core.config import parse_duration as parse_time_to_seconds
    from shinka_core.shinkaevolve.frames import load_programs_to_df

__all__ = ["load_programs_to_df", "parse_time_to_seconds"]

_HYDRA = WITHOUT_HYDRA
if not TYPE_CHECKING:
    __getattr__ = lazily(
        "shinka.utils",
        {
            "load_programs_to_df": "shinka_core.shinkaevolve.frames",
            "parse_time_to_seconds": "shinka_core.config:parse_duration",
        },
        {
            "load_prompts_to_df": "system prompts are rows of the run's database (table system_prompts)",
            "get_path_to_best_node": "use shinka.open(results_dir).lineage()",
            "store_best_path": "use shinka.open(results_dir).lineage()",
            "load_results": "use shinka.open(results_dir).best()",
            "load_configs_from_yaml": _HYDRA,
            "load_hydra_config": _HYDRA,
            "build_cfgs_from_python": _HYDRA,
            "wrap_object": _HYDRA,
            "chdir_to_function_dir": "an evaluator runs in its own folder",
            "add_evolve_markers": "write the markers into the seed program, or leave all of it to be changed",
            "truncate_log_tail": "max_output_bytes of the job bounds what is kept",
            "get_language_extension": "the seed program's own extension says the language",
        },
    )
