"""What archives have in common whose decision needs the members and the newcomer alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from shinka_core.population.archives.protocol import ArchiveChange
from shinka_core.population.view import Ints, PopulationView

Decision = Callable[[PopulationView, Ints, int], ArchiveChange]


def rebuilt(view: PopulationView, decide: Decision) -> tuple[int, ...]:
    """The members after every correct program was offered, ascending; none of the decisions needs a view of its own.

    Args:
        decide: What a newcomer does to `(m,)` members, ascending; of what is in the view it may use the newcomer
            and what was there before it.
    """
    members: list[int] = []
    for newcomer in np.flatnonzero(view.correct).tolist():
        change = decide(view, np.array(members, dtype=np.int64), newcomer)
        if change.added:
            members = [*(member for member in members if member not in change.removed), newcomer]
    return tuple(members)


def worst_of(view: PopulationView, members: Ints) -> int:
    """Position of the member with the lowest score, the earliest of equals."""
    return int(members[np.argmin(view.scores[members])])
