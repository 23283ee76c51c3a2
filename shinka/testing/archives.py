"""What every archive has to hold to, as tests: subclass `ArchiveContract` and say how one is made."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from shinka.testing.views import edge_views, random_view
from shinka_core.population.archives.protocol import Archive, ArchiveChange
from shinka_core.population.view import PopulationView

VIEWS = edge_views()
SIZES = {"small": 12, "usual": 100}


class ArchiveContract:
    """The tests. Override `archive`."""

    def archive(self) -> Archive:
        """An archive, the same whenever it is asked for."""
        raise NotImplementedError

    @pytest.mark.parametrize("special", VIEWS)
    def test_members_change_as_they_may_whatever_the_population_is(self, special: str) -> None:
        self._course(VIEWS[special])

    @pytest.mark.parametrize("size", SIZES)
    def test_members_change_as_they_may_in_populations_of_every_size(self, size: str) -> None:
        for seed in range(5):
            self._course(random_view(np.random.default_rng(seed), SIZES[size]))

    def test_the_same_offers_come_to_the_same_members(self) -> None:
        for seed in range(5):
            view = random_view(np.random.default_rng(seed), 60)
            assert self._course(view) == self._course(view), (
                "an archive is made again of the record: keep nothing between two offers, and draw from `rng` alone"
            )

    def test_what_comes_later_does_not_change_what_was_decided(self) -> None:
        view = random_view(np.random.default_rng(0), 60)
        whole = self._course(view)
        for count in (1, 20, 40):
            assert self._course(view.after(count)) == whole[:count]

    def test_a_quicker_way_comes_to_the_same_members(self) -> None:
        archive = self.archive()
        rebuild = getattr(archive, "rebuild", None)
        if rebuild is None:
            return  # it is made again offer by offer
        for view in (*VIEWS.values(), *(random_view(np.random.default_rng(seed), 60) for seed in range(5))):
            members = rebuild(replace(view, elites=np.empty(0, dtype=np.int64)), np.random.default_rng(0))
            assert members == tuple(self._course(view)[-1])

    def _course(self, view: PopulationView) -> list[list[int]]:
        """The members after each program."""
        archive, elites = self.archive(), list[int]()
        after: list[list[int]] = []
        for newcomer in range(len(view)):
            if view.correct[newcomer]:
                then = replace(view, elites=np.array(elites, dtype=np.int64)).after(newcomer + 1)
                elites = _changed(elites, newcomer, archive.offer(then, newcomer, np.random.default_rng(newcomer)))
            after.append(elites)
        return after


def _changed(elites: list[int], newcomer: int, change: ArchiveChange) -> list[int]:
    assert isinstance(change, ArchiveChange), f"{change!r} is no ArchiveChange"
    assert isinstance(change.cell, str)
    leaving = set(change.removed)
    assert len(leaving) == len(change.removed), f"{change.removed} names a member twice"
    assert leaving <= set(elites), f"{sorted(leaving - set(elites))} leave and are no members"
    assert change.added or not leaving, f"{change.removed} leave for a newcomer that is not taken"
    return [*(member for member in elites if member not in leaving), newcomer] if change.added else elites
