"""What was recorded against what comes out now, in terms that both have: generations in the place of ids."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from shinka_core.record import Joined, Retired, Spawned

# Similarities are rounded differently by different machines.
TOLERANCE = 1e-5
LONGEST = 300


@dataclass(frozen=True, slots=True)
class Difference:
    """The first decision that does not come out as it was recorded.

    Attributes:
        generation: Whose decision it was.
        step: `sampled`, `patched`, `judged`, `recorded`, `failed`, `islands`, ..., with attempt and turn.
        what: Which part of it.
    """

    generation: int
    step: str
    what: str
    recorded: Any
    came_out: Any

    def __str__(self) -> str:
        return (
            f"generation {self.generation}, {self.step}: {self.what} was recorded as {_shown(self.recorded)} "
            f"and comes out as {_shown(self.came_out)}"
        )


class Differs(Exception):
    """Ends a replay at the first difference."""

    def __init__(self, difference: Difference) -> None:
        super().__init__(str(difference))
        self.difference = difference


class NotRecordedError(Exception):
    """Something would have to be asked or evaluated that the record does not hold."""


def compare(generation: int, step: str, recorded: Mapping[str, Any], came_out: Mapping[str, Any]) -> None:
    """Compares field by field.

    Raises:
        Differs: At the first field that is not the same.
    """
    for name in dict.fromkeys([*recorded, *came_out]):
        before, now = recorded.get(name), came_out.get(name)
        if not _alike(before, now):
            raise Differs(Difference(generation, step, name, before, now))


def in_generations(value: Any, generations: Mapping[str, int]) -> Any:
    """The value with the generation of a program in the place of its id."""
    if isinstance(value, str):
        return f"generation {generations[value]}" if value in generations else value
    if isinstance(value, Mapping):
        return {str(key): in_generations(inner, generations) for key, inner in value.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    if isinstance(value, list | tuple):
        return [in_generations(inner, generations) for inner in value]  # pyright: ignore[reportUnknownVariableType]
    return value


def changes_in_words(changes: Iterable[Joined | Spawned | Retired], generations: Mapping[str, int]) -> list[str]:
    """Changes of islands, sorted."""
    words: list[str] = []
    for change in changes:
        match change:
            case Joined(program_id=program, island=island):
                words.append(f"generation {generations[program]} joins island {island}")
            case Spawned(island=island, origin=origin):
                words.append(f"island {island} is made from {origin}")
            case Retired(island=island):
                words.append(f"island {island} is retired")
    return sorted(words)


def _alike(before: Any, now: Any) -> bool:
    if isinstance(before, float) and isinstance(now, int | float):
        return math.isclose(before, now, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    return bool(before == now)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= LONGEST else text[:LONGEST] + "..."
