"""Edits that write a function anew."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from benchmarks.search.blocks import functions, joined
from benchmarks.search.edits.templates import filled


@dataclass(frozen=True)
class Slot:
    """A function of a task's programs and what it may become.

    Attributes:
        head: Its first line.
        share: How often it is the one that is written anew.
        bodies: Weights and bodies, the constants in angle brackets.
        caller: The function that returns through this one; a seed program need not have it then.
    """

    head: str
    share: float
    bodies: Sequence[tuple[float, str]]
    caller: str | None = None

    @property
    def name(self) -> str:
        return self.head.removeprefix("def ").partition("(")[0]

    def written(self, rng: Random) -> str:
        """The function, one of what it may become."""
        body = rng.choices([text for _, text in self.bodies], weights=[weight for weight, _ in self.bodies])[0]
        return f"{self.head}\n{filled(rng, body).strip(chr(10))}\n"


# How often a function that need not be there is taken out, when it is its turn.
P_REMOVE = 0.1
# How often a new caller keeps what it returned through.
P_KEEP_CALL = 0.85


def rewritten(rng: Random, block: str, slots: Sequence[Slot]) -> str:
    """The block with one of its functions written anew, put in or taken out."""
    found = functions(block)
    slot = rng.choices(slots, weights=[each.share for each in slots])[0]
    if slot.caller and slot.name in found and rng.random() < P_REMOVE:
        del found[slot.name]
        found[slot.caller] = _direct(found[slot.caller], slot.name)
        return joined(found)
    found[slot.name] = slot.written(rng)
    if slot.caller:
        found[slot.caller] = _through(found[slot.caller], slot.name)
    for each in slots:
        if each.caller == slot.name and each.name in found and rng.random() < P_KEEP_CALL:
            found[slot.name] = _through(found[slot.name], each.name)
    return joined(found)


def _through(function: str, called: str) -> str:
    """The function with its last return through another, if it is not yet."""
    lines = function.split("\n")
    k = max(k for k, line in enumerate(lines) if line.lstrip().startswith("return "))
    before, _, value = lines[k].partition("return ")
    if not value.startswith(f"{called}("):
        lines[k] = f"{before}return {called}({value})"
    return "\n".join(lines)


def _direct(function: str, called: str) -> str:
    return re.sub(rf"return {called}\((.*)\)$", r"return \1", function, flags=re.M)
