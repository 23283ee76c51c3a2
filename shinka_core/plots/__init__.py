"""Figures of an evolution by one call each; matplotlib is loaded with the first of them."""

from shinka_core.plots.costs import plot_costs
from shinka_core.plots.failures import plot_failures
from shinka_core.plots.islands import plot_islands
from shinka_core.plots.lineage import plot_lineage
from shinka_core.plots.progress import plot_progress

__all__ = ["plot_costs", "plot_failures", "plot_islands", "plot_lineage", "plot_progress"]
