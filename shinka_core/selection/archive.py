"""Who is in the archive of elites."""

from __future__ import annotations

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
