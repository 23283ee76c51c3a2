"""The three ways in which the command tells of a run: to a person, in one line, or to a program."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict
from typing import TYPE_CHECKING, Protocol

from rich.console import Console

from flows.terminal.event_stream import EventStream, standard_output_alone
from flows.terminal.log_lines import only_errors, spell_out_logs
from flows.terminal.opening import print_opening
from flows.terminal.screen import say, screen
from flows.terminal.task_folder import Plan
from shinka_core.errors import ConfigError
from shinka_core.shown import as_shown

if TYPE_CHECKING:
    from shinka_core.database import RunSummary

OUTCOMES = {0: "done", 1: "failed", 2: "mistake", 3: "stopped", 4: "nothing_made"}


class Showing(Protocol):
    """Whoever is told of a run by the command.

    Attributes:
        verbose: Whether the run shows its progress itself.
    """

    verbose: bool

    def begins(self, plan: Plan) -> None:
        """What is about to be run."""
        ...

    def watching(self, evolution: str) -> AbstractContextManager[None]:
        """Around the run, once everything is loaded."""
        ...

    def broken_off(self, advice: str, code: int) -> None:
        """The run was ended before there was a summary."""
        ...

    def ends(self, summary: RunSummary, code: int) -> None:
        """What it came to."""
        ...

    def failed(self, words: str, code: int) -> None:
        """What went wrong; it is on standard error as well."""
        ...


class ToAPerson:
    """Everything, in words and tables."""

    verbose = True

    def __init__(self, console: Console) -> None:
        self._console = console

    def begins(self, plan: Plan) -> None:
        """Prints the settings at work."""
        print_opening(self._console, plan)

    def watching(self, evolution: str) -> AbstractContextManager[None]:
        """Has what is logged spelled out; the progress is shown by the run."""
        del evolution
        spell_out_logs()
        return nullcontext()

    def broken_off(self, advice: str, code: int) -> None:
        """Says how to go on."""
        del code
        say(self._console, f"stopped{advice}")

    def ends(self, summary: RunSummary, code: int) -> None:
        """Prints the summary."""
        del code
        from flows.terminal.outcome import print_summary

        print_summary(self._console, summary)

    def failed(self, words: str, code: int) -> None:
        """Has nothing to add."""


class InOneLine(ToAPerson):
    """Nothing but errors, and at the end one line."""

    verbose = False

    def begins(self, plan: Plan) -> None:
        """Says nothing."""

    @contextmanager
    def watching(self, evolution: str) -> Generator[None, None, None]:
        """Logs errors alone."""
        with super().watching(evolution), only_errors():
            yield

    def ends(self, summary: RunSummary, code: int) -> None:
        """Prints the line."""
        del code
        from flows.terminal.outcome import summary_line

        say(self._console, as_shown(summary_line(summary)))


class ToAProgram:
    """Events on standard output."""

    verbose = False

    def __init__(self, stream: EventStream) -> None:
        self._stream = stream

    def begins(self, plan: Plan) -> None:
        """Says nothing: the run that is opened does."""

    @contextmanager
    def watching(self, evolution: str) -> Generator[None, None, None]:
        """Listens to the run as soon as it is open."""
        from flows.open_runs import expecting
        from flows.terminal.events import Listener

        spell_out_logs()
        with expecting(evolution, Listener(self._stream).opened):
            yield

    def broken_off(self, advice: str, code: int) -> None:
        """The end without a summary."""
        self._end(code, "stopped", f"stopped{advice}", None)

    def ends(self, summary: RunSummary, code: int) -> None:
        """The end."""
        self._end(code, OUTCOMES.get(code, "stopped"), None, summary)

    def failed(self, words: str, code: int) -> None:
        """The end, and why."""
        self._end(code, OUTCOMES[code], words, None)

    def _end(self, code: int, outcome: str, error: str | None, summary: RunSummary | None) -> None:
        come_to = None if summary is None else asdict(summary)
        self._stream.tell("end", {"exit_code": code, "outcome": outcome, "error": error, "summary": come_to})


@contextmanager
def showing(*, quiet: bool, as_json: bool) -> Generator[Showing, None, None]:
    """The way that was asked for.

    Raises:
        ConfigError: Both were.
    """
    if quiet and as_json:
        raise ConfigError("--quiet and --json: one prints a line and the other an event a line; leave one of them out")
    if not as_json:
        yield InOneLine(screen()) if quiet else ToAPerson(screen())
        return
    with standard_output_alone() as out:
        stream = EventStream(out)
        try:
            yield ToAProgram(stream)
        finally:
            stream.close()
