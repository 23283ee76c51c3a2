"""An option that is said twice: the last one counts, so that a script's own options can be followed by others."""

from __future__ import annotations

from collections.abc import Sequence

from cyclopts import App


def last_of_each(app: App, arguments: Sequence[str]) -> list[str]:
    """The arguments without those that are said again later; what is a list keeps all of its members."""
    values = {
        name: argument.token_count()[0]
        for argument in app.assemble_argument_collection()
        for name in argument.names
        if name.startswith("--") and not argument.token_count()[1]
    }
    kept: dict[object, list[str]] = {}
    index = 0
    while index < len(arguments):
        if arguments[index] == "--":
            kept[index] = list(arguments[index:])
            break
        name, equals, _ = arguments[index].partition("=")
        length = 1 + (0 if equals else values.get(name, 0))
        key = name if name in values else index
        kept.pop(key, None)
        kept[key] = list(arguments[index : index + length])
        index += length
    return [argument for group in kept.values() for argument in group]
