"""docs/strategies.md tells of every strategy that there is, and what it shows works."""

from __future__ import annotations

import re

import numpy as np
import yaml

from shinka.testing import random_view
from shinka_core.config import DatabaseConfig, EvolutionConfig
from shinka_core.population.settings import search_of
from shinka_core.ways import ways_of
from tests.strategies_document import DOCUMENT

TEXT = DOCUMENT.stands()


def test_its_tables_are_those_of_the_registries() -> None:
    assert DOCUMENT.anew() == TEXT, "run `make architecture`"


def test_its_settings_are_taken() -> None:
    strategies, islands = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
    search = search_of(DatabaseConfig(**yaml.safe_load(strategies)["database"]))
    assert len(search.inspirations) == 2
    unlike = DatabaseConfig(**yaml.safe_load(islands)["database"])
    assert len(search_of(unlike).own) == unlike.num_islands == 4
    ways = ways_of(EvolutionConfig(llm_models=["gpt-4o-mini", "other"]), unlike.islands)
    assert [way.operators.names[0] for way in ways] == ["mutate", "diff", "diff", "diff"]


def test_its_selector_selects() -> None:
    code = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)[0]
    names: dict[str, type] = {"__name__": __name__}
    exec(code, names)
    view = random_view(np.random.default_rng(3))
    island = next(number for number in range(len(view.islands)) if len(view.fit_on(number)))
    chosen = names["Newest"]().select(view, island, np.random.default_rng(0))
    assert chosen in view.fit_on(island)[-3:]
