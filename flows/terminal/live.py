"""The display of a run that goes on, as large as the terminal has room for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from flows.terminal.sparkline import BARS, PLAIN_BARS, sparkline
from flows.terminal.words import duration, gist, improved, number, went_wrong
from shinka_core.costs import known_and_unknown
from shinka_core.run import Run
from shinka_core.shown import as_shown

TITLE = 13
# Columns from which titles have a column of their own.
WIDE = 50
MOST_REASONS = 4
SHOWN = 3


@dataclass(frozen=True, slots=True)
class Row:
    """One line.

    Attributes:
        rank: Of several the smaller ones are shown where there is not room for all.
    """

    rank: int
    title: str
    value: str
    style: str = ""


class LiveView:
    """A run as it is whenever this is drawn: one line for each fact, none longer than the screen is wide."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draws as many lines as fit, and one less, for what is logged meanwhile."""
        width, ascii_only = options.max_width, options.ascii_only
        room = width - TITLE if width >= WIDE else width
        rows = list(rows_of(self._run, room, PLAIN_BARS if ascii_only else BARS))
        most = max(console.size.height - 1, 1)
        worst = sorted(row.rank for row in rows)[:most][-1]
        for row in [row for row in rows if row.rank <= worst][:most]:
            title = f"{row.title:<{TITLE}}" if width >= WIDE else f"{row.title} " if row.title else ""
            yield Text(cut(title + row.value, width, ascii_only), style=row.style, no_wrap=True, overflow="crop")


def cut(text: str, width: int, ascii_only: bool = False) -> str:
    """A text that fits into so many columns, with a mark where it is cut."""
    if cell_len(text) <= width:
        return text
    mark = "..." if ascii_only else "…"
    return (set_cell_size(text, max(width - len(mark), 0)).rstrip() + mark)[: max(width, 0)]


def rows_of(run: Run, width: int, bars: str = BARS) -> Iterator[Row]:
    """What there is to show, in order; no two of the same rank.

    Args:
        width: Columns for values.
    """
    progress, highlights = run.progress, run.progress.highlights
    improvements, setbacks = tuple(highlights.improvements), tuple(highlights.setbacks)
    yield Row(8, "evolution", as_shown(run.evolution), "bold")
    yield Row(0, "generation", f"{progress.finished} of {progress.total}")
    if run.control.paused:
        yield Row(2, "paused", as_shown(", and ".join(tuple(run.control.pauses))), "yellow")
    if progress.seed_error:
        yield Row(3, "seed program", f"not correct: {gist(progress.seed_error)}", "red")
    where = f"in gen {progress.best_generation}, " if progress.best_generation else ""
    yield Row(1, "best score", f"{number(progress.best_score)} ({where}seed program {number(progress.seed_score)})")
    if line := sparkline([(one.ended, one.score) for one in improvements], highlights.ended, width, bars):
        yield Row(5, "over the run" if width >= WIDE - TITLE else "", line, "green")
    for place, one in enumerate(reversed(improvements[-SHOWN:])):
        yield Row((9, 12, 14)[place], "" if place else "improved", improved(one, run))
    yield Row(6, "in flight", _in_flight(run))
    reasons = progress.failures.copy().most_common(MOST_REASONS)
    yield Row(7, "failed", ", ".join(f"{as_shown(reason)} {count}" for reason, count in reasons) or "none")
    for place, one in enumerate(reversed(setbacks[-SHOWN:])):
        yield Row((10, 13, 15)[place], "" if place else "went wrong", went_wrong(one))
    yield Row(11, "cost", known_and_unknown(progress.cost, progress.unpriced))
    yield Row(16, "rate", f"{progress.rate:.2f} generations/s")
    yield Row(4, "time", f"{duration(progress.seconds)}, {duration(progress.eta)} to go")


def _in_flight(run: Run) -> str:
    return (
        f"{run.proposals.held}/{run.proposals.count} proposals, "
        f"{run.evaluations.held}/{run.evaluations.count} evaluations, {run.evaluations.waiting} waiting"
        + "".join(f"; {slots.held}/{slots.count} in {as_shown(slots.name)}" for slots in run.stage_slots)
    )
