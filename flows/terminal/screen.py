"""The screen of a person: what is printed there says what it says, and does nothing."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

from rich.console import Console
from rich.text import Text

from shinka_core.shown import as_shown


def screen(*, errors: bool = False) -> Console:
    """A console on standard output, or standard error, that takes every text for text.

    NO_COLOR, FORCE_COLOR and TERM are heeded. Colour that is forced into a file is colour alone: nothing moves there.
    """
    return Console(
        stderr=errors,
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=True,
        force_interactive=None if _is_terminal(errors) else False,
    )


def _is_terminal(errors: bool) -> bool:
    with suppress(OSError, ValueError, AttributeError):
        return (sys.stderr if errors else sys.stdout).isatty() and os.environ.get("TERM", "") not in ("dumb", "unknown")
    return False


def say(console: Console, text: object, *, style: str = "") -> None:
    """Prints lines, in which nothing but their ends has an effect."""
    console.print(Text(as_shown(text, lines=True), style=style), soft_wrap=True)


def cell(text: object, *, longest: int | None = None) -> Text:
    """Text for a place in a table, with the lines that it has."""
    return Text(as_shown(text, lines=True, longest=longest))
