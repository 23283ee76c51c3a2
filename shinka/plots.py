"""Pictures of runs; names of ShinkaEvolve's plots, each with what to use here."""

from __future__ import annotations

from shinka_core.shinkaevolve.absent import lazily

TYPE_CHECKING = False
if TYPE_CHECKING:
    from shinka_core.plots import plot_costs, plot_failures, plot_islands, plot_lineage, plot_progress

__all__ = ["plot_costs", "plot_failures", "plot_islands", "plot_lineage", "plot_progress"]

_PROGRESS = "use shinka.plot_progress(results_dir), which takes several runs too"
_COSTS, _REPORT = (
    "use shinka.plot_costs(results_dir)",
    "the report of a run shows it (report.html in its results folder)",
)
if not TYPE_CHECKING:
    __getattr__ = lazily(
        "shinka.plots",
        dict.fromkeys(__all__, "shinka_core.plots"),
        {
            "plot_lineage_tree": "use shinka.plot_lineage(results_dir)",
            "plot_evals_performance": _PROGRESS,
            "plot_evals_performance_compare": _PROGRESS,
            "plot_cost_performance": _PROGRESS,
            "plot_cost_performance_compare": _PROGRESS,
            "plot_time_performance": _PROGRESS,
            "plot_time_performance_compare": _PROGRESS,
            "plot_time_throughput_compare": _PROGRESS,
            "plot_cumulative_llm_calls": _COSTS,
            "plot_pareto_curve": _REPORT,
            "plot_pareto_compare": _REPORT,
            "plot_embed_similarity": _REPORT,
            "plot_generation_runtime_timeline": _REPORT,
            "plot_normalized_occupancy_over_time": _REPORT,
        },
    )
