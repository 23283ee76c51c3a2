"""Who comes from whom: ancestors of a program, and a tree of all of them with a place for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Born(Protocol):
    """What is asked of a program here; `Descent` and `ProgramRecord` have it."""

    @property
    def id(self) -> str: ...  # noqa: D102 - the words of the record
    @property
    def generation(self) -> int: ...  # noqa: D102
    @property
    def parent_id(self) -> str | None: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Tree:
    """A place for every program; arrays `(n,)` in the order given.

    Attributes:
        parent: Index of the parent, -1 where there is none among them.
        depth: Steps from the root.
        row: Where it stands across, in [0, leaves - 1]: leaves are one apart, and a parent is amid its children.
        generation: That made it.
    """

    ids: tuple[str, ...]
    parent: NDArray[np.int64]
    depth: NDArray[np.int64]
    row: NDArray[np.float64]
    generation: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.ids)


def ancestors(programs: Mapping[str, Born], program_id: str) -> list[str]:
    """Ids from the root of its line to the program itself.

    Args:
        programs: By id; a parent that is none of them ends the line.
    """
    line: list[str] = []
    known: set[str] = set()
    at: str | None = program_id
    while at is not None and at in programs and at not in known:
        line.append(at)
        known.add(at)
        at = programs[at].parent_id
    return line[::-1]


def tree(programs: Sequence[Born]) -> Tree:
    """Places all of them, in time that grows with their number; lines may be as long as they like."""
    index = {one.id: place for place, one in enumerate(programs)}
    above = [index.get(one.parent_id or "", -1) for one in programs]
    above = [-1 if one == place else one for place, one in enumerate(above)]
    children = [list[int]() for _ in programs]
    for place, one in enumerate(above):
        if one >= 0:
            children[one].append(place)
    depth = np.zeros(len(programs), dtype=np.int64)
    row = np.zeros(len(programs), dtype=np.float64)
    order, leaves = _depth_first([place for place, one in enumerate(above) if one < 0], children), 0
    for place in order:
        depth[place] = depth[above[place]] + 1 if above[place] >= 0 else 0
        if not children[place]:
            row[place] = leaves
            leaves += 1
    for place in reversed(order):
        if children[place]:
            row[place] = (row[children[place][0]] + row[children[place][-1]]) / 2
    numbers = np.array([one.generation for one in programs], dtype=np.int64)
    return Tree(tuple(index), np.array(above, dtype=np.int64), depth, row, numbers)


def _depth_first(roots: list[int], children: Sequence[Sequence[int]]) -> list[int]:
    order: list[int] = []
    waiting = roots[::-1]
    while waiting:
        place = waiting.pop()
        order.append(place)
        waiting.extend(reversed(children[place]))
    return order
