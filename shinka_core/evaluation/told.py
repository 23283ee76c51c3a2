"""An exception of a program or an evaluator in words: from where their own code begins, without what called it."""

from __future__ import annotations

import os

TYPE_CHECKING = False  # a type checker takes it for True; every evaluation loads this
if TYPE_CHECKING:
    from types import TracebackType

ERROR_LIMIT = 4_000
_HERE = os.path.dirname(os.path.abspath(__file__)) + os.sep


class ToldError(Exception):
    """What a run in a process of its own raised, as text: not every exception can be sent."""


def told(failure: BaseException) -> str:
    """The end of its traceback, of which the frames of this folder and of imports at its beginning are left out."""
    import traceback

    if isinstance(failure, ToldError):
        return str(failure)
    place = failure.__traceback__
    while place is not None and _is_ours(place):
        place = place.tb_next
    begin = "" if place is not None else "Traceback (most recent call last):\n"  # by which others know what it is
    return (begin + "".join(traceback.format_exception(type(failure), failure, place))).rstrip()[-ERROR_LIMIT:]


def _is_ours(place: TracebackType) -> bool:
    file = place.tb_frame.f_code.co_filename
    return file.startswith("<frozen importlib") or os.path.abspath(file).startswith(_HERE)
