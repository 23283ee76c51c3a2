"""The tables of docs/strategies.md, read from the registries: `python -m tests.strategies_document --write`."""

from __future__ import annotations

import dataclasses
from typing import Any

from shinka_core.bandit import BANDITS
from shinka_core.population.archives import ARCHIVES
from shinka_core.population.inspirations import INSPIRATIONS
from shinka_core.population.islands import ISLANDS
from shinka_core.population.migration import MIGRATIONS
from shinka_core.population.parents import PARENTS
from shinka_core.prompts import PROMPT_BUILDERS
from tests.docs.made import Made
from tests.test_architecture import ROOT

KINDS: dict[str, tuple[str, Any]] = {
    "Parents": ("parent_selection_strategy", PARENTS),
    "Inspirations": ("inspiration_strategies", INSPIRATIONS),
    "Islands": ("island_selection_strategy", ISLANDS),
    "Archives": ("archive_strategy", ARCHIVES),
    "Migration": ("migration_strategy", MIGRATIONS),
    "Bandits": ("bandit", BANDITS),
    "Prompts": ("prompt_builder", PROMPT_BUILDERS),
}


def text() -> str:
    """A table of every kind."""
    parts: list[str] = []
    for kind, (field, registry) in KINDS.items():
        parts += [f"### {kind}: `{field}`", "", "| name | parameters | |", "|---|---|---|"]
        parts += [
            f"| `{name}` | {_parameters(registry.part(name))} | {_sentence(registry.part(name))} |" for name in registry
        ]
        parts.append("")
    return "\n".join(parts)


def _parameters(part: Any) -> str:
    return ", ".join(f"`{field.name}={_default(field)}`" for field in dataclasses.fields(part) if field.init)


def _default(field: dataclasses.Field[Any]) -> str:
    value = field.default if field.default is not dataclasses.MISSING else field.default_factory()  # type: ignore[misc]
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _sentence(part: Any) -> str:
    return " ".join((part.__doc__ or "").split("\n\n")[0].split())


DOCUMENT = Made(ROOT / "docs" / "strategies.md", text)

if __name__ == "__main__":
    DOCUMENT.main()
