"""The screen of a person: what is printed there says what it says, and does nothing."""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import suppress
from typing import TextIO

from rich.console import Console
from rich.text import Text

from shinka_core.shown import as_shown

SET_IN = "\n  "


def screen(*, errors: bool = False) -> Console:
    """A console on standard output, or standard error, that takes every text for text.

    NO_COLOR, FORCE_COLOR and TERM are heeded. Colour that is forced into a file is colour alone: nothing moves there.
    """
    terminal = _is_terminal(sys.stderr if errors else sys.stdout)
    dumb = os.environ.get("TERM", "").lower() in ("dumb", "unknown")
    # A dumb terminal has a size too, which Rich does not ask for.
    size = shutil.get_terminal_size() if terminal and dumb else None
    return Console(
        stderr=errors,
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=True,
        force_interactive=None if terminal and not dumb else False,
        width=size and size.columns,
        height=size and size.lines,
    )


def _is_terminal(stream: TextIO) -> bool:
    with suppress(OSError, ValueError, AttributeError):
        return stream.isatty()
    return False


def say(console: Console, text: object, *, style: str = "") -> None:
    """Prints a line; what it has of further ones is set in, so that none passes for a line of ours."""
    lines = as_shown(text, lines=True).replace("\n", SET_IN)
    console.print(Text(lines, style=style), soft_wrap=True)


def cell(text: object, *, longest: int | None = None) -> Text:
    """Text for a place in a table, with the lines that it has."""
    return Text(as_shown(text, lines=True, longest=longest))
