"""What goes wrong, told to a person: one line on the screen, the traceback of what nobody provided for in a file."""

from __future__ import annotations

import tempfile
import traceback
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from cyclopts import CycloptsError
from pydantic import ValidationError

from shinka_core.errors import ConfigError, DatabaseError, EvolutionExistsError, SchemaVersionError, ShinkaError

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

TRACEBACK = "traceback.txt"
LONGEST_VALUE = 120


def is_mistake(error: BaseException) -> bool:
    """Whether the user can mend it in the command or its settings, and nothing was spent."""
    return isinstance(error, ConfigError | EvolutionExistsError | SchemaVersionError | ValidationError | CycloptsError)


def as_mistake(error: Exception, *, begun: bool) -> Exception:
    """The error, or a mistake in its place: of a database that cannot be what was meant, before anything was begun."""
    if isinstance(error, DatabaseError) and not (begun or error.retryable or is_mistake(error)):
        return ConfigError(str(error))
    return error


def in_words(error: BaseException) -> str:
    """The error in one line, or in the lines that it has of an evaluator's own words."""
    if isinstance(error, ValidationError):
        return "; ".join(_field(item, error.title) for item in error.errors())
    if isinstance(error, ShinkaError):
        said = str(error)
    elif isinstance(error, CycloptsError):
        said = f"{' '.join(str(error).split())} See --help."
    else:
        said = f"{type(error).__name__}: {' '.join(str(error).split())}"
    return "; ".join([said, *getattr(error, "__notes__", [])])


def keep_traceback(error: BaseException, folder: Path) -> None:
    """Writes the traceback of an error that nobody provided for into a file, and notes at the error where it is."""
    if isinstance(error, ShinkaError):
        return
    text = "".join(traceback.format_exception(error))
    for place in (folder, Path(tempfile.gettempdir())):
        with suppress(OSError):
            path = place / TRACEBACK
            path.write_text(text, encoding="utf-8", errors="backslashreplace")
            error.add_note(f"its traceback is in {path}, please report it")
            return


def _field(item: ErrorDetails, title: str) -> str:
    where = ".".join(str(part) for part in item["loc"]) or title
    message = f"{where}: {item['msg'].removeprefix('Value error, ')}"
    if item["type"] in {"value_error", "extra_forbidden"}:
        return message
    value = repr(item["input"])
    return f"{message} (got {value if len(value) <= LONGEST_VALUE else value[:LONGEST_VALUE] + '...'})"
