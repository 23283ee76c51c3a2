"""A command beside `evolve`, which reads or makes a record and needs no orchestrator: its exit code and its one line of error."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

from cyclopts import App
from rich.console import Console

from flows.signals import BrokenOff, Told, break_off_on_signals, stopping_on_signals
from flows.terminal.mistakes import as_mistake, in_words, is_mistake
from flows.terminal.output import steady_output
from flows.terminal.spelling import refuse_broken_text, speak_utf8

T = TypeVar("T")
EXIT_DONE, EXIT_FAILED, EXIT_MISTAKE = 0, 1, 2
EXIT_CODES = "Exit codes: 0 done; 2 a mistake in the command, or nothing that could be read or written; 1 it broke off; 130, 143 or 129 the same by Ctrl-C, SIGTERM or a hang-up."


def run(app: App, arguments: Sequence[str]) -> int:
    """Runs a command; returns its exit code. Whatever is wrong is told in one line on standard error."""
    try:
        refuse_broken_text(arguments)
        command, bound, _ = app.parse_args(list(arguments), exit_on_error=False, print_error=False)
        return command(*bound.args, **bound.kwargs) or EXIT_DONE
    except KeyboardInterrupt as broken_off:
        return 128 + getattr(broken_off, "number", signal.SIGINT)
    except Exception as error:  # noqa: BLE001 - whatever it is, a person reads it
        told = as_mistake(error, begun=False)
        Console(stderr=True, highlight=False, soft_wrap=True).print(
            f"error: {in_words(told)}", style="red", markup=False, emoji=False
        )
        return EXIT_MISTAKE if is_mistake(told) else EXIT_FAILED


def completed(work: Coroutine[Any, Any, T]) -> T:
    """What the work comes to; a signal cancels it, so that it can take back what it has begun.

    Raises:
        KeyboardInterrupt: It was cancelled.
    """
    told = Told()

    async def cancellable() -> T:
        task = asyncio.current_task()
        assert task is not None
        with stopping_on_signals(task.cancel, told):
            return await work

    try:
        return asyncio.run(cancellable())
    except asyncio.CancelledError:
        raise BrokenOff(told.first or signal.SIGINT) from None


def lead(app: App) -> None:
    """Runs a command with the arguments of this process, and leaves with its exit code."""
    speak_utf8()
    steady_output()
    break_off_on_signals()
    sys.exit(run(app, sys.argv[1:]))
