"""The seed programs of an evolution: its first generations, and the islands they live on.

Generation 0 is the first of them. Programs that were given follow, then those of earlier runs, then those that a
model writes: a number for each, without holes. What they are is decided when the evolution begins and kept with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from shinka_core.config import EvolutionConfig
from shinka_core.model_address import is_builtin

KEPT = "seeds"
# What a stored program of an earlier run says beside itself: the result that it had there, when that counts here.
TRUSTED = "trusted"
# The operator of a seed program that a model writes.
BOOTSTRAP = "bootstrap"

Kind = Literal["initial", "warm_start", "bootstrap"]
"""Where a seed program comes from: the user, an earlier run, or a model. Programs have it as their operator."""


@dataclass(frozen=True, slots=True)
class Seed:
    """One seed program.

    Attributes:
        origin: For people: its path, or the generation of which run.
        digest: Of the contents of its file or folder; "" of one that comes from elsewhere.
    """

    kind: Kind = "initial"
    origin: str = ""
    digest: str = ""

    @property
    def written(self) -> bool:
        """Whether a model writes it."""
        return self.kind == BOOTSTRAP


def kept_seeds(seeds: Sequence[Seed]) -> list[dict[str, Any]]:
    """As they are kept with the run."""
    return [asdict(seed) for seed in seeds]


def seeds_of(settings: Mapping[str, Any]) -> tuple[Seed, ...]:
    """Those of kept settings; an older version knew one seed program alone."""
    return tuple(Seed(**seed) for seed in settings.get(KEPT, ())) or (Seed(),)


def given_among(seeds: Sequence[Seed]) -> int:
    """How many generations come before the first one after generation 0 that a model writes."""
    return next((number for number, seed in enumerate(seeds) if number and seed.written), len(seeds))


def homes(number: int, seeds: int, islands: int) -> tuple[int, ...]:
    """The islands that a seed program lives on from the start.

    Islands take the seed programs in turn, so that each has one; seed programs that are more than islands join them
    in turn as well.

    Args:
        number: Of the seed program.
        seeds: How many there are.
        islands: That the run begins with.
    """
    taken = tuple(range(number, islands, seeds))
    return taken or (number % islands,)


def writing_models(config: EvolutionConfig) -> list[str]:
    """The models that can write a program: those that are built in need one to change."""
    return [model for model in config.llm_roles.get(BOOTSTRAP) or config.llm_models if not is_builtin(model)]
