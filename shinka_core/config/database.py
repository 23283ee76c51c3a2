"""The section `database`: where programs are kept, and how a proposal's parent is chosen among them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Self, cast

from pydantic import Field, model_validator

from shinka_core.config import elsewhere
from shinka_core.config.assigning import Assigned
from shinka_core.config.islands import IslandConfig
from shinka_core.config.shinkaevolve import database_taken
from shinka_core.config.taking import TakeOver
from shinka_core.registry import Spec
from shinka_core.secrets import URL_WITHOUT_PASSWORD

# Who asks for islands is not to lose them: the good ones get more, and each is tried.
ALLOCATED = {"name": "thompson", "prior": 1.0}

# An island needs so many generations of a run to show what it is worth before it is compared with others.
GENERATIONS_OF_ISLAND = 150
MOST_ISLANDS = 4


def islands_for(generations: int) -> int:
    """How many islands a run of that length begins with, where the settings do not say."""
    return min(max(generations // GENERATIONS_OF_ISLAND, 1), MOST_ISLANDS)


class DatabaseConfig(Assigned):
    """Where programs are kept, and how parents are chosen among them."""

    elsewhere: ClassVar[Mapping[str, str]] = elsewhere.DATABASE
    takes_over: ClassVar[TakeOver] = database_taken

    db_path: str | None = Field(
        default="evolution.sqlite",
        description="A SQLite file (inside the results folder when relative) or a SQLAlchemy URL without a "
        "password (PGPASSWORD or ~/.pgpass).",
        json_schema_extra=URL_WITHOUT_PASSWORD,
    )

    num_islands: int = Field(
        default=MOST_ISLANDS,
        ge=1,
        le=10_000,
        description="Trajectories that the run begins with; by default one for every 150 generations, 4 at most.",
    )
    islands: list[IslandConfig] = Field(
        default=[],
        description="What each island does in its own way, an entry for each; an island that is made later takes the "
        "entries in turn.",
    )
    archive_size: int = Field(default=40, ge=1, description="Elite programs over all islands.")
    num_archive_inspirations: int = Field(default=1, ge=0, description="`count` of the inspirations `archive`.")
    num_top_k_inspirations: int = Field(default=1, ge=0, description="`count` of the inspirations `top_k`.")
    elite_selection_ratio: float = Field(
        default=0.3, ge=0, le=1, description="`elite_ratio` of the inspirations `archive`."
    )

    parent_selection_strategy: Spec = Field(
        default={"name": "rank", "power": 3.0},
        description="Which program a proposal starts from; `weighted` where its lambda alone is given.",
    )
    parent_selection_lambda: float = Field(default=10.0, gt=0, description="`sharpness` of the parents `weighted`.")
    exploitation_alpha: float = Field(default=1.0, ge=0, description="`alpha` of the parents `power_law`.")
    exploitation_ratio: float = Field(
        default=0.2, ge=0, le=1, description="`exploitation_ratio` of the parents `power_law`."
    )

    island_selection_strategy: Spec = Field(
        default={"name": "halving", "keep": [2, 1], "at": [0.25, 0.5]},
        description="Which island a proposal belongs to; `thompson` where islands are given in number, entry by entry, or "
        "by stagnation_threshold.",
    )
    inspiration_strategies: list[Spec] = Field(
        default=["archive", "top_k"], description="Which programs are shown beside the parent, one after the other."
    )
    inspiration_share: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="Share of the proposals that are shown any; the others see the parent alone.",
    )
    archive_strategy: Spec = Field(default="fitness", description="Who is kept as an elite.")
    migration_strategy: Spec = Field(default="random", description="Who is copied to which island.")
    migration_interval: int = Field(default=10, ge=1, description="Programs between two migrations.")
    migration_rate: float = Field(
        default=0.0, ge=0, le=1, description="`share` of a migration: how many of an island's programs are copied."
    )
    island_elitism: bool = Field(
        default=True, description="`keep_best` of a migration: the best is not among those that are drawn."
    )
    enforce_island_separation: bool = Field(
        default=True, description="`separate` of the inspirations `archive`: from the parent's island alone."
    )

    stagnation_threshold: int | None = Field(
        default=None, ge=1, description="Programs without a better best after which there is a new island; None: never."
    )
    max_islands: int = Field(default=5, ge=1, le=10_000, description="Islands at once, when new ones are made.")
    island_cooldown: int = Field(default=30, ge=0, description="Programs between one new island and the next.")
    island_origin: Literal["initial", "best", "archive", "bootstrap", "fresh_best"] = Field(
        default="best",
        description="What a new island begins with: the seed program, the best, an elite, or the seed program "
        "(bootstrap) or the best (fresh_best) and nothing else that other islands have found.",
    )
    replace_worst_island: bool = Field(
        default=False, description="At max_islands a new one takes the worst one's place."
    )

    @model_validator(mode="before")
    @classmethod
    def _count_islands(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        given = cast(dict[str, Any], values)
        entries: Any = given.get("islands")
        if not isinstance(entries, list | tuple) or not entries or given.get("num_islands") is not None:
            return given
        return given | {"num_islands": len(cast(list[Any], entries))}

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        """Defaults that go with what is given; it is not said to be given."""
        given = self.model_fields_set
        if "island_selection_strategy" not in given and given & {"num_islands", "islands", "stagnation_threshold"}:
            object.__setattr__(self, "island_selection_strategy", dict(ALLOCATED))
        if "parent_selection_strategy" not in given and "parent_selection_lambda" in given:
            object.__setattr__(self, "parent_selection_strategy", "weighted")
        return self

    @model_validator(mode="after")
    def _check_islands(self) -> Self:
        if self.islands and len(self.islands) != self.num_islands:
            raise ValueError(
                f"num_islands={self.num_islands} contradicts islands, which has {len(self.islands)} entries; "
                "leave num_islands out, or give islands an entry each"
            )
        return self


def with_islands(config: DatabaseConfig, generations: int, seeds: int = 1) -> DatabaseConfig:
    """With as many islands as a run of that length has time for, where their number is not given.

    Args:
        seeds: Seed programs, each of which is to have an island.
    """
    if "num_islands" in config.model_fields_set:
        return config
    counted = config.model_copy()
    # What is derived is not said to be given: the other defaults stay as they are.
    object.__setattr__(counted, "num_islands", max(islands_for(generations), min(seeds, MOST_ISLANDS)))
    return counted
