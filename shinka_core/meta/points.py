"""Which stored advice belongs to which turn, and what is in force."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shinka_core.database.guidance import Written

# In the details of a stored point.
AT, NUMBER, OF, NOTES = "recorded", "number", "of", "notes"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a stored point belongs.

    Attributes:
        recorded: Names its turn.
        number: In its turn, from 0.
        of: Points of its turn.
    """

    recorded: int
    number: int
    of: int


def place_of(one: Written) -> Place:
    """Where a stored point belongs."""
    return Place(
        int(one.details.get(AT, one.created_after)), int(one.details.get(NUMBER, 0)), int(one.details.get(OF, 1))
    )


def points_of(written: Sequence[Written], recorded: int) -> list[Written]:
    """The stored points of one turn, in their order."""
    return sorted((one for one in written if place_of(one).recorded == recorded), key=lambda one: place_of(one).number)


def points_in_force(written: Sequence[Written]) -> tuple[Written, ...]:
    """The points of the last turn of which all are stored."""
    for recorded in sorted({place_of(one).recorded for one in written}, reverse=True):
        points = points_of(written, recorded)
        if len(points) == place_of(points[0]).of:
            return tuple(points)
    return ()
