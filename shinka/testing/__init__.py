"""Contracts of the interchangeable parts, as tests for one's own: subclass the one of your part."""

TYPE_CHECKING = False  # a type checker takes it for True
if TYPE_CHECKING:
    from shinka.testing.advisers import AdviserContract
    from shinka.testing.archives import ArchiveContract
    from shinka.testing.bandits import BanditContract
    from shinka.testing.inspirations import InspirationSelectorContract
    from shinka.testing.islands import IslandSelectorContract
    from shinka.testing.launchers import LauncherContract
    from shinka.testing.migration import MigrationContract
    from shinka.testing.operators import OperatorContract
    from shinka.testing.parents import ParentSelectorContract
    from shinka.testing.periodics import PeriodicContract
    from shinka.testing.prompts import PromptBuilderContract
    from shinka.testing.reviewers import ReviewerContract
    from shinka.testing.views import edge_views, population_views, random_view, stats_of, view_of

__all__ = [
    "AdviserContract",
    "ArchiveContract",
    "BanditContract",
    "InspirationSelectorContract",
    "IslandSelectorContract",
    "LauncherContract",
    "MigrationContract",
    "OperatorContract",
    "ParentSelectorContract",
    "PeriodicContract",
    "PromptBuilderContract",
    "ReviewerContract",
    "edge_views",
    "population_views",
    "random_view",
    "stats_of",
    "view_of",
]

_HOMES = {
    "AdviserContract": "shinka.testing.advisers",
    "ArchiveContract": "shinka.testing.archives",
    "BanditContract": "shinka.testing.bandits",
    "InspirationSelectorContract": "shinka.testing.inspirations",
    "IslandSelectorContract": "shinka.testing.islands",
    "LauncherContract": "shinka.testing.launchers",
    "MigrationContract": "shinka.testing.migration",
    "OperatorContract": "shinka.testing.operators",
    "ParentSelectorContract": "shinka.testing.parents",
    "PeriodicContract": "shinka.testing.periodics",
    "PromptBuilderContract": "shinka.testing.prompts",
    "ReviewerContract": "shinka.testing.reviewers",
    "edge_views": "shinka.testing.views",
    "population_views": "shinka.testing.views",
    "random_view": "shinka.testing.views",
    "stats_of": "shinka.testing.views",
    "view_of": "shinka.testing.views",
}


if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        return getattr(import_module(_HOMES[name]), name)
