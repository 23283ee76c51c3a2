"""What the commands that only read have in common."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from typing import NoReturn

from cyclopts import App
from rich.console import Console

from flows.terminal.mistakes import as_mistake, in_words, is_mistake
from flows.terminal.output import steady_output
from flows.terminal.spelling import refuse_broken_text, speak_utf8
from shinka_core.config.starting import split_run
from shinka_core.report.build import STDIN, Place

FAILED, MISTAKE = 1, 2


def read_places(results: Sequence[str]) -> list[Place]:
    """Where the evolutions are that somebody named: a results folder, a database, or either with `:name` after it.

    A single `@stdin` has a place and a name read from standard input, a line each: an address may hold a password.
    """
    if list(results) == [STDIN]:
        where, name = (sys.stdin.readline().rstrip("\n") for _ in range(2))
        return [Place(where, name or None)]
    return [Place(*split_run(one)) for one in results]


def run_command(app: App, arguments: list[str]) -> int:
    """Runs a command; returns its exit code. Whatever is wrong is told in one line on standard error."""
    try:
        refuse_broken_text(arguments)
        command, bound, _ = app.parse_args(arguments, exit_on_error=False, print_error=False)
        return command(*bound.args, **bound.kwargs) or 0
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except Exception as error:  # noqa: BLE001 - whatever it is, a person reads it
        Console(stderr=True, highlight=False, soft_wrap=True).print(
            f"error: {in_words(error)}", style="red", markup=False, emoji=False
        )
        return MISTAKE if is_mistake(as_mistake(error, begun=False)) else FAILED


def run_and_leave(app: App) -> NoReturn:
    """Runs the command line of this process and leaves with its exit code."""
    speak_utf8()
    steady_output()
    sys.exit(run_command(app, sys.argv[1:]))
