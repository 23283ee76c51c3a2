"""What calls cost, by model and purpose."""

from __future__ import annotations

from typing import Any

from shinka_core.plots.style import Run, colour, figure, legend, nothing, opened, words

HATCHES = ("", "//", "..", "xx", "\\\\", "++", "oo")
MOST = 20


def plot_costs(run: Run) -> Any:
    """US dollars by model, each divided by what the calls were for; tokens in and out where nothing has cost anything.

    Returns:
        A matplotlib `Figure`.

    Raises:
        ConfigError: matplotlib is not installed.
        DatabaseError: There is no such evolution.
    """
    costs = opened(run).costs()
    free = not any(cost.dollars for cost in costs)
    worth = [float(cost.input_tokens + cost.output_tokens) if free else cost.dollars for cost in costs]
    totals: dict[str, float] = {}
    for cost, value in zip(costs, worth, strict=True):
        totals[cost.model] = totals.get(cost.model, 0.0) + value
    models = sorted(totals, key=lambda model: totals[model])[-MOST:]
    purposes = list(dict.fromkeys(cost.purpose for cost in costs))
    made, (axes,) = figure(height=1.6 + 0.4 * max(len(models), 2))
    if not costs:
        nothing(axes, "no model was asked yet")
    left = dict.fromkeys(models, 0.0)
    for index, purpose in enumerate(purposes):
        of = {cost.model: value for cost, value in zip(costs, worth, strict=True) if cost.purpose == purpose}
        widths = [of.get(model, 0.0) for model in models]
        axes.barh(
            range(len(models)), widths, left=[left[model] for model in models], color=colour(index), label=words(purpose),
            hatch=HATCHES[index % len(HATCHES)], edgecolor="white", linewidth=0.5,
        )  # fmt: skip
        left = {model: left[model] + width for model, width in zip(models, widths, strict=True)}
    axes.set_yticks(range(len(models)), [words(model) for model in models])
    axes.set_xlabel("tokens" if free else "US dollars")
    legend(axes)
    return made
