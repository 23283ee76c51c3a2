"""Lines of descent, places in a tree, and islands as trajectories."""

from __future__ import annotations

import numpy as np

from shinka_core.database.islands import IslandRecord
from shinka_core.report.islands import shares, trajectories
from shinka_core.report.lineage import ancestors, tree
from tests.support.recorded import program_record

FAMILY = [
    program_record(0, 1.0),
    program_record(1, 2.0, parent_id="p0"),
    program_record(2, 2.0, parent_id="p0"),
    program_record(3, 2.0, parent_id="p1"),
    program_record(4, 2.0, parent_id="p1"),
    program_record(5, 2.0, parent_id="elsewhere"),
]


def test_ancestors_are_told_from_the_root_on() -> None:
    by_id = {one.id: one for one in FAMILY}
    assert ancestors(by_id, "p4") == ["p0", "p1", "p4"]
    assert ancestors(by_id, "p5") == ["p5"]
    assert ancestors(by_id, "nobody") == []
    turned = {"a": program_record(0, 1.0, id="a", parent_id="b"), "b": program_record(1, 1.0, id="b", parent_id="a")}
    assert ancestors(turned, "a") == ["b", "a"]


def test_every_program_has_a_place_of_its_own() -> None:
    found = tree(FAMILY)
    assert found.parent.tolist() == [-1, 0, 0, 1, 1, -1]
    assert found.depth.tolist() == [0, 1, 1, 2, 2, 0]
    assert found.row.tolist() == [1.25, 0.5, 2.0, 0.0, 1.0, 3.0]
    places = list(zip(found.depth, found.row, strict=True))
    assert len(set(places)) == len(places)


def test_a_line_of_thousands_is_placed_as_well() -> None:
    line = [program_record(n, 1.0, parent_id=f"p{n - 1}" if n else None) for n in range(20_000)]
    found = tree(line)
    assert found.depth[-1] == 19_999
    assert not found.row.any()


def test_an_island_is_what_its_own_proposals_made() -> None:
    programs = [
        program_record(0, 1.0),
        program_record(1, 2.0, island=1),
        program_record(2, 9.0, island=0, correct=False),
        program_record(3, 1.5, island=1),
        program_record(-1, 99.0, island=1),
    ]
    islands = [IslandRecord(0), IslandRecord(1, "best", "p0", 1, 4), IslandRecord(2)]
    first, second, nobody = found = trajectories(programs, islands)
    assert np.array_equal(first.best, [1.0, 1.0])
    assert (second.origin, second.retired_after, second.recorded.tolist()) == ("best", 4, [2, 4])
    assert second.best.tolist() == [2.0, 2.0]
    assert len(nobody.score) == 0
    ends, part = shares(found, window=3)
    assert ends.tolist() == [3, 4]
    assert part.tolist() == [[2 / 3, 0], [1 / 3, 1], [0, 0]]
    assert shares([])[1].shape == (0, 0)
