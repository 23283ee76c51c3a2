"""Selectors as a user writes them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shinka_core.population.view import PopulationView


@dataclass(frozen=True)
class Shortest:
    """The program with the smallest value of a feature, the newest where none has one."""

    feature: str = "length"

    def select(self, view: PopulationView, island: int, rng: np.random.Generator) -> int:
        correct = view.fit_on(island)
        values = view.features[self.feature][correct] if self.feature in view.features else correct[::-1]
        return int(correct[np.nanargmin(np.where(np.isnan(values), np.inf, values))])


class Coin:
    """The best or the newest."""

    def select(self, view: PopulationView, island: int, rng: np.random.Generator) -> int:
        return view.best_on(island) if rng.random() < 0.5 else int(view.fit_on(island).max())


class Neighbours:
    """Who came before and after the parent."""

    def select(
        self, view: PopulationView, island: int, parent: int, taken: tuple[int, ...], rng: np.random.Generator
    ) -> tuple[int, ...]:
        near = (parent - 1, parent + 1)
        return tuple(p for p in near if 0 <= p < len(view) and p not in taken and view.correct[p])


def nobody(**_: object) -> Nobody:
    """A function that makes a selector."""
    return Nobody()


class Nobody:
    def select(
        self, view: PopulationView, island: int, parent: int, taken: tuple[int, ...], rng: np.random.Generator
    ) -> tuple[int, ...]:
        return ()
