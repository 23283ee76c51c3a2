"""How all figures look: colours that colour-blind people can tell apart, and words that are words alone."""

from __future__ import annotations

import io
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from shinka_core.errors import ConfigError
from shinka_core.opened import Evolution, open

Run = Evolution | str | Path

# The palette of Okabe and Ito, without its yellow, which is too pale for lines on white.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
LINES = ("-", "--", "-.", ":")
GREY = "#767676"
LONGEST = 60


def opened(run: Run) -> Evolution:
    """The evolution; what is none yet is opened.

    Raises:
        DatabaseError: There is no such evolution.
    """
    return run if isinstance(run, Evolution) else open(run)


def figure(width: float = 8.0, height: float = 4.5, rows: int = 1) -> tuple[Any, list[Any]]:
    """A figure with its axes, made without a window or a display, and shown by whoever has it: a notebook, or `savefig`.

    Raises:
        ConfigError: matplotlib is not installed.
    """
    if find_spec("matplotlib") is None:
        raise ConfigError("plots need matplotlib, which is not installed; `pip install 'shinka-prefect[plots]'`")
    made: Any = _shown_figure()(figsize=(width, height), layout="constrained")
    axes = [made.add_subplot(rows, 1, row + 1) for row in range(rows)]
    for each in axes:
        each.spines[["top", "right"]].set_visible(False)
        each.grid(visible=True, alpha=0.3, linewidth=0.6)
        each.set_axisbelow(True)
    return made, axes


@cache
def _shown_figure() -> Any:
    """A figure that a notebook shows also where pyplot, which keeps every figure for itself, was never loaded."""

    def image(made: Any) -> bytes:
        buffer = io.BytesIO()
        made.savefig(buffer, format="png")
        return buffer.getvalue()

    return type("Figure", (import_module("matplotlib.figure").Figure,), {"_repr_png_": image})


def colour(index: int) -> str:
    """Of the series of that number."""
    return COLOURS[index % len(COLOURS)]


def line(index: int) -> str:
    """Its dashes: with the colour they tell 28 series apart."""
    return LINES[index // len(COLOURS) % len(LINES)]


def words(text: object) -> str:
    """A text as it is: nothing in it is a formula, turns what stands around it, or hides it from a legend."""
    shown = "".join(letter if letter.isprintable() else f"\\u{ord(letter):04x}" for letter in str(text)[: LONGEST + 1])
    shown = shown if len(shown) <= LONGEST else f"{shown[: LONGEST - 1]}…"
    # A legend leaves out what begins with an underscore, so something that cannot be seen stands before it.
    return ("\u200b" if shown.startswith("_") else "") + shown.replace("$", r"\$")


def legend(axes: Any) -> None:
    """Says above the axes, where it hides nothing, what is what; nothing where there is no name."""
    names = axes.get_legend_handles_labels()[1]
    if names:
        columns = 4 if max(map(len, names)) < 24 else 2
        axes.legend(
            frameon=False, fontsize=8, ncols=columns, loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0.2
        )


def nothing(axes: Any, said: str) -> None:
    """Says in the middle of empty axes that there is nothing to show."""
    axes.text(0.5, 0.5, said, ha="center", va="center", color=GREY, transform=axes.transAxes)
