"""Names that ShinkaEvolve has and this project has not, each with what to use instead."""

from __future__ import annotations

TYPE_CHECKING = False  # a type checker takes it for True; every evaluator loads this
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

# Of what has to do with Hydra, in several modules.
WITHOUT_HYDRA = "settings are a YAML file with the sections evo_config, db_config and job_config, without Hydra"


def lazily(module: str, homes: Mapping[str, str], instead: Mapping[str, str]) -> Callable[[str], Any]:
    """A module's `__getattr__`: loads a name when it is used, or says what replaces it.

    Args:
        module: Its name.
        homes: `module:attribute` of the names that there are.
        instead: A sentence for each of the names that there are not.
    """

    def found(name: str) -> Any:
        if name in homes:
            from shinka_core.own_packages import own_module

            home, _, attribute = homes[name].partition(":")
            return getattr(own_module(home), attribute or name)
        if name in instead:
            raise ImportError(f"{module} has no {name} here: {instead[name]} (docs/migration.md)", name=module)
        raise AttributeError(f"module {module!r} has no attribute {name!r}")

    return found
