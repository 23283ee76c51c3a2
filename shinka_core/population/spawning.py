"""When there is one more island, of what it is made, and when nothing is proposed on one any more.

Pure: what is due is a value; who keeps the record stores it as a `Spawned` with a `Joined` for each founder, or as a
`Retired`, and the fold takes it up. A retired island keeps its programs and its number: nothing in the record
changes its meaning, and its programs may still be elites or inspirations elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

import numpy as np

from shinka_core.errors import ConfigError
from shinka_core.population.islands.trajectories import best_scores
from shinka_core.population.view import Ints, IslandStats, PopulationView

Origin = Literal["initial", "best", "archive", "bootstrap", "fresh_best"]
"""What a new island begins with.

`initial`: the seed program. `best`: the best program so far. `archive`: one of the elites, each with the same chance.
`bootstrap`: the seed program and no history: for the record the same as `initial`, but the word is stored with the
island, and whoever makes prompts shows a bootstrapped island nothing that was found elsewhere (no inspirations of
other islands, no advice), as if the run had begun anew there. `fresh_best`: the best program so far and no history,
as if a fresh run had been given it as its seed program. Nobody migrates to either.
"""

SEED = 0
NOBODY = -1


@dataclass(frozen=True, slots=True)
class SpawnSettings:
    """When islands come and go.

    Attributes:
        stagnation_threshold: A new island is due after that many programs without a better best.
        cooldown: Programs that have to come between one new island and the next, and for which a new island is
            safe from being retired as the worst.
        max_islands: Living islands at most.
        origin: What a new island begins with.
        replace: At the maximum a new island takes the place of the worst; otherwise there are no more.
    """

    stagnation_threshold: int = 100
    cooldown: int = 30
    max_islands: int = 5
    origin: Origin = "best"
    replace: bool = False


@dataclass(frozen=True, slots=True)
class Spawn:
    """An island that is to be made.

    Attributes:
        island: Its number: islands are numbered in the order in which they are made.
        origin: Of what it is made.
        founders: Positions of the programs that live on it from the start; they live on where they are as well.
        reason: In words, for the record and for people.
    """

    island: int
    origin: Origin
    founders: tuple[int, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Retirement:
    """An island on which nothing is to be proposed any more.

    Attributes:
        reason: In words, for the record and for people.
    """

    island: int
    reason: str


@runtime_checkable
class Narrowing(Protocol):
    """An island selector that gives some islands up, such as `halving`."""

    def kept(self, view: PopulationView, islands: IslandStats) -> Ints:
        """`(m,)` the islands that are still given proposals, ascending; m >= 1."""
        ...


def check_spawning(settings: SpawnSettings, islands: int, selector: object) -> None:
    """Looks at settings before anything is spent.

    Args:
        islands: That the run begins with.
        selector: Of islands.

    Raises:
        ConfigError: They cannot work together; says which.
    """
    if settings.max_islands < islands:
        raise ConfigError(
            f"max_islands={settings.max_islands} is less than num_islands={islands}; raise it, or begin with fewer"
        )
    if isinstance(selector, Narrowing):
        raise ConfigError(
            f"island selector {type(selector).__name__.lower()!r} gives islands up while stagnation_threshold="
            f"{settings.stagnation_threshold} makes new ones; choose another selector, or let no islands be made"
        )


def due_spawn(
    view: PopulationView,
    islands: IslandStats,
    settings: SpawnSettings,
    rng: np.random.Generator,
    *,
    made: Sequence[int] = (),
) -> Spawn | None:
    """The island that is to be made now, or None.

    Args:
        made: By number of the island, how many programs were recorded when it was made; 0 or nothing for those that
            the run began with.
    """
    if len(islands.numbers) > settings.max_islands - (0 if settings.replace else 1):
        return None
    best, last = _best(view), max(made, default=0)
    idle = len(view) - 1 - best
    if best == NOBODY or idle < settings.stagnation_threshold or (last and len(view) - last < settings.cooldown):
        return None
    return Spawn(
        island=len(view.islands),
        origin=settings.origin,
        founders=(_founder(view, settings.origin, best, rng),),
        reason=f"no better program among the last {idle}",
    )


def due_retirement(
    view: PopulationView,
    islands: IslandStats,
    settings: SpawnSettings,
    *,
    selector: object = None,
    made: Sequence[int] = (),
) -> tuple[Retirement, ...]:
    """The islands to retire now, ascending; never the last one.

    Islands that the selector has given up are retired, and the worst of those that are more than `max_islands`: the
    lowest best score, the newest of equals.

    Args:
        selector: Of islands.
        made: As for `due_spawn`.
    """
    living = islands.numbers.tolist()
    chosen = selector.kept(view, islands).tolist() if isinstance(selector, Narrowing) else living
    kept = [number for number in living if number in chosen] or living
    due = [Retirement(number, "given up by the selection of islands") for number in living if number not in kept]
    best = dict(zip(living, np.nan_to_num(best_scores(view, islands), nan=-np.inf), strict=True))
    settled = [n for n in kept if n >= len(made) or not made[n] or len(view) - made[n] >= settings.cooldown]
    surplus = min(len(kept) - max(settings.max_islands, 1), len(settled))
    for worst in sorted(settled, key=lambda number: (best[number], -number))[: max(surplus, 0)]:
        due.append(Retirement(worst, f"the worst of {len(kept)} islands, of which {settings.max_islands} may live"))
    return tuple(sorted(due, key=lambda retirement: retirement.island))


def _best(view: PopulationView) -> int:
    """Position of the best correct program, the earliest of equals; `NOBODY` without one."""
    fit = np.flatnonzero(view.correct)
    return int(fit[np.argmax(view.scores[fit])]) if len(fit) else NOBODY


def _founder(view: PopulationView, origin: Origin, best: int, rng: np.random.Generator) -> int:
    if origin in ("best", "fresh_best"):
        return best
    if origin == "archive":
        return int(rng.choice(view.elites)) if len(view.elites) else best
    return SEED
