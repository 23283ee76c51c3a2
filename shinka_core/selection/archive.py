"""Who is in the archive of elites."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ArchiveChange:
    """What adding a program did to the archive; positions in the population, or None."""

    added: int | None = None
    removed: int | None = None


def fitness_change(archive: dict[int, float], program: int, score: float, size: int) -> ArchiveChange:
    """Keeps the `size` best: the worst member leaves for a better newcomer.

    Args:
        archive: Members and their scores.
    """
    if len(archive) < size:
        return ArchiveChange(added=program)
    worst = min(archive, key=lambda member: archive[member])
    if score > archive[worst]:
        return ArchiveChange(added=program, removed=worst)
    return ArchiveChange()


def fittest(programs: Iterable[tuple[int, float]], size: int) -> dict[int, float]:
    """The archive that one `fitness_change` after the other comes to, in time that hardly grows with its size.

    Args:
        programs: Positions and scores, in the order in which they were added.
    """
    members: list[tuple[float, int]] = []
    for program, score in programs:
        if len(members) < size:
            heapq.heappush(members, (score, program))
        elif score > members[0][0]:
            heapq.heapreplace(members, (score, program))
    return dict(sorted((program, score) for score, program in members))
