"""The progress of a run, live on a terminal and as plain lines in a log."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress

from rich.console import Console
from rich.live import Live

from flows.open_runs import find_open_run
from flows.terminal.live import LiveView
from flows.terminal.log_lines import above
from flows.terminal.screen import say, screen
from flows.terminal.words import duration, gist, improved, number, went_wrong
from shinka_core.costs import known_and_unknown
from shinka_core.run import Run
from shinka_core.shown import as_shown

_Show = Callable[[str, Console, threading.Event], None]

LIVE_PERIOD = 0.5
LINE_PERIOD = 5.0


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
    console = console or screen()
    ended = threading.Event()
    show = _show_live if console.is_interactive else _print_lines
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
        f"best {number(progress.best_score)}"
        + (f" (gen {progress.best_generation})" if progress.best_generation else ""),
        f"seed {number(progress.seed_score)}",
        f"proposals {run.proposals.held}/{run.proposals.count}",
        f"evaluations {run.evaluations.held}/{run.evaluations.count} (+{run.evaluations.waiting} waiting)",
        *(f"{as_shown(slots.name)} {slots.held}/{slots.count} (+{slots.waiting} waiting)" for slots in run.stage_slots),
        f"failed {progress.failed}",
        known_and_unknown(progress.cost, progress.unpriced),
        f"{progress.rate:.2f}/s",
        f"eta {duration(progress.eta)}",
    ]
    return "  ".join([*(["paused"] if run.control.paused else []), *parts])


class _Lines:
    """What of a run is new since it was last asked."""

    def __init__(self) -> None:
        self._seed_error = self._line = ""
        self._told: dict[str, str] = {}

    def at_once(self, run: Run) -> Iterator[str]:
        """What a person should know before the next period is over."""
        if run.progress.seed_error != self._seed_error:
            self._seed_error = run.progress.seed_error
            yield f"the seed program is not correct: {gist(self._seed_error)}"

    def of_a_period(self, run: Run) -> Iterator[str]:
        """Where the run is, the last improvement and the last thing that went wrong."""
        if (line := progress_line(run)) == self._line:
            return
        self._line = line
        yield line
        highlights = run.progress.highlights
        last = {"improved": [improved(one, run) for one in highlights.improvements[-1:]]}
        last["went wrong"] = [went_wrong(one) for one in tuple(highlights.setbacks)[-1:]]
        for title, lines in last.items():
            for line in lines:
                if self._told.get(title) != line:
                    self._told[title] = line
                    yield f"  {title}: {line}"


def _print_lines(evolution: str, console: Console, ended: threading.Event) -> None:
    lines = _Lines()
    next_line = time.monotonic() + LINE_PERIOD
    while not ended.wait(min(LIVE_PERIOD, LINE_PERIOD)):
        run = find_open_run(evolution)
        if run is None:
            continue
        told = [*lines.at_once(run)]
        if time.monotonic() >= next_line:
            next_line = time.monotonic() + LINE_PERIOD
            told += lines.of_a_period(run)
        for line in told:
            say(console, line)


def _show_live(evolution: str, console: Console, ended: threading.Event) -> None:
    while (run := find_open_run(evolution)) is None:
        if ended.wait(LIVE_PERIOD):
            return
    # Drawn by this thread alone: what it draws is the run as it is by then, as large as the terminal is by then.
    with above(console), Live(LiveView(run), console=console, transient=True, auto_refresh=False) as live:
        while not ended.wait(LIVE_PERIOD):
            live.refresh()
