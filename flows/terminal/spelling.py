"""Arguments and folders whose names are no text: with a locale of ASCII alone, or with bytes that are no UTF-8."""

from __future__ import annotations

import codecs
import os
import sys
from collections.abc import Sequence

from shinka_core.errors import ConfigError


def speak_utf8() -> None:
    """Starts this process anew in Python's UTF-8 mode when the locale knows ASCII alone.

    File names are bytes; read as ASCII they become strings that can be neither printed nor stored.
    """
    if codecs.lookup(sys.getfilesystemencoding()).name == "ascii":
        os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])


def refuse_broken_text(arguments: Sequence[str]) -> None:
    """Looks at the arguments and the working directory: settings are stored, and stored as text.

    Raises:
        ConfigError: One of them is empty, as of a variable that is not set, or holds bytes that are no text.
    """
    for before, argument in zip(["", *arguments], arguments, strict=False):
        if argument == "" or (argument.startswith("--") and argument.endswith("=")):
            raise ConfigError(
                f"{argument.rstrip('=') or before or 'the task folder'} is empty; give it a value or leave it out"
            )
    for what, text in [*(("argument", argument) for argument in arguments), ("working directory", os.getcwd())]:
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            shown = ascii(text)
            raise ConfigError(
                f"the {what} {shown} is not UTF-8 text, and a run's settings are stored as text; rename the file or folder"
            ) from None
