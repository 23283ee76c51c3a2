"""The progress of a run, live on a terminal and as plain lines in a log."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from flows.open_runs import find_open_run
from shinka_core.run import Run

_Show = Callable[[str, Console, threading.Event], None]

LIVE_PERIOD = 0.5
LINE_PERIOD = 5.0
LONGEST_REASON = 500


@contextmanager
def watching(evolution: str, *, enabled: bool = True, console: Console | None = None) -> Generator[None, None, None]:
    """Shows the progress of the run while the block lasts.

    A thread draws, so that a busy event loop does not freeze the display.

    Args:
        evolution: Name of the run; nothing is shown until it is open.
    """
    if not enabled:
        yield
        return
    console = console or Console()
    ended = threading.Event()
    show = _show_live if console.is_terminal else _print_lines
    thread = threading.Thread(target=_while_read, args=(show, evolution, console, ended), daemon=True, name="watch")
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(timeout=2)


def _while_read(show: _Show, evolution: str, console: Console, ended: threading.Event) -> None:
    """A display that nobody sees any more ends, and nothing else does."""
    with suppress(OSError, ValueError, SystemExit):
        show(evolution, console, ended)


def progress_line(run: Run) -> str:
    """The state of a run in one line."""
    progress = run.progress
    parts = [
        f"generation {progress.finished}/{progress.total}",
        f"best {_number(progress.best_score)}"
        + (f" (gen {progress.best_generation})" if progress.best_generation else ""),
        f"seed {_number(progress.seed_score)}",
        f"proposals {run.proposals.held}/{run.proposals.count}",
        f"evaluations {run.evaluations.held}/{run.evaluations.count} (+{run.evaluations.waiting} waiting)",
        *(f"{slots.name} {slots.held}/{slots.count} (+{slots.waiting} waiting)" for slots in run.stage_slots),
        f"failed {progress.failed}",
        f"${progress.cost:.4f}",
        f"{progress.rate:.2f}/s",
        f"eta {duration(progress.eta)}",
    ]
    return "  ".join([*(["paused"] if run.control.paused else []), *parts])


def duration(seconds: float | None) -> str:
    """Seconds as `1:02:03`, or `-`."""
    if seconds is None:
        return "-"
    minutes, rest = divmod(int(seconds + 0.5), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def _print_lines(evolution: str, console: Console, ended: threading.Event) -> None:
    last = told = ""
    next_line = time.monotonic() + LINE_PERIOD
    while not ended.wait(min(LIVE_PERIOD, LINE_PERIOD)):
        run = find_open_run(evolution)
        if run is None:
            continue
        lines: list[str] = []
        if run.progress.seed_error != told:
            told = run.progress.seed_error
            lines.append(f"the seed program is not correct: {told[:LONGEST_REASON]}")
        if time.monotonic() >= next_line:
            next_line = time.monotonic() + LINE_PERIOD
            if (line := progress_line(run)) != last:
                lines.append(line)
                last = line
        for line in lines:
            console.print(line, highlight=False, soft_wrap=True, markup=False, emoji=False)


def _show_live(evolution: str, console: Console, ended: threading.Event) -> None:
    with Live(console=console, transient=True, refresh_per_second=4) as live:
        while not ended.wait(LIVE_PERIOD):
            run = find_open_run(evolution)
            if run is not None:
                live.update(_table(run))


def _table(run: Run) -> Table:
    progress = run.progress
    table = Table(title=Text(run.evolution), show_header=False, title_justify="left")
    rows = {
        "generation": f"{progress.finished} of {progress.total}",
        "best score": f"{_number(progress.best_score)}  (seed program {_number(progress.seed_score)})",
        "in flight": f"{run.proposals.held}/{run.proposals.count} proposals, "
        f"{run.evaluations.held}/{run.evaluations.count} evaluations, {run.evaluations.waiting} waiting"
        + "".join(f"; {slots.held}/{slots.count} in {slots.name}" for slots in run.stage_slots),
        "failed": ", ".join(f"{reason} {count}" for reason, count in progress.failures.most_common(4)) or "none",
        "cost": f"${progress.cost:.4f}",
        "rate": f"{progress.rate:.2f} generations/s",
        "time": f"{duration(progress.seconds)}, {duration(progress.eta)} to go",
    }
    if run.control.paused:
        rows["paused"] = ", and ".join(run.control.pauses)
    if progress.seed_error:
        rows["seed program"] = f"not correct: {progress.seed_error[:LONGEST_REASON]}"
    for title, value in rows.items():
        table.add_row(title, Text(value))
    return table


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.6g}"
