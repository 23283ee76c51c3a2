"""The part of a program that changes, and the functions in it."""

from __future__ import annotations

import re

START = re.compile(r"^.*EVOLVE-BLOCK-START.*\n", re.M)
END = re.compile(r"^.*EVOLVE-BLOCK-END.*$", re.M)
FUNCTION = re.compile(r"^def (\w+)\(", re.M)


class NoBlockError(ValueError):
    """A text has no block that may change."""


def split(program: str) -> tuple[str, str, str]:
    """A program before, in and after its block; the marker lines belong to what stays.

    Raises:
        NoBlockError: There is none.
    """
    start = START.search(program)
    end = END.search(program, start.end()) if start else None
    if start is None or end is None:
        raise NoBlockError("no EVOLVE-BLOCK-START and EVOLVE-BLOCK-END")
    return program[: start.end()], program[start.end() : end.start()], program[end.start() :]


def functions(block: str) -> dict[str, str]:
    """The functions at the top level by name, in order, each up to the next."""
    found = list(FUNCTION.finditer(block))
    ends = [each.start() for each in found[1:]] + [len(block)]
    return {each.group(1): block[each.start() : end].rstrip() + "\n" for each, end in zip(found, ends, strict=True)}


def joined(found: dict[str, str]) -> str:
    """A block of these functions."""
    return "\n\n".join(found.values()) + "\n\n"
