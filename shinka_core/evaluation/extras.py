"""What an evaluator gives beside its metrics: data of its own, and pictures of it. Neither decides over the program."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False  # a type checker takes it for True; `typing` itself takes milliseconds to load
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

EXTRA, FILE, PLOTS = "extra_data", "extra.pkl", "plots"
# Figures that models may be shown; all of them are saved.
MOST_IMAGES = 4
FRAMES = 30  # of an animation, in a second


def keep_extras(metrics: dict[str, Any], plotting_fn: Callable[[Any], list[Any]] | None, folder: str) -> None:
    """Takes `extra_data` out of the metrics into `extra.pkl`, and saves what is drawn of it under `plots/`.

    Whatever goes wrong with it is printed, and the result stands.
    """
    if EXTRA not in metrics:
        return
    data = metrics.pop(EXTRA)
    os.makedirs(folder, exist_ok=True)
    try:
        _keep(data, os.path.join(folder, FILE))
    except Exception as failure:  # noqa: BLE001 - the evaluator's data may be anything
        print(f"extra_data is not kept: {type(failure).__name__}: {failure}")  # noqa: T201 - for the log
    if plotting_fn is None:
        return
    saved: list[str] = []
    try:
        for item, title in plotting_fn(data):
            saved += _save(item, str(title), folder)
    except Exception as failure:  # noqa: BLE001
        print(f"plotting_fn failed: {type(failure).__name__}: {failure}")  # noqa: T201
    if saved:
        metrics.setdefault("images", saved[:MOST_IMAGES])


def _keep(data: Any, path: str) -> None:
    import pickle

    content = pickle.dumps(data)
    with open(path, "wb") as file:
        file.write(content)


def _save(item: Any, title: str, folder: str) -> list[str]:
    """A figure as PNG and PDF, an animation as GIF; returns the images that a model can be shown."""
    os.makedirs(os.path.join(folder, PLOTS), exist_ok=True)
    base = os.path.join(PLOTS, title.replace(os.sep, "_"))
    if hasattr(item, "savefig"):
        item.savefig(os.path.join(folder, f"{base}.png"))
        item.savefig(os.path.join(folder, f"{base}.pdf"))
        _close(item)
        return [f"{base}.png"]
    if hasattr(item, "save"):
        item.save(os.path.join(folder, f"{base}.gif"), writer="pillow", fps=FRAMES)
        _close(getattr(item, "_fig", None))
    else:
        print(f"plotting_fn: {title!r} is a {type(item).__name__}, neither a figure nor an animation")  # noqa: T201
    return []


def _close(figure: Any) -> None:
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None and figure is not None:
        pyplot.close(figure)
